"""A person without any API: makes an envelope in the browser, two people sign it in order, anybody can check it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Server
from tests.journeys.test_signsquid import link_in
from tests.pdfs import make_pdf

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


@pytest.fixture
def pdfs(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "Lease.pdf", tmp_path / "House rules.pdf"]
    for path in paths:
        path.write_bytes(make_pdf(pages=2, text=path.stem))
    return paths


def log_in(server: Server, page: Page) -> None:
    console = server.credentials["console"]
    page.goto(console["url"])
    page.get_by_role("textbox").first.fill(console["username"])
    page.locator("input[type=password]").fill(console["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def add_person(page: Page, name: str, mail: str, proof: str = "none") -> None:
    page.get_by_label("Full name").fill(name)
    page.get_by_label("Mail address").fill(mail)
    page.get_by_label("How they prove").select_option(proof)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ol.sorted")).to_contain_text(name)


def values(page: Page) -> list[list[str]]:
    """Page, left, top, width, height of each place, as the table has them."""
    rows = page.locator("[data-rows] tr").all()[:-1]
    return [[i.input_value() for i in row.locator("input.number").all()] for row in rows]


def sign(page: Page, link: str, code: str = "") -> None:
    page.goto(link)
    page.get_by_role("button", name="Read the documents").click()
    if code:
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Continue").click()
    page.locator("#bar .primary").click()  # its word is shorter on phones
    page.get_by_role("radio", name="Type").check()
    page.get_by_role("button", name="Use this").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Sign 2 documents")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("You have signed|Everybody has signed"), timeout=30000
    )


def test_a_person_without_an_api(server: Server, chromium: Browser, pdfs: list[Path], tmp_path: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    log_in(server, page)
    page.get_by_role("link", name="New envelope").click()
    page.get_by_label("Drop files here").set_input_files(pdfs)  # sent at once
    expect(page.locator("ol.sorted > li")).to_have_count(2)
    page.get_by_role("link", name="Next: People").click()
    add_person(page, "Ann Ames", "ann@example.com")
    add_person(page, "Bo Berg", "bo@example.com", "sender")
    page.get_by_role("button", name="In order").click()
    page.get_by_role("link", name="Next: Places").click()
    dragged = drag_ann(page)
    second = page.get_by_role("link", name="House rules.pdf")
    second.click()
    expect(second).to_have_attribute("aria-current", "page")
    typed = move_bo_by_keys(page)
    assert dragged == typed == [["1", "50", "30", "30", "7.5"]]
    page.get_by_role("link", name="Next: Message").click()
    page.get_by_label("Title").fill("Tenancy agreement")
    page.get_by_label("Message").fill("Please sign until Friday.")
    page.get_by_role("button", name="Next: Check and send").click()
    page.get_by_text("Read the mail").first.click()
    expect(page.locator(".letter").first).to_contain_text("Please sign until Friday.")
    assert "/room/l/…" in page.locator(".letter").first.inner_text()
    assert not [m for m in server.mailbox.mails if "ann@example.com" in m["To"]]
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tenancy agreement")

    ann = server.mailbox.to("ann@example.com", "asks you to sign")
    assert not [m for m in server.mailbox.mails if "bo@example.com" in m["To"]]
    sign_from(chromium, ann)
    page.get_by_role("link", name="People").last.click()
    page.get_by_text("Show the code").click()
    code = page.locator(".secret").inner_text()
    sign_from(chromium, server.mailbox.to("bo@example.com", "It is your turn"), code)
    sealed = server.mailbox.to("ann@example.com", "All have signed")
    assert len([m for m in server.mailbox.mails if "ann@example.com" in m["To"]]) == 2
    assert faults == []
    context.close()
    check_sealed(
        server, {str(a.get_filename()): a.get_content() for a in sealed.iter_attachments()}, tmp_path
    )


def drag_ann(page: Page) -> list[list[str]]:
    """By mouse: her name onto the page, then the place to where it belongs."""
    paper = page.locator("[data-paper]").first
    chip = page.locator(".chip", has_text="Ann Ames")
    paper.scroll_into_view_if_needed()
    start, sheet = chip.bounding_box(), paper.bounding_box()
    assert start
    assert sheet
    page.mouse.move(start["x"] + 20, start["y"] + 15)
    page.mouse.down()
    page.mouse.move(sheet["x"] + sheet["width"] * 0.4, sheet["y"] + sheet["height"] * 0.2, steps=4)
    page.mouse.up()
    place = page.get_by_role("button", name=re.compile("Signature of Ann Ames"))
    box, (was,) = place.bounding_box(), values(page)
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(
        middle[0] + (50.1 - float(was[1])) * sheet["width"] / 100,
        middle[1] + (29.9 - float(was[2])) * sheet["height"] / 100,
        steps=4,
    )
    page.mouse.up()
    return values(page)


def move_bo_by_keys(page: Page) -> list[list[str]]:
    """By keyboard alone: from 10, 80 to 50, 30."""
    page.get_by_role("radio", name="Bo Berg").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add a place here: Bo Berg, page 1").press("Enter")
    for key in ["Shift+ArrowRight"] * 8 + ["Shift+ArrowUp"] * 10 + ["ArrowRight", "ArrowLeft"]:
        page.keyboard.press(key)
    return values(page)


def sign_from(chromium: Browser, mail: object, code: str = "") -> None:
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    sign(context.new_page(), link_in(body.get_content()), code)
    context.close()


def check_sealed(server: Server, files: dict[str, bytes], folder: Path) -> None:
    assert set(files) == {"Lease.pdf", "House rules.pdf"}
    for name, content in files.items():
        path = folder / f"sealed {name}"
        path.write_bytes(content)
        verdict = server.command("verify", str(path), "--json")
        report = json.loads(verdict.stdout)["files"][0]
        assert verdict.returncode == 0, verdict.stdout
        assert all(s["intact"] and s["changes_allowed"] for s in report["signatures"])
        assert len([s for s in report["signatures"] if s["kind"] == "signature"]) == 3
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) == 3  # one of the two has no place in each file
        assert_ink_at_the_place(path)


def assert_ink_at_the_place(path: Path) -> None:
    """All ink of the first page, but for its own text at the top, lies in the place: 50 to 80 % across, 30 to 37.5 % down."""
    with pypdfium2.PdfDocument(path) as pdf:
        pdf.init_forms()
        picture = (
            pdf[0].render(scale=1, may_draw_forms=True).to_pil().convert("L").point(lambda v: 255 * (v < 200))
        )
    width, height = picture.size
    ink = picture.crop((0, height // 5, width, height)).getbbox()
    assert ink is not None
    left, top, right, bottom = ink[0] / width, ink[1] / height + 0.2, ink[2] / width, ink[3] / height + 0.2
    assert 0.495 <= left < right <= 0.805
    assert 0.295 <= top < bottom <= 0.38


def test_the_whole_way_without_javascript(server: Server, chromium: Browser, pdfs: list[Path]) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    log_in(server, page)
    page.get_by_role("link", name="New envelope").click()
    page.get_by_label("Drop files here").set_input_files(pdfs)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Move up House rules.pdf").click()
    expect(page.locator("ol.sorted > li").first).to_contain_text("House rules.pdf")
    page.get_by_role("link", name="Next: People").click()
    add_person(page, "Ann Ames", "ann@example.com")
    add_person(page, "Bo Berg", "bo@example.com")
    page.get_by_role("button", name="Move up Bo Berg").click()
    page.get_by_role("button", name="In order").click()
    page.get_by_role("link", name="Next: Places").click()
    page.get_by_label("Person 1").select_option("Bo Berg")
    page.get_by_label("Top 1").fill("95")
    page.get_by_role("button", name="Save the places").click()
    expect(page.locator(".summary")).to_contain_text("The place must lie on the page")
    page.get_by_label("Top 1").fill("60,5")
    page.get_by_role("button", name="Save the places").click()
    expect(page.get_by_label("Top 1")).to_have_value("60.5")
    page.get_by_role("link", name="Next: Message").click()
    page.get_by_role("button", name="Next: Check and send").click()
    page.goto(server.url + "/console/envelopes?state=draft")  # left, and found again
    page.get_by_role("link", name="Lease").click()
    page.get_by_role("link", name="Go on with the draft").click()
    page.get_by_role("link", name="Check and send").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lease")
    server.mailbox.to("bo@example.com", "asks you to sign")
    page.get_by_role("link", name="Call off").click()
    page.get_by_role("button", name="Call it off").click()
    expect(page.locator("main")).to_contain_text("Nobody can sign it any more.")
    server.mailbox.to("bo@example.com", "Called off")
    assert not [m for m in server.mailbox.mails if "ann@example.com" in m["To"]]
    context.close()
