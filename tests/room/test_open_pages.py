"""Pages that stay open: the press that is sent once, answers that get lost, time that runs out, documents that change."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from tests.axe import findings
from undersigned.room.gateway import State

from .browsing import enter, h1, with_look
from .fake_gateway import ROOM_ID, FakeGateway, room

pytestmark = pytest.mark.browser


def ready_to_sign(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, kept=with_look(core))
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


def test_a_waiting_page_opens_by_itself(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, State.PREPARING)
    page.goto(f"/room/{ROOM_ID}/")
    assert h1(page) == "The documents are being prepared"
    core.room = room(State.READ)
    page.wait_for_url("**/read", timeout=8000)


def test_before_the_time_is_over_one_is_asked_and_may_stay(
    core: FakeGateway, page: Page, server: str
) -> None:
    enter(page, core, server, idle_left=1800)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.fill("#id_name", "M. Meikäläinen")
    core.room = replace(core.room, idle_left=110)
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # else it asks every fifteen seconds
    page.wait_for_selector("#idle[open]")
    assert page.evaluate("document.activeElement.id") == "idle-name"
    assert findings(page) == []
    core.room = replace(core.room, idle_left=1800)
    page.click("text=Stay")
    assert not page.is_visible("#idle")
    assert page.input_value("#id_name") == "M. Meikäläinen"
    page.wait_for_timeout(1500)
    assert not page.is_visible("#idle")


def test_when_the_time_is_over_the_room_says_so(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, idle_left=2)
    page.goto(f"/room/{ROOM_ID}/read")
    core.room = room(State.SITTING_OVER)
    page.wait_for_url(f"**/room/{ROOM_ID}/", timeout=10_000)
    assert h1(page) == "We closed the document"
    page.click("text=Open it again")
    page.wait_for_url("**/code")
    assert core.signed == {}


def test_a_new_version_is_announced_while_the_old_one_is_open(
    core: FakeGateway, page: Page, server: str
) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/read")
    core.room = replace(core.room, revision="8")
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # else it asks every fifteen seconds
    page.wait_for_selector("#news[open]")
    assert page.get_by_role("alertdialog", name="The document has just changed").is_visible()
    assert page.evaluate("document.activeElement.id") == "news-name"
    assert findings(page) == []
    page.keyboard.press("Escape")
    assert page.is_visible("#news"), "it cannot be overlooked"
    page.click("text=Show the new version")
    page.wait_for_url("**/read")
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert not page.is_visible("#news")


def test_what_others_end_is_announced(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    core.room = room(State.CANCELLED)
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("text=Anna Virtanen has called this off")
    page.click("text=Go on")
    page.wait_for_url(f"**/room/{ROOM_ID}/")


def test_a_broken_line_is_announced(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/read")
    page.wait_for_selector(".text-layer")
    page.context.set_offline(True)
    page.wait_for_selector("#offline:visible")
    assert "No connection" in page.inner_text("#alert")
    page.context.set_offline(False)
    page.wait_for_selector("#offline", state="hidden")


def test_a_press_answers_within_a_tenth_of_a_second(core: FakeGateway, page: Page, server: str) -> None:
    ready_to_sign(core, page, server)
    page.route("**/sign", lambda route: (time.sleep(0.5), route.continue_())[-1])
    page.evaluate(
        "() => { const b = document.querySelector('.bar .primary'), at = performance.now();"
        " b.click(); window.took = document.getElementById('signing').checkVisibility() ? performance.now() - at : 9999 }"
    )
    assert page.evaluate("window.took") < 100
    page.wait_for_url("**/done")
