"""The room in Chromium: by keyboard, without JavaScript, on small screens, with ink, with a broken connection."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from undersigned.room.forms import path_box
from undersigned.room.gateway import AppearanceKind, Code, Kept, State

from .fake_gateway import A4, CODE, NOW, ROOM_ID, SECRET, TOKEN, Appearance, FakeGateway, room

pytestmark = pytest.mark.browser
CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)
IN_VIEW = """e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.left >= 0 && b.right <= innerWidth + 1
  && b.bottom <= innerHeight + 1 && e.contains(document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)) }"""
COVERED = """() => { const e = document.activeElement, bar = document.querySelector('.bar');
  if (!e || e === document.body || !bar || bar.contains(e) || e.closest('.thumbs, .skip')) return false;
  const a = e.getBoundingClientRect(), b = bar.getBoundingClientRect(); return a.top >= b.top && a.top < b.bottom && a.left < b.right }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, server: str) -> Iterator[BrowserContext]:
    made = browser.new_context(
        base_url=server, viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay free of errors: scripts and the content security policy included."""
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on(
        "console",
        lambda m: (
            wrong.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None
        ),
    )
    yield made
    assert wrong == []


def enter(page: Page, core: FakeGateway, server: str, state: State = State.READ, **changes: object) -> None:
    """Put the browser into the room, as if it had come by the link."""
    core.room = room(state, **changes)
    page.context.add_cookies([{"name": "room", "value": SECRET, "url": f"{server}/room/{ROOM_ID}"}])


def h1(page: Page) -> str:
    return page.locator("h1:visible").first.inner_text()


def test_the_whole_path_by_keyboard(core: FakeGateway, page: Page) -> None:
    def tab_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            assert not page.evaluate(COVERED), "the focus is under the action bar"
            focused = page.evaluate(
                "() => (document.activeElement.labels?.[0] ?? document.activeElement).innerText?.trim() ?? ''"
            )
            if focused.startswith(name):
                return
        raise AssertionError(f"{name} was not reached")

    page.goto(f"/room/l/{TOKEN}")
    tab_to("Read the documents")
    page.keyboard.press("Enter")
    page.wait_for_url("**/code")
    tab_to("Code")
    page.keyboard.type("wrong1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab") if page.evaluate("document.activeElement.id") != "id_code" else None
    assert page.evaluate("document.activeElement.id") == "id_code"
    page.keyboard.press("Control+a")
    page.keyboard.type(CODE.lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/read")
    tab_to("Go on to sign")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signature")
    tab_to("Use this")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign")
    tab_to("I have read the documents")
    page.keyboard.press("Space")
    tab_to("Sign 2 documents")
    page.keyboard.press("Enter")
    page.wait_for_url("**/done")
    assert h1(page) == "You have signed"
    assert len(core.signed) == 1


def test_the_whole_path_without_javascript(core: FakeGateway, browser: Browser, server: str) -> None:
    context = browser.new_context(
        base_url=server, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(f"/room/l/{TOKEN}")
    page.click("text=Read the documents")
    page.fill("#id_code", CODE)
    page.click("text=Continue")
    page.click("text=Text of page 2")
    assert "The rent is 1,240 euros" in page.inner_text("main")
    page.click("text=Back to the pages")
    page.click("text=Go on to sign")
    assert (
        page.is_visible("text=Drawing needs JavaScript") is False
    )  # typed is chosen; the note belongs to drawing
    page.check("[name=kind][value=drawn]", force=True)
    assert page.is_visible("text=Drawing needs JavaScript")
    page.check("[name=kind][value=typed]", force=True)
    page.click("text=Use this")
    page.click(".bar .primary")
    assert "Tick the box to sign." in page.inner_text(".summary")
    page.check("#id_agree")
    page.click(".bar .primary")
    assert h1(page) == "You have signed"
    assert len(core.signed) == 1
    context.close()


def test_the_token_leaves_address_history_and_referer(core: FakeGateway, page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers.get('referer', '')}"))
    page.goto(f"/room/l/{TOKEN}")
    sent.clear()
    page.click("text=Read the documents")
    page.wait_for_url("**/code")
    own = [line for line in sent if f"/room/l/{TOKEN}" not in line.split()[0]]
    assert own
    assert not [line for line in own if TOKEN in line]


STATES = {
    "link": (State.LINK, f"/room/l/{TOKEN}"),
    "code": (State.CODE, "code"),
    "sms": (State.CODE, "code"),
    "read": (State.READ, "read"),
    "words": (State.READ, "words/1"),
    "signature": (State.READ, "signature"),
    "sign": (State.READ, "sign"),
    "refuse": (State.READ, "refuse"),
    "signed": (State.SIGNED, "done"),
    "completed": (State.COMPLETED, "done"),
    "already": (State.SIGNED, f"/room/l/{TOKEN}"),
    "unknown": (State.LINK, "/room/l/unknown"),
} | {
    str(s): (s, "")
    for s in (
        State.LOCKED,
        State.PREPARING,
        State.DECLINED,
        State.STOPPED,
        State.EXPIRED,
        State.SUPERSEDED,
        State.CANCELLED,
        State.ON_HOLD,
        State.NOT_YOUR_TURN,
        State.REMOVED,
        State.SITTING_OVER,
    )
}


def visit(name: str, page: Page, core: FakeGateway, server: str) -> None:
    state, path = STATES[name]
    soon = datetime.now(UTC) + timedelta(seconds=50)
    code = Code(
        by_sms=name == "sms", ending="67", resend_at=soon if name == "sms" else None, locked_until=soon
    )
    sealed = tuple(replace(d, sealed=True) for d in room().documents)
    documents = sealed if name == "completed" else room().documents
    enter(
        page,
        core,
        server,
        state,
        code=code,
        ended_at=NOW,
        signed_at=NOW,
        documents=documents,
        kept=Kept("typed", "1"),
    )
    core.appearance = Appearance(AppearanceKind.TYPED, name="Matti Meikäläinen", hand="kalam")
    page.goto(path if path.startswith("/") else f"/room/{ROOM_ID}/{path}")


@pytest.mark.parametrize("name", list(STATES))
def test_every_state_fits_small_screens_and_passes_axe(
    core: FakeGateway, page: Page, server: str, name: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    visit(name, page, core, server)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for small in page.eval_on_selector_all(
        "a:not(p a):not(.skip), button, input:not([type=hidden]), summary",
        "all => all.filter(e => e.checkVisibility() && !e.closest('label')).map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])",
    ):
        assert small[1] >= 24, small
    for scheme in ("light", "dark") if name in ("code", "read", "sign", "completed") else ("light",):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
        )
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


@pytest.mark.parametrize("name", ["link", "code", "read", "signature", "sign"])
def test_the_next_step_is_always_in_sight(core: FakeGateway, page: Page, server: str, name: str) -> None:
    visit(name, page, core, server)
    primary = page.locator(".bar .primary:visible")
    for width, height in [(320, 568), (390, 844), (844, 390), (768, 1024), (1280, 800)]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the top"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        if name in ("read", "signature", "sign"):
            assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the end"
        box = primary.bounding_box()
        assert box
        assert box["height"] >= 44


def ink(page: Page) -> None:
    box = page.locator("#pad-canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    for i in range(80):
        page.mouse.move(
            box["x"] + box["width"] * (0.1 + i * 0.01),
            box["y"] + box["height"] * (0.5 + 0.3 * math.sin(i / 4)),
        )
    page.mouse.up()


INKED = """() => { const c = document.getElementById('pad-canvas');
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v).length }"""


def test_drawing(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.check("[name=kind][value=drawn]", force=True)
    page.locator("#pad-canvas").scroll_into_view_if_needed()
    ink(page)
    path = page.input_value("#path-data")
    width, height = path_box(path)
    assert 450 < width < 500
    assert 100 < height < 250
    assert len(path) < 30_000
    assert page.evaluate(INKED) > 500

    ink(page)
    assert len(page.input_value("#path-data")) > len(path)
    page.keyboard.press("Control+z")
    assert page.input_value("#path-data") == path

    page.set_viewport_size({"width": 844, "height": 390})  # turned on its side
    page.wait_for_function(f"() => ({INKED})() > 500")
    assert page.input_value("#path-data") == path
    page.set_viewport_size({"width": 390, "height": 844})

    page.click("text=Use this")
    page.wait_for_url("**/sign")
    assert core.appearance is not None
    assert core.appearance.path == path


def test_a_dot_is_too_small_and_clear_clears(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.check("[name=kind][value=drawn]", force=True)
    page.click("#pad-canvas")
    page.click("text=Use this")
    page.wait_for_selector(".summary:focus")
    assert "Draw a little more" in page.inner_text(".summary")
    assert page.is_checked("[name=kind][value=drawn]")
    ink(page)
    page.click("text=Clear")
    assert page.input_value("#path-data") == ""
    assert page.evaluate(INKED) == 0


def ready_to_sign(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, kept=Kept("typed", "1"))
    core.appearance = Appearance(AppearanceKind.TYPED, name="Matti", hand="kalam")
    page.goto(f"/room/{ROOM_ID}/sign")
    page.check("#id_agree")


def test_a_double_press_signs_once(core: FakeGateway, page: Page, server: str) -> None:
    ready_to_sign(core, page, server)
    page.evaluate(
        "() => { const b = document.querySelector('.bar .primary'); b.click(); b.click(); b.form.requestSubmit() }"
    )
    page.wait_for_url("**/done")
    assert core.sign_calls == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    core: FakeGateway, page: Page, server: str
) -> None:
    ready_to_sign(core, page, server)
    page.route(
        "**/sign", lambda route: (route.fetch(max_redirects=0), route.abort())[-1]
    )  # the server hears it, the answer is lost
    page.click(".bar .primary")
    page.wait_for_selector("#unclear:visible")
    assert h1(page) == "We do not know yet"
    assert page.evaluate("document.activeElement.innerText") == "We do not know yet"
    assert len(core.signed) == 1
    page.unroute("**/sign")
    page.click("text=Check now")
    page.wait_for_url("**/done")
    assert len(core.signed) == 1


def test_errors_after_the_press_come_in_place(core: FakeGateway, page: Page, server: str) -> None:
    ready_to_sign(core, page, server)
    page.uncheck("#id_agree")
    page.click(".bar .primary")
    page.wait_for_selector(".summary:focus")
    assert page.title().startswith("Error: ")
    page.check("#id_agree")
    core.room = replace(core.room, revision="8")
    page.click(".bar .primary")
    page.wait_for_selector("text=The document has just changed")
    assert core.signed == {}
    page.click("text=Show the new version")
    page.wait_for_url("**/read")


def test_three_hundred_pages(core: FakeGateway, page: Page, server: str) -> None:
    long = replace(room().documents[0], pages=(A4,) * 300)
    page.set_viewport_size({"width": 1280, "height": 800})
    enter(page, core, server, documents=(long,))
    page.goto(f"/room/{ROOM_ID}/read")
    page.wait_for_function("() => document.querySelector('.sheet-page img').complete")
    page.wait_for_timeout(500)
    assert len(core.images) < 25
    core.images.clear()
    page.evaluate("location.hash = 'p-1-287'")
    page.wait_for_function("() => document.querySelector('#p-1-287 img').complete")
    page.wait_for_timeout(300)
    asked = {n for _, n, width in core.images if width > 160}
    assert 287 in asked
    assert len(asked) < 15


def test_the_text_lies_over_the_picture_and_zoom_keeps_it_there(
    core: FakeGateway, page: Page, server: str
) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/read")
    line = page.locator("#p-1-1 .text-layer p").nth(3)
    line.wait_for()
    assert "The rent is 1,240 euros" in page.get_by_role("region", name="Page 1 of 4").aria_snapshot()

    def share() -> tuple[float, float, float]:
        paper, box = page.locator("#p-1-1").bounding_box(), line.bounding_box()
        assert paper
        assert box
        return (
            (box["x"] - paper["x"]) / paper["width"],
            (box["y"] - paper["y"]) / paper["height"],
            box["width"] / paper["width"],
        )

    before = share()
    assert before[2] == pytest.approx(0.75, abs=0.02)
    for _ in range(2):
        page.click("[data-zoom='1']")
    page.wait_for_timeout(200)
    assert page.inner_text("#zoom-value") == "150 %"
    assert share() == pytest.approx(before, abs=0.01)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.getElementById('viewer').scrollWidth > 390")


def test_a_waiting_page_opens_by_itself(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, State.PREPARING)
    page.goto(f"/room/{ROOM_ID}/")
    assert h1(page) == "The documents are being prepared"
    core.room = room(State.READ)
    page.wait_for_url("**/read", timeout=8000)
