"""An insurance order, from the first document to the day on which nothing of it is left but what is in the archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.forms import make_form
from tests.pdfs import make_pdf

from .conftest import Server, until
from .signicat import Program, act

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
APPLICATION = {"person.name": "Ola Nordmann", "cover": "large"}


def invitation(name: str) -> dict[str, Any]:
    return {
        "id": f"invite-{name}",
        "type": "EMAIL",
        "recipient": f"{name}@example.com",
        "sender": "Nordic Insurance",
        "header": f"Your insurance, {name}",
        "message": "Please sign: ${taskUrl}",
        "schedule": [{"triggerStatus": "CREATED"}],
    }


def task(name: str, *documents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "language": "en",
        "daysToLive": 14,
        "documents": list(documents),
        "signatureMethods": [{"handwritten": True}],
        "notifications": [invitation(name)],
    } | more


def sheet(name: str, ref: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "action": "SIGN", "source": "SESSION", "documentRef": ref, "description": name} | more


def test_insurance(server: Server, tmp_path: Path) -> None:
    """The applicant fills in and signs; then the insured and the broker, in any order; a package joins what the three have signed."""
    program = Program(server)
    form, policy = program.document(make_form()), program.document(make_pdf(text="Insurance policy"))
    fill = {"interactive": True, "inputParams": [{"name": "person.name", "value": "O. Nordmann"}]}
    reminder = invitation("applicant") | {
        "id": "remind",
        "header": "Still waiting",
        "schedule": [{"triggerStatus": "CREATED", "delay": {"days": 2, "hours": 24}}],
    }
    order = program.order(
        clientReference="P-1",
        tasks=[
            task(
                "applicant",
                sheet("Application", form, form=fill, sendResultToArchive=True),
                sheet("Policy", policy),
                notifications=[invitation("applicant"), reminder],
            ),
            task("insured", sheet("Policy", policy), dependsOnTasks=["applicant"]),
            task("broker", sheet("Policy", policy), dependsOnTasks=["applicant"]),
        ],
        daysUntilDeletion=7,
        packagingTasks=[
            {
                "id": "package",
                "method": "pades",
                "sendToArchive": True,
                "documents": [
                    {"taskId": "applicant", "documentIds": ["Application", "Policy"]},
                    {"taskId": "insured", "documentIds": ["Policy"]},
                    {"taskId": "broker", "documentIds": ["Policy"]},
                ],
                "notifications": [invitation("office") | {"header": "Packaged", "schedule": None}],
            }
        ],
        notifications=[invitation("office") | {"header": "All have signed", "message": "${clientReference}"}],
    )
    at = f"/orders/{order['id']}"

    def word(name: str) -> str:
        return str(program.read(f"{at}/tasks/{name}/status")["taskStatus"])

    def events(name: str) -> list[str]:
        return [e["eventType"] for e in program.read(f"{at}/tasks/{name}/events")]

    # The invitation has gone before the program asks; the others wait for their turn.
    assert events("applicant") == ["task-created", "notification-sent"]
    assert events("insured") == events("broker") == ["task-created"]
    mail = server.mailbox.to("applicant@example.com", "Your insurance")
    assert order["tasks"][0]["signingUrl"] in str(mail.get_body(("plain",)).get_content()).replace("\n", "")  # type: ignore[union-attr]

    act(server, "pass", "2.9")
    assert not any("Still waiting" in m["Subject"] for m in server.mailbox.mails)
    act(server, "pass", "0.2")
    server.mailbox.to("applicant@example.com", "Still waiting")

    # The form and the policy, in one sitting.
    act(server, "sign", order["id"], "applicant", json.dumps(APPLICATION))
    assert word("applicant") == "COMPLETED"
    server.mailbox.to("insured@example.com", "Your insurance")
    server.mailbox.to("broker@example.com", "Your insurance")
    documents = program.read(f"{at}/tasks/applicant/status")["documents"]
    said = {p["name"]: p["value"] for p in documents[0]["formOutputParam"]}
    assert said | APPLICATION == said
    kinds = [program.ask("GET", documents[0][f"{kind}Uri"])[1][:5] for kind in ("original", "generated")]
    assert kinds == [b"%PDF-"] * 2
    assert program.read(f"{at}/packaging-tasks/package/status")["packagingTaskStatus"] == "CREATED"

    act(server, "sign", order["id"], "broker", "{}")
    act(server, "sign", order["id"], "insured", "{}")
    assert [word(n) for n in ("applicant", "insured", "broker")] == ["COMPLETED"] * 3
    server.mailbox.to("office@example.com", "All have signed")

    # The package, soon after the last signature, and what the archive keeps.
    status = until(
        "the package",
        lambda: (
            (s := program.read(f"{at}/packaging-tasks/package/status"))["packagingTaskStatus"] != "CREATED"
            and s
        ),
    )
    assert status["packagingTaskStatus"] == "COMPLETED"
    server.mailbox.to("office@example.com", "Packaged")
    code, packaged, headers = program.ask("GET", status["packagingTaskResultUri"])
    assert (code, packaged[:5]) == (200, b"%PDF-")
    archived = headers["Location"]
    assert "/archive-documents/" in archived
    (tmp_path / "package.pdf").write_bytes(packaged)
    verified = server.command("verify", str(tmp_path / "package.pdf"))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    result = until(
        "the applicant's result in the archive",
        lambda: (
            (u := program.read(f"{at}/tasks/applicant/status")["documents"][0]["resultUri"])
            and "/archive-documents/" in u
            and u
        ),
    )
    assert events("applicant")[-2:] == ["task-completed", "packaging-task-completed"]

    # Fourteen days for the tasks, seven more, then it is gone; the archive is not.
    act(server, "pass", "17")
    assert program.read(at) is not None
    act(server, "pass", "1.5")
    assert program.read(at) is None
    assert program.read(f"{at}/tasks/applicant/events") is None
    assert word("insured") == "DELETED"
    assert [program.ask("GET", url)[1][:5] for url in (archived, result)] == [b"%PDF-"] * 2
    act(server, "pass", "31")
    assert program.read(f"{at}/tasks/insured/status") is None
    assert program.ask("GET", f"/documents/{form}")[0] == 404
    assert program.ask("DELETE", archived)[0] == 204
    assert program.ask("GET", archived)[0] == 404
