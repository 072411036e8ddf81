"""In Chromium: each thing dealt with by itself, by keyboard, without JavaScript, on small screens, and out to the sender's own pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import findings
from undersigned.room.gateway import Outcome, Reason, Room, Signing, State
from undersigned.room.looks import Look
from undersigned.room.tray import TaskState
from undersigned.room.wallet import Wallet

from .browsing import COVERED, IN_VIEW, SIZES, enter, h1
from .fake_gateway import KEYS, NOW, ROOM_ID, FakeGateway, Place, tray, tray_tasks
from .test_tray import filling

pytestmark = pytest.mark.browser
PATIENCE = 30_000
"""Milliseconds to wait for what a loaded machine takes longer over; never for something that may be missing."""


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


def at(page: Page, core: FakeGateway, server: str, path: str, made: Room) -> None:
    enter(page, core, server)
    core.room = made
    page.goto(f"/room/{ROOM_ID}/{path}")


def test_one_after_the_other_by_keyboard(core: FakeGateway, page: Page, server: str) -> None:
    def tab_to(name: str, element: str = "") -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            page.wait_for_function(f"() => !({COVERED})()")
            focused = page.evaluate(
                "() => [document.activeElement.id, (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()]"
            )
            if focused[1].startswith(name) and element in ("", focused[0]):
                return
        raise AssertionError(f"{name} was not reached")

    page.set_viewport_size({"width": 1280, "height": 800})
    at(page, core, server, "", tray())
    tab_to("Next: read and sign")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task/1")
    expect(page.locator("#thumbs a").first).to_be_visible()  # the scripts have come
    tab_to("Clause 1")
    page.keyboard.press("Enter")
    expect(page.locator("#clause-1")).to_be_in_viewport()
    tab_to("Go on to sign")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signature")
    tab_to("Use this")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign")
    tab_to("I have read the document")
    page.keyboard.press("Space")
    tab_to("Sign 1 document")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    expect(page).to_have_title("Error: Sign 1 document - Lease, Main Street 1 - Anna Virtanen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab") if page.evaluate("document.activeElement.id") != "id_clause_1" else None
    assert page.evaluate("document.activeElement.id") == "id_clause_1", "the summary leads to the clause"
    page.keyboard.press("Space")
    tab_to("I accept this clause", "id_clause_2")
    page.keyboard.press("Space")
    tab_to("Sign 1 document")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task/2?after=1")
    expect(page.locator("[role=status].banner")).to_have_text("Signed. Next: Annex.pdf")
    assert len(core.signed) == 1
    tab_to("Go on to sign")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign")
    tab_to("I have read the document")
    page.keyboard.press("Space")
    tab_to("Sign 1 document")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tray?after=2")
    assert h1(page) == "Nothing waits for you now"
    core.room = replace(core.room, state=State.SIGNED, signed_at=NOW)
    page.wait_for_url("**/done", timeout=PATIENCE)


def test_everything_without_javascript(core: FakeGateway, browser: Browser, server: str) -> None:
    context = browser.new_context(
        base_url=server, java_script_enabled=False, viewport={"width": 320, "height": 568}
    )
    page = context.new_page()
    at(page, core, server, "", filling())
    page.click("text=Next: fill in")
    page.fill("#id_f1", "Turku")
    page.click("button[name=save]")
    assert core.room.documents[0].form[0].value == "Turku"
    page.click("text=Send what I filled in")
    assert h1(page) == "You have filled in your part"
    core.room = tray(wallet=Wallet())
    page.goto(f"/room/{ROOM_ID}/tray")
    page.click("text=Next: read and sign")
    page.click("#mark-1")
    assert page.url.endswith("#clause-1")
    page.click(".bar .primary")
    page.click("text=Use this")
    page.click("text=Use a certificate of your own")
    page.fill("#id_password", "correct horse")
    page.click("text=Continue")
    page.check("[name=key][value=k-1]")
    page.click("text=Choose")
    assert "My certificate" in page.inner_text("main")
    page.check("#id_agree")
    page.check("#id_clause_1")
    page.click(".bar .primary")
    assert "Accept the clause on page 2, or refuse." in page.inner_text(".summary")
    assert page.is_checked("#id_clause_1")
    page.check("#id_clause_2")
    page.click(".bar .primary")
    assert "Signed. Next: Annex.pdf" in page.inner_text("main")
    page.click("summary:has-text('More')")
    page.click(".menu-items >> text=Leave out this signature")
    page.click("text=Leave it out")
    assert h1(page) == "Nothing waits for you now"
    assert core.left_out == [(2, "")]
    context.close()


def test_a_page_that_waits_goes_on_by_itself(core: FakeGateway, page: Page, server: str) -> None:
    preparing = tuple(replace(t, state=TaskState.PREPARING) for t in tray_tasks()[:1])
    at(page, core, server, "", tray(State.PREPARING, tasks=preparing))
    expect(page.locator("h1")).to_have_text("The documents are being prepared")
    core.room = tray(tasks=tray_tasks()[:1])
    expect(page.locator("h1")).to_have_text("1 thing for you to do")


def left_out() -> Room:
    tasks = (
        replace(tray_tasks()[0], state=TaskState.DONE, settled_at=NOW),
        replace(tray_tasks()[1], state=TaskState.LEFT_OUT, settled_at=NOW),
    )
    return tray(State.SIGNED, tasks=tasks, signed_at=NOW)


def on(task: int, **changes: object) -> Room:
    place = Place(task, 1, 12, 80, 38, 9.5)
    return tray(on_table=task, look=Look.NAME, **({"places": (place,), "skippable": task == 2} | changes))


SCREENS = {
    "tray": ("tray", tray),
    "tray waits": ("tray", lambda: tray(State.NOT_YOUR_TURN, tasks=(replace(tray_tasks()[2], number=1),))),
    "task": ("task/1", lambda: on(1)),
    "task after": (
        "task/2?after=1",
        lambda: on(2, tasks=(replace(tray_tasks()[0], state=TaskState.DONE), *tray_tasks()[1:])),
    ),
    "fill": ("document/1", filling),
    "fill wrong": ("document/1", filling),
    "sign": ("sign", lambda: on(1, wallet=Wallet(open=True, keys=KEYS, chosen="k-1"))),
    "sign wrong": ("sign", lambda: on(1, wallet=Wallet())),
    "leave out": ("refuse", lambda: on(2)),
    "refuse": ("refuse", lambda: on(1)),
    "password": ("wallet", lambda: on(1, wallet=Wallet())),
    "password wrong": ("wallet", lambda: on(1, wallet=Wallet())),
    "keys": ("wallet", lambda: on(1, wallet=Wallet(open=True, keys=KEYS))),
    "done": ("done", left_out),
}


def visit(name: str, page: Page, core: FakeGateway, server: str) -> None:
    path, made = SCREENS[name]
    at(page, core, server, path, made())
    if name.endswith(" wrong"):
        page.click(".bar [type=submit]")
        page.wait_for_selector(".summary:focus")


@pytest.mark.parametrize("name", list(SCREENS))
def test_every_page_fits_small_screens_and_passes_axe(
    core: FakeGateway, page: Page, server: str, name: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    visit(name, page, core, server)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for small in page.eval_on_selector_all(
        "a:not(p a):not(.skip), button, input:not([type=hidden]), summary, select",
        "all => all.filter(e => e.checkVisibility() && !e.closest('label')).map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])",
    ):
        assert small[1] >= 24, small
    for look in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        page.emulate_media(**look, reduced_motion="reduce")  # type: ignore[arg-type]
        assert findings(page, colours="forced_colors" not in look) == [], look


@pytest.mark.parametrize("name", ["tray", "task", "fill", "sign", "leave out"])
def test_the_next_step_is_always_in_sight(core: FakeGateway, page: Page, server: str, name: str) -> None:
    visit(name, page, core, server)
    primary = page.locator(".bar .primary:visible, .bar .danger:visible").last
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        if name != "leave out":
            assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the top"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the end"
        box = primary.bounding_box()
        assert box
        assert box["height"] >= 44


def test_a_refused_key_leads_to_the_wallet(core: FakeGateway, page: Page, server: str) -> None:
    at(page, core, server, "sign", on(2, wallet=Wallet(open=True, keys=KEYS, chosen="k-1")))
    core.next_signing = Signing(Outcome.NOT_SIGNED, Reason.OWN_KEY)
    page.check("#id_agree")
    page.click(".bar .primary")
    expect(page.locator("h1:visible")).to_have_text("Not signed")
    page.click("text=Choose another certificate")
    assert h1(page) == "Sign with"


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1024, 1280, 1600])
def test_pages_have_the_middle_on_a_desk(
    core: FakeGateway, browser: Browser, server: str, width: int, scripts: bool
) -> None:
    """Also before the script has come, which adds thumbnails at their side."""
    context = browser.new_context(
        base_url=server, java_script_enabled=scripts, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    at(page, core, server, "task/1", on(1))
    paper, panel = page.locator("#p-1-1").bounding_box(), page.locator("#about").bounding_box()
    assert paper
    assert panel
    assert paper["width"] > 500
    assert paper["x"] + paper["width"] <= panel["x"]
    assert panel["x"] + panel["width"] == pytest.approx(width, abs=16)
    context.close()
