"""Reading in Chromium: many pages, words over pictures, fields, zoom, drawers, a slow line."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Request

from undersigned.room.documents import Place

from .browsing import COVERED, enter, with_look
from .fake_gateway import A4, PLACES, ROOM_ID, FakeGateway, room

pytestmark = pytest.mark.browser
READ = f"/room/{ROOM_ID}/read"
LONG = replace(room().documents[0], pages=(A4,) * 300)
LOADED = "n => { const i = document.querySelector(`#p-1-${n} img`); return i.complete && i.naturalWidth > 0 }"


def test_three_hundred_pages(core: FakeGateway, page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    enter(page, core, server, documents=(LONG,), places=(Place(1, 60, 12, 60, 38, 9),))
    began = time.monotonic()
    page.goto(READ)
    page.wait_for_function(LOADED, arg=1)
    print(f"first picture after {time.monotonic() - began:.2f} s")
    page.wait_for_timeout(500)
    assert page.locator(".sheet-page").count() == 300
    assert len(core.images) < 25
    core.images.clear()
    page.fill("#jump input", "287")
    page.keyboard.press("Enter")
    page.wait_for_function(LOADED, arg=287)
    page.wait_for_timeout(300)
    asked = {n for _, n, width in core.images if width > 160}
    assert 287 in asked
    assert len(asked) < 15
    assert page.input_value("#jump input") == "287"
    wrong = page.eval_on_selector_all(
        ".sheet-page > img[srcset]",
        "all => all.filter(i => !i.srcset.includes(`/${i.parentElement.id.split('-')[2]}-600.jpg`))",
    )
    assert wrong == [], "each page shows its own picture"
    assert page.locator("#p-1-287").evaluate("e => Math.abs(e.getBoundingClientRect().top) < 120")

    page.click("#next")
    assert page.evaluate("document.activeElement.innerText").split() == [
        "Sign",
        "here",
        ",",
        "page",
        "60",
        "Required",
    ]
    assert not page.evaluate(COVERED)
    assert page.get_by_role("link", name=re.compile("Signature.*required.*page 60")).count() == 1
    assert page.get_by_role("link", name="Page 60 of 300, You sign here").count() == 1


def test_a_phone_keeps_twenty_pictures(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, documents=(LONG,))
    page.goto(READ)
    page.wait_for_function(LOADED, arg=1)
    for n in range(10, 90, 10):
        page.evaluate(f"document.getElementById('p-1-{n}').scrollIntoView()")
        page.wait_for_function(LOADED, arg=n)
    kept = page.locator(".sheet-page > img[srcset]").count()
    assert 3 <= kept <= 20
    page.evaluate("document.getElementById('p-1-1').scrollIntoView()")
    page.wait_for_function(LOADED, arg=1)


def test_the_text_lies_over_the_picture_with_the_field_between_its_lines(
    core: FakeGateway, page: Page, server: str
) -> None:
    enter(page, core, server, places=(Place(1, 1, 10, 22, 30, 3),))
    page.goto(READ)
    line = page.locator("#p-1-1 .text-layer p").nth(3)
    line.wait_for()
    told = page.get_by_role("region", name="Page 1 of 4").aria_snapshot()
    order = [told.index(words) for words in ("2. The lease begins", "Sign here", "The rent is 1,240 euros")]
    assert order == sorted(order)

    def share(what: str) -> tuple[float, ...]:
        paper, box = page.locator("#p-1-1").bounding_box(), page.locator(what).first.bounding_box()
        assert paper
        assert box
        return (
            (box["x"] - paper["x"]) / paper["width"],
            (box["y"] - paper["y"]) / paper["height"],
            box["width"] / paper["width"],
        )

    before = share("#p-1-1 .text-layer p >> nth=4")
    assert before[2] == pytest.approx(0.75, abs=0.02)
    assert share("#place-1") == pytest.approx((0.10, 0.22, 0.30), abs=0.004)
    for _ in range(5):
        page.click("[data-zoom='1']")
    page.wait_for_timeout(200)
    assert page.text_content("#zoom-value") == "300 %"
    assert share("#p-1-1 .text-layer p >> nth=4") == pytest.approx(before, abs=0.01)
    # One pixel of a page that is 1,122 pixels wide.
    assert share("#place-1") == pytest.approx((0.10, 0.22, 0.30), abs=0.0009)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.getElementById('viewer').scrollWidth > 1100")


def test_zoom_keeps_the_middle_and_takes_sharper_pictures(core: FakeGateway, page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    enter(page, core, server)
    page.goto(READ)
    page.locator("#p-1-3").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('p-1-3').scrollIntoView({ block: 'center' })")
    middle = """() => { const v = document.getElementById('viewer').getBoundingClientRect(), t = document.querySelector('.toolbar').getBoundingClientRect().bottom,
      b = document.getElementById('bar').getBoundingClientRect().top, p = document.getElementById('p-1-3').getBoundingClientRect();
      return [(v.left + v.width / 2 - p.left) / p.width, ((t + b) / 2 - p.top) / p.height] }"""
    before = page.evaluate(middle)
    for _ in range(5):
        page.click("[data-zoom='1']")
    assert page.text_content("#zoom-value") == "300 %"
    assert page.evaluate(middle) == pytest.approx(before, abs=0.01)
    page.wait_for_function("() => document.querySelector('#p-1-3 > img').currentSrc.includes('-2400.jpg')")
    page.click(".toolbar summary")
    page.click("[data-fit=page]")
    box = page.locator("#p-1-3").bounding_box()
    assert box
    assert 400 < box["height"] < 700
    page.click(".toolbar summary")
    page.click("[data-fit=width]")
    viewer, sheet = page.locator("#viewer").bounding_box(), page.locator("#p-1-3").bounding_box()
    assert viewer
    assert sheet
    assert viewer["width"] - 80 < sheet["width"] <= viewer["width"]
    page.click(".toolbar summary")
    page.check("#dim")
    assert page.locator("#p-1-3 > img").evaluate("e => getComputedStyle(e).filter") == "brightness(0.85)"


def test_on_a_phone_pages_and_fields_come_in_a_drawer(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, places=PLACES)
    page.goto(READ)
    page.click("[data-drawer=thumbs]")
    assert page.evaluate("document.activeElement.id") == "drawer-name"
    page.wait_for_function(
        "() => [...document.querySelectorAll('#thumbs img')].some(i => i.naturalWidth > 0)"
    )
    page.get_by_role("link", name="Page 2 of 4, You sign here").click()
    assert not page.is_visible("#drawer")
    page.wait_for_function("() => document.querySelector('#jump input').value === '2'")
    page.click("#bar summary")
    page.click("[data-drawer=about]")
    page.keyboard.press("Escape")
    assert not page.is_visible("#drawer")
    assert page.evaluate("document.activeElement.dataset.drawer") in ("about", None)
    page.click("#bar summary")
    page.click("[data-drawer=about]")
    page.click("[data-to-place='2']")
    assert page.evaluate("document.activeElement.id") == "place-2"
    assert page.locator("#place-2").evaluate(
        "e => { const b = e.getBoundingClientRect(); return b.top > 50 && b.bottom < innerHeight - 60 }"
    )


def test_a_kept_signature_stands_in_its_places(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server, places=PLACES, kept=with_look(core))
    page.goto(READ)
    page.click("#bar .primary")
    page.wait_for_url("**/sign")
    page.goto(READ)
    assert page.locator("#next").count() == 0
    page.locator("#place-1").scroll_into_view_if_needed()
    assert page.locator("#place-1 img").evaluate("e => e.complete && e.naturalWidth > 0")
    assert "Change it" in page.locator("#place-1").inner_text()


def test_without_javascript_ten_pages_a_screen(core: FakeGateway, browser: Browser, server: str) -> None:
    context = browser.new_context(
        base_url=server,
        java_script_enabled=False,
        viewport={"width": 320, "height": 568},
        reduced_motion="reduce",
    )
    page = context.new_page()
    enter(page, core, server, documents=(LONG,), places=(Place(1, 15, 12, 60, 38, 9),))
    page.goto(READ)
    assert page.locator(".sheet-page").count() == 10
    assert page.locator(".toolbar").is_hidden()
    page.click("#next")  # leads to the screen with the field
    assert page.locator(".sheet-page").first.get_attribute("aria-label") == "Page 11 of 300"
    field, paper = page.locator("#place-1").bounding_box(), page.locator("#p-1-15").bounding_box()
    assert field
    assert paper
    assert (field["y"] - paper["y"]) / paper["height"] == pytest.approx(0.60, abs=0.01)
    page.click("text=Pages 291–300")
    assert page.locator(".sheet-page").last.get_attribute("aria-label") == "Page 300 of 300"
    context.close()


def test_on_a_slow_line_words_come_first(core: FakeGateway, page: Page, server: str) -> None:
    """400 kbit/s and 400 ms: words and buttons within 3 s, the first picture within 8."""
    enter(page, core, server, documents=(LONG,), places=PLACES[:1])
    line = page.context.new_cdp_session(page)
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    shown = []
    for _ in range(3):  # the best counts: this machine has other things to do too
        page.goto(READ, wait_until="commit")
        page.wait_for_selector("#bar .primary:visible")
        page.wait_for_function(LOADED, arg=1)
        shown.append(
            page.evaluate(
                "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime,"
                " Math.min(...performance.getEntriesByType('resource').filter(e => e.name.includes('/1-600.jpg')).map(e => e.responseEnd))]"
            )
        )
        line.send("Network.clearBrowserCache")
        if shown[-1][0] < 3000 and shown[-1][1] < 8000:
            break
    assert min(painted for painted, _ in shown) < 3000, shown
    assert min(pictured for _, pictured in shown) < 8000, shown


def test_what_the_first_view_weighs(core: FakeGateway, page: Page, server: str) -> None:
    """As it comes over the line: 20 kB of HTML, 12 kB of CSS, 15 kB of script, a first picture of 90 kB."""
    enter(page, core, server, documents=(LONG,), places=PLACES[:1])
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108 - Playwright marks its handlers
    page.goto(READ)
    page.wait_for_selector(".text-layer")
    weights: dict[str, int] = {}
    for request in loaded:
        kind = request.resource_type
        weights[kind] = weights.get(kind, 0) + request.sizes()["responseBodySize"]
    assert weights["document"] < 20_000
    assert weights["stylesheet"] < 12_000
    assert weights["script"] < 15_000
    first = page.request.get(f"/room/{ROOM_ID}/page/d1/v1/1-600.jpg")
    assert len(first.body()) < 90_000


@pytest.mark.parametrize("wish", [{"forced_colors": "active"}, {"contrast": "more"}])
def test_readers_wishes_are_heard(core: FakeGateway, page: Page, server: str, wish: dict[str, str]) -> None:
    enter(page, core, server, places=PLACES)
    page.emulate_media(**wish, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(READ)
    page.click("#next")
    if "forced_colors" in wish:
        assert page.locator("#place-1").evaluate("e => getComputedStyle(e).borderTopWidth") == "2px"
        assert page.locator("#place-1 .place-required").is_visible()
    else:
        style = "getComputedStyle(document.documentElement).getPropertyValue"
        assert page.evaluate(f"{style}('--line') === {style}('--ink')")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_paper_gets_the_pages_and_no_buttons(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(READ)
    page.emulate_media(media="print")
    for part in (".toolbar", ".bar", ".about", ".steps-nav"):
        assert not page.is_visible(part), part
