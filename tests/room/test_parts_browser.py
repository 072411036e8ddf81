"""In Chromium: several documents in one sitting, the form beside the pages, adding a file, and out to the sender's own pages."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from undersigned.room.gateway import State
from undersigned.room.parts import ReturnUrls

from .browsing import COVERED, enter, h1
from .fake_gateway import ROOM_ID, FakeGateway, three
from .test_parts import ready

pytestmark = pytest.mark.browser
PATIENCE = 30_000
"""Milliseconds to wait for what a loaded machine takes longer over; never for something that may be missing."""


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def shop() -> Iterator[ReturnUrls]:
    """The sender's own site, at another origin, which sends the browser on to a third one."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/on"):
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/thanks")  # type: ignore[attr-defined]
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = b"<!doctype html><title>Shop</title><h1>Back at the shop</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        base = f"http://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield ReturnUrls(f"{base}/on?o=4711", f"{base}/no", f"{base}/later")
        listening.shutdown()


def at(page: Page, path: str) -> None:
    page.goto(f"/room/{ROOM_ID}/{path}")


def test_three_documents_by_keyboard_and_out(
    core: FakeGateway, page: Page, server: str, shop: ReturnUrls
) -> None:
    def tab_to(name: str, element: str = "") -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            page.wait_for_function(f"() => !({COVERED})()")  # the focus is not under the action bar
            focused = page.evaluate(
                "() => [document.activeElement.id, (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()]"
            )
            if focused[1].startswith(name) and element in ("", focused[0]):
                return
        raise AssertionError(f"{name} was not reached")

    def press(name: str, then: str) -> None:
        tab_to(name)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{then}")

    page.set_viewport_size({"width": 1280, "height": 800})
    enter(
        page, core, server, State.READ, documents=three(), return_urls=shop, dialog_title="Before you begin"
    )
    at(page, "")
    press("Continue", "/documents")
    press("Next: read", "/document/1")
    press("I have read it", "/document/2")

    expect(page.locator("#next-field")).to_be_visible()  # the scripts have come
    tab_to("Address", "at-1-1")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "id_f1", "what lies on the page leads to its control"
    page.keyboard.type("Main Street 1")
    page.keyboard.press("Tab")
    expect(page.locator("#at-1-1 .box-value")).to_have_text("Main Street 1")
    expect(page.locator("#status")).to_have_text("Saved. 1 required field left")
    tab_to("Next field")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "f4"
    page.keyboard.press("Space")
    expect(page.locator("#left")).to_have_text("Nothing required is left.")
    expect(page.locator("#at-4-1 .box-value")).to_have_text("✓")
    page.locator("#at-5-1").click()
    assert page.evaluate("document.activeElement.id") == "id_f5"
    assert [f.value for f in core.room.documents[1].form][:4] == ["Main Street 1", "", "", "m"]
    press("That is all", "/document/3")
    expect(page.locator("#p-3-1 img")).to_be_visible()
    press("Go on to sign", "/signature")
    press("Use this", "/sign")
    tab_to("I have read the documents")
    page.keyboard.press("Space")
    tab_to("Sign 2 documents")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"http://localhost:\d+/thanks"))
    assert h1(page) == "Back at the shop"
    assert len(core.signed) == 1


def test_who_refuses_leaves_or_only_reads_is_sent_out(
    core: FakeGateway, page: Page, server: str, shop: ReturnUrls
) -> None:
    enter(page, core, server, State.READ, documents=three(), return_urls=shop)
    at(page, "refuse")
    page.fill("#id_reason", "Too dear")
    page.click(".bar [type=submit]")
    page.wait_for_url(shop.declined)
    enter(page, core, server, State.READ, documents=three(), return_urls=shop)
    at(page, "later")
    page.click(".bar [type=submit]")
    page.wait_for_url(shop.later)
    enter(page, core, server, State.READ, documents=three()[:1], return_urls=shop)
    at(page, "document/1")
    page.click("text=I have read it")
    page.wait_for_url("**/thanks")
    assert core.declined == ["Too dear"]


def test_without_javascript_the_policy_lets_the_redirect_through(
    core: FakeGateway, browser: Browser, server: str, shop: ReturnUrls
) -> None:
    context = browser.new_context(
        base_url=server, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    direct = ReturnUrls(shop.later, shop.declined, shop.later)
    enter(page, core, server, State.READ, documents=three(), return_urls=direct)
    at(page, "documents")
    page.click("text=Next: read")
    page.click("text=I have read it")
    page.fill("#id_f1", "Main Street 1")
    page.click("button[name=save]")
    assert core.room.documents[1].form[0].value == "Main Street 1"
    page.click("text=That is all")
    assert "Choose Rent is paid." in page.inner_text(".summary")
    page.check("[name=f4][value=q]")
    page.click("text=That is all")
    assert h1(page) == "Read this document"
    page.click("text=Go on to sign")
    page.click(".bar .primary")
    page.check("#id_agree")
    page.click(".bar .primary")
    assert page.url == direct.done
    for path, there in (("refuse", direct.declined), ("later", direct.later)):
        ready(core, return_urls=direct)
        at(page, path)
        page.click(".bar [type=submit]")
        assert page.url == there
    context.close()


def test_a_file_is_dropped_or_chosen_and_its_faults_are_said(
    core: FakeGateway, page: Page, server: str, tmp_path: Path
) -> None:
    enter(page, core, server, State.READ, documents=three(form=False))
    at(page, "document/2/file")
    (tmp_path / "no.pdf").write_bytes(b"PK")
    (tmp_path / "yes.pdf").write_bytes(b"%PDF-1.7")
    page.set_input_files("#id_file", tmp_path / "no.pdf")
    page.click(".bar [type=submit]")
    expect(page.locator(".summary")).to_contain_text("This is not a PDF.")
    expect(page.locator(".summary")).to_be_focused()
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.items.add(new File(["%PDF-1.7 dropped"], "dropped.pdf", { type: "application/pdf" }));
      document.getElementById("drop").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    }""")
    page.click(".bar [type=submit]")
    page.wait_for_url("**/document/2")
    assert core.brought == [("dropped.pdf", 16, False)]
    expect(page.locator(".document-head h2")).to_have_text("dropped.pdf")


def test_handing_on(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, State.READ, documents=three(), may_forward=True)
    at(page, "documents")
    page.click("text=Hand on to somebody else")
    page.check("[name=who][value=other]")
    page.fill("#id_name", "Sofia Korhonen")
    page.fill("#id_email", "sofia@board.example")
    page.click(".bar [type=submit]")
    expect(page.locator("h1")).to_have_text("Handed on to Sofia Korhonen")
