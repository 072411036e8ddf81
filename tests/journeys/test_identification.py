"""A program asks two people, in order, who must prove who they are at a bank: one comes first as somebody else, one by a link in an SMS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import findings
from tests.identity.bank import ID_CLAIM, Bank, running
from tests.journeys.conftest import Server, until
from tests.journeys.signspace import Program
from tests.journeys.test_console import log_in
from tests.journeys.test_signsquid import link_in
from tests.pdfs import make_pdf

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
SECRETS = ("Salainen", "kauppa", "Matti", "Meikäläinen", "Liisa", "Virtanen", "Order", "999")


@pytest.fixture
def options() -> dict[str, str]:
    return {"UNDERSIGNED_PROVIDERS_ALLOW_PRIVATE": "true"}


@pytest.fixture
def bank(server: Server, tmp_path: Path) -> Iterator[Bank]:
    with running(f"{server.url}/identified", host="localhost") as it:
        secret = tmp_path / "secret"
        secret.write_text("another\n")
        added = server.command(
            *(
                "provider",
                "add",
                "bank",
                "--organisation",
                "demo",
                "--name",
                "Suuri Pankki",
                "--issuer",
                it.issuer,
            ),
            *(
                "--client-id",
                "post",
                "--client-secret-file",
                str(secret),
                "--claim",
                f"national_id={ID_CLAIM}",
            ),
        )
        assert added.returncode == 0, added.stderr
        assert f"{server.url}/identified" in added.stdout
        tested = server.command("provider", "test", "bank", "--organisation", "demo")
        assert "3 keys" in tested.stdout, tested.stderr
        yield it


def make(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.telling", *arguments],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(page: Page, name: str) -> None:
    """Nothing for axe to find, nothing wider than a narrow phone; a picture for who wants to look (UNDERSIGNED_TEST_PICTURES)."""
    assert findings(page) == [], name
    if folder := os.environ.get("UNDERSIGNED_TEST_PICTURES"):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    page.set_viewport_size({"width": 390, "height": 844})


def knows_nothing(page: Page) -> None:
    source = page.content()
    for word in SECRETS:
        assert word not in source, word


def identify_as(page: Page, person: str) -> None:
    page.locator("button[name=provider]").click()
    page.get_by_role("button", name=person).click()


def sign(page: Page) -> None:
    page.locator("#bar .primary").click()
    page.locator("input[name=kind][value=typed]").check()
    page.locator("form button.primary[type=submit]").first.click()
    page.get_by_role("checkbox").check()
    page.locator("#sign-form button.primary").click()
    page.wait_for_url(re.compile("/done$"), timeout=30000)


def test_wrong_person_right_person_and_one_by_sms(
    server: Server, bank: Bank, chromium: Browser, tmp_path: Path
) -> None:
    assert server.command("provider", "disable", "demo").returncode == 0
    program, pdf = Program(server), tmp_path / "kauppa.pdf"
    pdf.write_bytes(make_pdf(pages=2, text="Kauppakirja"))
    asked = program.call("tasks.signingRequest.create", **request_of(program.file(pdf)))
    assert program.read("tasks.list", status="open")[0]["_id"] == asked["_id"]

    faults: list[str] = []
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="fi")
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(link_in(matti_is_asked(server)))
    assert page.evaluate("document.documentElement.lang") == "fi"
    knows_nothing(page)
    page.locator("form.sheet button.primary").click()
    expect(page.locator("button[name=provider]")).to_have_text("Suuri Pankki")
    knows_nothing(page)
    check(page, "identify")

    identify_as(page, "Liisa Virtanen")
    page.wait_for_url(re.compile("/identify/somebody-else$"))
    knows_nothing(page)
    check(page, "wrong-person")
    assert "wrong_person Somebody else than Matti Meikäläinen was identified by Suuri Pankki" in make(
        server, "audit"
    )
    page.goto(page.url.replace("identify/somebody-else", "read"))
    page.wait_for_url(re.compile("/identify$"))

    identify_as(page, "Cancel")
    page.wait_for_url(re.compile("/identify/cancelled$"))
    identify_as(page, "Matti Juhani Meikäläinen")
    page.wait_for_url(re.compile("/read$"))
    assert "Salainen yrityskauppa" in page.content()
    assert "999" not in page.content()
    sign(page)
    context.close()
    [task] = program.read("tasks.list", status="in_progress")
    assert [p["status"] for p in task["participants"]] == ["signed", "pending"]
    assert "010170" not in json.dumps(task)

    liisa(server, chromium)
    kinds = [line.partition(" ")[0] for line in make(server, "audit").splitlines()]
    proofs = ["wrong_person", "identification_failed", "identified", "identified"]
    assert [k for k in kinds if k in proofs] == proofs
    assert faults == []
    check_sealed(server, program, asked["_id"], tmp_path)


def request_of(file: str) -> dict[str, object]:
    matti = {"handle": "matti@example.com", "role": "signer", "nin": "010170-999r"}
    liisa = {"handle": "liisa@example.com", "role": "signer", "display_name": "Liisa Virtanen"}
    return {
        "title": "Salainen yrityskauppa",
        "files": [file],
        "participants": [
            matti | {"display_name": "Matti Meikäläinen"},
            liisa | {"phone_number": "+358401234567", "invitation_methods": ["sms"]},
        ],
        "is_protected": True,
        "participants_list_order_respected": True,
        "create_conversation": True,
        "recipient_language": "fi",
        "version": "v2",
    }


def matti_is_asked(server: Server) -> str:
    """The text of his mail: it names the bank, and nothing of the request."""
    mail = server.mailbox.to("matti@example.com", "sinulle on asiakirja")
    body = mail.get_body(("plain",))
    assert body is not None
    text = str(body.get_content())
    assert "Suuri Pankki" in text
    assert "Sinua pyydetään" in text or "tunnist" in text
    for word in SECRETS:
        assert word not in text + str(mail["Subject"]) + str(mail["From"]) + str(mail["Reply-To"]), word
    return text


def liisa(server: Server, chromium: Browser) -> None:
    """The second in order, whose link comes by SMS and by nothing else."""
    text = until("the SMS", lambda: make(server, "sms"))
    assert not [m for m in server.mailbox.mails if "liisa@" in str(m["To"])]
    link = re.search(r"https?://\S+", text)
    assert link, text
    for word in SECRETS:
        assert word not in text, word
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="fi")
    page = context.new_page()
    page.goto(link[0])
    knows_nothing(page)
    page.locator("form.sheet button.primary").click()
    identify_as(page, "Liisa Virtanen")
    page.wait_for_url(re.compile("/read$"))
    sign(page)
    context.close()


def check_sealed(server: Server, program: Program, task: str, folder: Path) -> None:
    """What the program downloads: valid, and it says how each was identified, without a national id anywhere."""

    def complete() -> Any:
        [found] = program.read("tasks.get", id=task)
        return found if found["status"] == "complete" else None

    [signed] = until("the sealed file", complete)["signed_files"]
    path = folder / "sealed.pdf"
    path.write_bytes(program.download(id=signed))
    verdict = server.command("verify", str(path), "--json")
    assert verdict.returncode == 0, verdict.stdout
    report = json.loads(verdict.stdout)["files"][0]
    assert all(s["intact"] and s["changes_allowed"] for s in report["signatures"])
    said = [s["identified_by"] for s in report["signatures"] if s.get("identified_by")]
    assert said.count("eid") == 2, report
    with pikepdf.open(path) as opened:
        assert len(opened.pages) >= 2
    for secret in (b"999R", b"998S"):
        assert secret not in path.read_bytes()
    copies = until("the copy to Matti", lambda: [m for m in server.mailbox.mails if "matti@" in m["To"]][1:])
    assert not list(copies[0].iter_attachments())
    assert "Salainen" not in str(copies[0])


def test_the_console_describes_a_provider_and_tries_it(server: Server, bank: Bank, chromium: Browser) -> None:
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    log_in(server, page)
    page.goto(f"{server.url}/console/sign-in")
    expect(page.locator("tbody tr")).to_have_count(2)  # the bank and the demo's own
    check(page, "console-providers")
    page.get_by_role("link", name="New provider").click()
    check(page, "console-new-provider")
    page.get_by_label("Name on the button").fill("Other Bank")
    page.get_by_label("Key").fill("bank")
    page.get_by_label("Issuer").fill("ftp://bank.example")
    page.get_by_role("button", name="Add the provider").click()
    expect(page.locator(".field .error")).to_have_count(3)
    check(page, "console-provider-faults")
    page.goto(f"{server.url}/console/sign-in")
    page.get_by_role("link", name="Suuri Pankki").click()
    page.get_by_role("button", name="Test sign-in").click()
    page.get_by_role("button", name="Matti Juhani").click()
    expect(page.locator(".banner.ok")).to_contain_text("The sign-in worked.")
    expect(page.locator("tr", has_text="national_id")).to_contain_text("yes")
    for word in ("Meikäläinen", "999R"):
        assert word not in page.content()
    check(page, "console-provider")
    page.get_by_role("button", name="Disable").click()
    expect(page.locator(".banner.ok")).to_contain_text("disabled")
    page.goto(f"{server.url}/console/sign-in")
    page.get_by_role("link", name="Demo eID").click()
    page.get_by_role("button", name="Test sign-in").click()
    expect(page.locator(".banner.bad")).to_contain_text("anybody can be anybody here")
    check(page, "demo-provider")
    page.get_by_label("Given name").fill("Erkki")
    page.get_by_label("Family name").fill("Esimerkki")
    page.get_by_role("button", name="Be this person").click()
    expect(page.locator("tr", has_text="family_name")).to_contain_text("yes")
    expect(page.locator("tr", has_text="national_id")).to_contain_text("no")
