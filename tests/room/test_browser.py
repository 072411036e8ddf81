"""The room in Chromium: whole paths, every state on a small screen, the next step in sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page

from tests.axe import findings
from undersigned.room.gateway import Code, State
from undersigned.room.identifying import Asked, OneTime, Way
from undersigned.room.looks import Look
from undersigned.room.pads import Pad
from undersigned.room.parts import Act, Part, ReturnUrls

from .browsing import COVERED, IN_VIEW, SIZES, enter, h1, with_look
from .fake_gateway import CODE, NOW, PAD, PLACES, ROOM_ID, TOKEN, WAYS, FakeGateway, room, three

pytestmark = pytest.mark.browser
RETURN = ReturnUrls("https://shop.example/done", "https://shop.example/no", "https://shop.example/later")


def test_the_whole_path_by_keyboard(core: FakeGateway, page: Page) -> None:
    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            assert not page.evaluate(COVERED), "the focus is under the action bar"
            focused = page.evaluate(
                "() => (document.activeElement.labels?.[0] ?? document.activeElement).innerText?.trim() ?? ''"
            )
            if focused.startswith(name):
                return
        raise AssertionError(f"{name} was not reached")

    page.set_viewport_size({"width": 1280, "height": 800})
    core.room = room(places=PLACES)
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
    tab_to("Next field")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "place-1"
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
    core.room = room(places=PLACES)
    page.goto(f"/room/l/{TOKEN}")
    page.click("text=Read the documents")
    page.fill("#id_code", CODE)
    page.click("text=Continue")
    page.click("text=Text of page 2")
    assert "The rent is 1,240 euros" in page.inner_text("main")
    page.click("text=Back to the pages")
    page.click("#next")
    page.click("#place-1")
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


def test_the_whole_path_from_right_to_left(
    core: FakeGateway, page: Page, server: str, settings: LazySettings
) -> None:
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    core.room = room(language="ar", places=PLACES)
    page.set_viewport_size({"width": 320, "height": 568})

    def fits() -> None:
        assert page.get_attribute("html", "dir") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url

    page.goto(f"/room/l/{TOKEN}")
    fits()
    page.click(".bar .primary")
    assert page.get_attribute("#id_code", "dir") == "ltr"
    fits()
    page.fill("#id_code", CODE)
    page.click(".bar .primary")
    page.wait_for_url("**/read")
    fits()
    page.click("#next")
    field, paper = page.locator("#place-1").bounding_box(), page.locator("#p-1-2").bounding_box()
    assert field
    assert paper
    assert (field["x"] - paper["x"]) / paper["width"] == pytest.approx(0.12, abs=0.01), "places are physical"
    page.click("#place-1")
    page.wait_for_url("**/signature")
    fits()
    page.click(".bar .primary")
    page.wait_for_url("**/sign")
    fits()
    page.check("#id_agree")
    page.click(".bar .primary")
    page.wait_for_url("**/done")
    fits()
    assert len(core.signed) == 1


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
    "one time": (State.ONE_TIME, "one-time"),
    "one time wrong": (State.ONE_TIME, "one-time"),
    "one time before": (State.READ, "one-time"),
    "identify": (State.IDENTIFY, "identify"),
    "identify ended": (State.IDENTIFY, "identify/unavailable"),
    "wrong person": (State.IDENTIFY, "identify/somebody-else"),
    "read": (State.READ, "read"),
    "words": (State.READ, "words/1"),
    "signature": (State.READ, "signature"),
    "sign": (State.READ, "sign"),
    "refuse": (State.READ, "refuse"),
    "later": (State.READ, "later"),
    "phone": (State.READ, "phone"),
    "pad": (State.READ, f"/room/p/{PAD}"),
    "pad over": (State.READ, "/room/p/k7mq2xvd9tpwax"),
    "refuse wrong": (State.READ, "refuse"),
    "look wrong": (State.READ, "signature"),
    "sign wrong": (State.READ, "sign"),
    "dialog": (State.READ, "message"),
    "parts": (State.READ, "documents"),
    "part to read": (State.READ, "document/1"),
    "part to fill": (State.READ, "document/2"),
    "part to fill wrong": (State.READ, "document/2"),
    "part to sign": (State.READ, "document/3"),
    "part to add": (State.READ, "document/2/file"),
    "part to add wrong": (State.READ, "document/2/file"),
    "parts to sign": (State.READ, "sign"),
    "parts done": (State.SIGNED, "done"),
    "forward": (State.READ, "forward"),
    "forward wrong": (State.READ, "forward"),
    "ways": (State.READ, "identify"),
    "drawn": (State.READ, "signature"),
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
        State.HANDED_ON,
        State.SIGN_IN_OVER,
    )
}


def asked_of(name: str) -> Asked:
    if name.startswith("one time"):
        return Asked.ONE_TIME
    return Asked.PROVIDER if name.startswith(("identify", "wrong person")) else Asked.NOTHING


def changes_of(name: str) -> dict[str, object]:
    """What is different in a room in which more is asked than to read and sign."""
    documents, changes = three(form=name != "part to add" and name != "part to add wrong"), {}
    if name == "parts to sign":
        documents = tuple(
            replace(d, parts=tuple(replace(p, done=p.act is not Act.SIGN) for p in d.parts))
            for d in documents
        )
        changes = {"look": Look.NAME, "kept": None, "consent_text": "I agree to all of this:"}
    if name == "parts done":
        documents = (replace(documents[0], parts=(Part(Act.VIEW, done=True),)),)
    if name.startswith(("part", "forward", "dialog")):
        changes |= {"documents": documents, "return_urls": RETURN, "places": ()}
    if name == "ways":
        changes = {"asked": Asked.CHOICE, "ways": WAYS}
    if name == "drawn":
        changes = {"look": Look.DRAWN, "kept": None}
    if name == "dialog":
        changes |= {
            "dialog_title": "Before you begin",
            "dialog_message": "Have your payslip ready.\n\nIt takes a while.",
        }
    return changes | {
        "may_forward": True,
        "handed_to": "Sofia Korhonen",
        "forwarded": "Sofia Korhonen" if name == "parts" else "",
    }


def visit(name: str, page: Page, core: FakeGateway, server: str) -> None:
    state, path = STATES[name]
    soon = datetime.now(UTC) + timedelta(seconds=50)
    code = Code(
        by_sms=name == "sms", ending="67", resend_at=soon if name == "sms" else None, locked_until=soon
    )
    sealed = tuple(replace(d, sealed=True) for d in room().documents)
    documents = sealed if name == "completed" else room().documents
    usual: dict[str, object] = {
        "code": code,
        "ended_at": NOW,
        "signed_at": NOW,
        "documents": documents,
        "kept": None if name == "read" else with_look(core),
        "places": PLACES,
        "pad": Pad(PAD, "47") if name in ("phone", "pad") else None,
        "asked": asked_of(name),
        "one_time": OneTime(to="m…@e….fi", sent="before" not in name, resend_at=soon),
        "ways": (Way("bank", "Great Bank of the North, with a long name"), Way("id", "Demo eID")),
        "protected": state is State.IDENTIFY,
        "reason_required": True,
    }
    enter(page, core, server, state, **(usual | changes_of(name)))
    page.goto(path if path.startswith("/") else f"/room/{ROOM_ID}/{path}")
    if name == "look wrong":
        page.check("[name=kind][value=uploaded]", force=True)
    if name.endswith(" wrong"):
        page.click(".bar [type=submit]")
        page.wait_for_selector(".summary:focus")


@pytest.mark.parametrize("name", list(STATES))
def test_every_state_fits_small_screens_and_passes_axe(
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


def test_text_spacing_loses_nothing(core: FakeGateway, page: Page, server: str) -> None:
    """WCAG 1.4.12, at 320 pixels, which is also what 400 % of a desk's screen leaves."""
    page.set_viewport_size({"width": 320, "height": 568})
    page.route(
        "**/ui.css",
        lambda route: route.fulfill(
            body=route.fetch().text()
            + "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}",
            content_type="text/css",
        ),
    )
    for name in ("code", "read", "signature", "sign", "refuse", "completed"):
        visit(name, page, core, server)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        for text in page.locator(".button:visible").all():
            assert text.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), f"{name}: {text.inner_text()}"


@pytest.mark.parametrize("name", ["link", "code", "read", "signature", "sign", "parts", "part to fill"])
def test_the_next_step_is_always_in_sight(core: FakeGateway, page: Page, server: str, name: str) -> None:
    visit(name, page, core, server)
    primary = page.locator(".bar .primary:visible")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the top"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        if name not in ("link", "code"):
            assert primary.evaluate(IN_VIEW), f"{width} x {height}, at the end"
        box = primary.bounding_box()
        assert box
        assert box["height"] >= 44
