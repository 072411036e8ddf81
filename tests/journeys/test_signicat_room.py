"""Orders in people's hands: on a phone they read, fill in, sign, hand on and refuse; the program that ordered it sees what came of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.forms import make_form
from tests.pdfs import make_pdf

from .conftest import PAGE_PATIENCE, Server, until
from .signicat import Program

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys"), pytest.mark.usefixtures("patient")]


@contextmanager
def phone(chromium: Browser) -> Iterator[Page]:
    """A page of somebody else's phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.set_default_timeout(PAGE_PATIENCE)
    yield context.new_page()
    context.close()


def order(program: Program, receiver: str, task: str, *documents: dict[str, Any], **more: Any) -> Any:
    """An order of one task, whose person is sent to the receiver when all is said and done."""
    back = {
        name: f"{receiver}/{name}?order=${{orderId}}&task=${{taskId}}"
        for name in ("onTaskComplete", "onTaskReject", "onTaskPostpone")
    }
    of = {
        "id": task,
        "language": "en",
        "documents": list(documents),
        "signatureMethods": [{"handwritten": True}],
        "dialog": {"title": "Before you begin", "message": "Have your glasses ready."},
    }
    return program.order(tasks=[of | back | more])


def document(name: str, ref: str, action: str = "SIGN", **more: Any) -> dict[str, Any]:
    return {"id": name, "action": action, "source": "SESSION", "documentRef": ref, "description": name} | more


def enter(page: Page, url: str) -> None:
    """Open the address, and read what the sender says first."""
    page.goto(url)
    page.get_by_role("button", name="Read the documents").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you begin")
    expect(page.get_by_text("Have your glasses ready.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()


def more(page: Page, name: str) -> None:
    """Choose `name` from what else can be done."""
    page.locator("#bar summary").click()
    page.locator("#bar").get_by_role("link", name=name).click()


def sign(page: Page, count: str) -> None:
    """Draw a signature, agree, sign."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Your signature")
    pad = page.locator("#pad-canvas")
    expect(pad).to_be_visible()  # the script has come
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 30 + 20 * step, box["y"] + 60 + (30 if step % 2 else -30))
    page.mouse.up()
    page.get_by_role("button", name="Use this").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=f"Sign {count}").click()


def landed(page: Page, receiver: str, path: str) -> None:
    """The browser is where the sender wanted it, with the ids in the address."""
    page.wait_for_url(f"{receiver}/{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Back at the shop")


def valid(program: Program, uri: str, folder: Path) -> None:
    """What the person signed comes sealed, soon after, and poppler calls both signatures valid."""
    _, content, _ = until("the result", lambda: (a := program.ask("GET", uri))[0] == 200 and a)
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not installed")
    path = folder / "result.pdf"
    path.write_bytes(content)
    output = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    assert re.findall(r"Signature Validation: (.*)", output)[:2] == ["Signature is Valid."] * 2, output


def test_three_documents_in_one_sitting(server: Server, chromium: Browser, tmp_path: Path) -> None:
    program, receiver = Program(server), server.receiver.url
    terms, form, contract = (
        program.document(content)
        for content in (make_pdf(text="Terms"), make_form(), make_pdf(text="Contract"))
    )
    made = order(
        program,
        receiver,
        "the signer",
        document("Terms", terms, "VIEW"),
        document("Application", form, form={"interactive": True}),
        document("Contract", contract),
    )
    with phone(chromium) as page:
        enter(page, made["tasks"][0]["signingUrl"])
        expect(page.get_by_role("heading", level=1)).to_have_text("3 documents for you")
        page.get_by_role("link", name="Next: read").click()
        page.get_by_role("button", name="I have read it").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Fill in your part")
        finish = page.get_by_role("button", name="That is all")
        finish.click()
        expect(page.get_by_text("Enter Your name.").first).to_be_visible()
        page.get_by_label("Your name").fill("Ola Nordmann")
        page.get_by_label("smoker").check()
        page.get_by_role("radio", name="large").check()
        finish.click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Read this document")
        page.locator("#bar .primary").click()
        sign(page, "2 documents")
        landed(page, receiver, f"onTaskComplete?order={made['id']}&task=the%20signer")

    at = f"/orders/{made['id']}/tasks/the%20signer"

    status = program.read(f"{at}/status")
    assert status["taskStatus"] == "COMPLETED"
    assert "resultUri" not in status["documents"][0]
    said = {p["name"]: p["value"] for p in status["documents"][1]["formOutputParam"]}
    assert (said["person.name"], said["smoker"], said["cover"]) == ("Ola Nordmann", "Yes", "large")
    for one in status["documents"][1:]:
        valid(program, one["resultUri"], tmp_path)
    events = [e["eventType"] for e in program.read(f"{at}/events")]
    assert events == [
        "task-created",
        "task-started",
        "document-viewed",
        *["document-signed"] * 2,
        "task-completed",
    ]


def test_handed_on_and_refused(server: Server, chromium: Browser, tmp_path: Path) -> None:
    """The first hands it on to somebody who signs; another one, of an order of their own, refuses."""
    program, receiver = Program(server), server.receiver.url
    contract = program.document(make_pdf(text="Contract"))
    handed = order(program, receiver, "busy", document("Contract", contract))
    refused = order(program, receiver, "careful", document("Contract", contract))

    with phone(chromium) as page:
        enter(page, refused["tasks"][0]["signingUrl"])
        more(page, "Refuse to sign")
        page.get_by_role("textbox").fill("Not at this price.")
        page.get_by_role("button", name="Refuse to sign").click()
        landed(page, receiver, f"onTaskReject?order={refused['id']}&task=careful")
    status = program.read(f"/orders/{refused['id']}/tasks/careful/status")
    assert (status["taskStatus"], status["rejectReason"]) == ("REJECTED", "Not at this price.")

    with phone(chromium) as page:
        enter(page, handed["tasks"][0]["signingUrl"])
        more(page, "Hand on to somebody else")
        page.get_by_role("radio", name="Somebody else, not I").check()
        page.get_by_label("Name").fill("Kari Nordmann")
        page.get_by_label("Mail address").fill("kari@example.com")
        page.get_by_role("button", name="Hand on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Kari Nordmann"))

    at = f"/orders/{handed['id']}/tasks"
    [forward] = program.read(f"{at}/busy/forwards")
    assert forward["originalTaskId"] == "busy"
    assert (forward["recipientName"], forward["recipientEmail"]) == ("Kari Nordmann", "kari@example.com")
    assert [e["eventType"] for e in program.read(f"{at}/busy/events")][-1] == "task-rejected"

    body = server.mailbox.to("kari@example.com", "").get_body(("plain",))
    assert body is not None
    [link] = re.findall(r"http://\S+", body.get_content())[:1]
    with phone(chromium) as page:
        enter(page, link)
        page.locator("#bar .primary").click()
        sign(page, "1 document")
        page.wait_for_url(f"{receiver}/onTaskComplete?*")
        assert f"task={forward['taskId']}" in page.url

    theirs = f"{at}/{forward['taskId']}"
    status = program.read(f"{theirs}/status")
    assert status["taskStatus"] == "COMPLETED"
    valid(program, status["documents"][0]["resultUri"], tmp_path)
    assert [e["eventType"] for e in program.read(f"{theirs}/events")][-2:] == [
        "document-signed",
        "task-completed",
    ]
