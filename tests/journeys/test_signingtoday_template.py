"""An administrator makes a template on the page, a robot uses it by the API, two people fill in, accept and sign; its server hears of all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pdfs import make_pdf

from .conftest import Server, until
from .signingtoday import Program
from .signingtoday_people import agree, device, heading, link, seen, sign_with_name
from .test_console import log_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys"), pytest.mark.usefixtures("patient")]
TITLE = "Lease of a flat"
CLAUSE = "I have read the house rules."
HEADERS = {"X-Contract-Room": ["third floor"], "Authorization": ["Token eed3fc66"]}


def add(page: Page, role: str, kind: str, row: int, words: str = "") -> None:
    """By keys alone: a place of a kind for a role, moved up from where it comes, so that none lies on another."""
    page.get_by_role("radio", name=role).check()
    page.get_by_label(kind, exact=True).check()
    page.locator("[data-add]").first.press("Enter")
    mark = page.locator(".place").last
    for _ in range(row):
        mark.press("Shift+ArrowUp")
        mark.press("Shift+ArrowUp")
    if kind == "Text field":
        page.get_by_label("What the text field is called").fill(words)
    elif kind == "Clause":
        page.get_by_label("What the clause says").fill(words)
    page.wait_for_timeout(900)  # it is saved a moment later


def make_template(server: Server, chromium: Browser, folder: Path) -> None:
    paper = folder / "Lease.pdf"
    paper.write_bytes(make_pdf(text="Lease"))
    with device(chromium, 1280, 1000) as page:
        log_in(server, page)
        page.get_by_role("link", name="Templates").first.click()
        page.get_by_role("link", name="New template").first.click()
        page.locator("input[type=file]").set_input_files(paper)
        expect(page.locator("ol.sorted > li")).to_have_count(1)
        page.get_by_role("link", name="Next: Roles").click()
        page.get_by_label("Role 1").fill("Tenant")
        page.get_by_label("Role 2").fill("Landlord")
        page.get_by_role("radio", name="One after the other").check()
        page.get_by_role("button", name="Next: Places").click()
        heading(page, "What is where?")
        add(page, "Tenant", "Text field", 3, "Place of birth")
        add(page, "Tenant", "Clause", 2, CLAUSE)
        add(page, "Tenant", "Signature", 1)
        add(page, "Landlord", "Signature", 0)
        expect(page.locator(".place")).to_have_count(4)
        seen(page, "editor", folder)
        page.get_by_role("link", name="Next: Check").click()
        page.get_by_label("Title").fill(TITLE)
        page.get_by_role("button", name="Publish").click()
        heading(page, TITLE)
        seen(page, "template", folder)


def test_from_template_to_sealed(server: Server, chromium: Browser, tmp_path: Path) -> None:
    make_template(server, chromium, tmp_path)
    program = Program(server)
    found = program.call("GET", "/DSTs?template=true&%24filter=title%3D%3DLease%20of%20a%20flat")
    [template] = found["values"]
    assert (template["status"], template["template"]) == ("published", True)
    program.call(
        "PUT",
        "/robot/configuration",
        {"requestHeaders": HEADERS, "webhooks": {"dst": f"{server.receiver.url}/dst"}},
    )
    before = len(server.receiver.posts)
    ada = {"name": "Ada", "surname": "Köhler", "email": "ada.lease@example.com"}
    ben = {"name": "Ben", "surname": "Owner", "email": "ben.lease@example.com"}
    dst = program.call(
        "POST",
        f"/robot/DST/{template['id']}/instantiate",
        {
            "templatePatches": {"title": "Lease of the third floor", "status": "published"},
            "rolesMapping": [{"roleName": "tenant", "signer": ada}, {"roleName": "Landlord", "signer": ben}],
        },
    )["id"]

    def until_state(word: str) -> Any:
        def found() -> Any:
            said = program.call("GET", f"/DST/{dst}")
            return said if said["status"] == word else None

        return until(word, found)

    until_state("toFill")
    with device(chromium, 390, 844) as page:
        page.goto(link(server, "ada.lease@example.com", "fill in"))
        page.get_by_role("button", name="Read the documents").click()
        page.get_by_label("Place of birth").fill("Turku")
        page.get_by_role("button", name="Send what I filled in").click()
        heading(page, "1 thing for you to do")
        page.get_by_role("button", name="Next: read and sign").click()
        sign_with_name(page)
        page.get_by_role("checkbox", name="I accept this clause").check()
        agree(page)
        expect(page.locator("h1:visible").first).to_have_text("You have signed")
    with device(chromium, 1280, 800) as page:
        page.goto(link(server, "ben.lease@example.com", "your turn"))
        page.get_by_role("button", name="Read the documents").click()
        sign_with_name(page)
        agree(page)
        page.wait_for_url("**/done**")
    signed = until_state("signed")
    assert [s["status"] for s in signed["signatures"]] == ["signed", "signed"]
    content = program.download(signed["documents"][0]["signedDocumentUuid"])
    path = tmp_path / "lease signed.pdf"
    path.write_bytes(content)
    verdict = server.command("verify", str(path))
    assert verdict.returncode == 0, verdict.stdout
    assert "Ada Köhler" in verdict.stdout

    told = until("the last webhook", lambda: _of(server, before, "performed", "DST_STATUS_CHANGED"))
    assert told["data"]["dst"] == dst
    posts = [(headers, json.loads(body)) for headers, body in server.receiver.posts[before:]]
    states = [m["data"]["status"] for _, m in posts if m["message"] == "DST_STATUS_CHANGED"]
    assert states == ["toFill", "toSign", "performed"]
    parts = [
        (m["data"]["action"], m["data"]["status"])
        for _, m in posts
        if m["message"] == "SIGNATURE_STATUS_CHANGED"
    ]
    assert sorted(parts) == sorted(
        [("fill", "pending"), ("fill", "performed"), *[("sign", "pending"), ("sign", "performed")] * 2]
    )
    for headers, _ in posts:
        lower = {name.lower(): value for name, value in headers.items()}
        assert lower["x-contract-room"] == "third floor"
        assert lower["authorization"] == "Token eed3fc66"
    trail = program.call("GET", f"/DST/{dst}/audit")
    assert [e["event"] for e in trail] == [
        "event_published",
        "stage_to_fill",
        "event_form_fill",
        "stage_to_sign",
        "event_signature",
        "event_signature",
        "stage_signed",
    ]
    assert all(e["value"] for e in trail)


def _of(server: Server, since: int, status: str, message: str) -> Any:
    for _, body in server.receiver.posts[since:]:
        found = json.loads(body)
        if found["message"] == message and found["data"]["status"] == status:
            return found
    return None
