"""The signature's look in Chromium: ink by mouse, finger and pen, a picture, a phone."""

from __future__ import annotations

import io
import math
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from undersigned.room.forms import path_box
from undersigned.room.looks import AppearanceKind

from .browsing import INKED, enter, h1
from .fake_gateway import PAD, ROOM_ID, TOKEN, FakeGateway

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("pointer", ["touch", "pen"])
def test_ink_follows_finger_and_pen_and_nothing_of_the_hand_is_sent(
    core: FakeGateway, page: Page, server: str, pointer: str
) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.check("[name=kind][value=drawn]", force=True)
    page.locator("#pad-canvas").scroll_into_view_if_needed()
    page.evaluate(
        """kind => {
          const pad = document.getElementById('pad-canvas'), box = pad.getBoundingClientRect();
          pad.setPointerCapture = () => {};
          const fire = (type, i) => pad.dispatchEvent(new PointerEvent(type, { pointerId: 7, pointerType: kind, isPrimary: true, bubbles: true,
            cancelable: true, pressure: kind === 'pen' ? 0.2 + (i % 10) / 12 : 0.5, clientX: box.left + 20 + i * 4, clientY: box.top + 60 + 30 * Math.sin(i / 5) }));
          fire('pointerdown', 0);
          const other = new PointerEvent('pointermove', { pointerId: 8, pointerType: 'touch', bubbles: true, clientX: box.left, clientY: box.top });
          for (let i = 1; i < 60; i++) { fire('pointermove', i); pad.dispatchEvent(other); }
          fire('pointerup', 60);
        }""",
        pointer,
    )
    path = page.input_value("#path-data")
    width, height = path_box(path)
    assert 350 < width < 500, "the second finger drew nothing"
    assert height < 150
    assert re.fullmatch(r"(?:[MLQCZ][-0-9. ]*)+", path), "no time, no pressure"
    assert page.evaluate(INKED) > 300
    assert page.evaluate("getComputedStyle(document.getElementById('pad-canvas')).touchAction") == "none"


def test_a_picture_is_shown_as_it_will_look(core: FakeGateway, page: Page, server: str) -> None:
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.check("[name=kind][value=uploaded]", force=True)
    page.set_input_files("#id_image", {"name": "a.pdf", "mimeType": "image/png", "buffer": b"%PDF-1.7"})
    page.wait_for_selector("#upload-error:visible")
    assert page.inner_text("#upload-error") == "Choose a PNG or JPEG picture."
    picture = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(picture).line([(20, 80), (150, 20), (280, 80)], fill="black", width=6)
    out = io.BytesIO()
    picture.save(out, "PNG")
    page.set_input_files("#id_image", {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()})
    page.wait_for_function("() => document.querySelector('#upload-preview img').naturalWidth > 0")
    assert not page.is_visible("#upload-error")
    page.focus("#id_shade")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(e => e.name.endsWith('/picture')).length > 2"
    )
    assert core.shades[-1] == 30
    page.click("text=Use this")
    page.wait_for_url("**/sign")
    assert core.appearance
    assert (core.appearance.kind, core.appearance.shade) == (AppearanceKind.UPLOADED, 30)


def test_drawn_on_a_phone_seen_on_the_desk(
    core: FakeGateway, browser: Browser, page: Page, server: str
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    enter(page, core, server)
    page.goto(f"/room/{ROOM_ID}/signature")
    page.evaluate(
        "document.getElementById('phone-form').requestSubmit()"
    )  # the button shows where the pointer is fine
    page.wait_for_url("**/phone")
    digits = page.inner_text(".digits strong")
    address = page.inner_text(".digest")
    assert address == f"{server}/room/p/{PAD}"
    assert page.locator(".qr img").evaluate("e => e.complete && e.naturalWidth > 100")

    phone = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ).new_page()
    phone.goto(address)
    assert core.room.pad
    assert not core.room.pad.taken, "to look at the address, as cameras do, takes nothing"
    phone.click("text=Start drawing")
    page.wait_for_selector("text=Your phone is ready")
    assert phone.inner_text(".digits strong") == page.inner_text(".digits strong") == digits
    seen = phone.content()
    for secret in ("Lease", "House rules", "Anna", "Matti", "Sofia", "Board", ROOM_ID, TOKEN):
        assert secret not in seen

    second = browser.new_context().new_page()
    assert second.goto(address).status == 409  # type: ignore[union-attr]
    assert h1(second) == "Start again on the other screen"

    phone.click("text=Send to the other screen")
    phone.wait_for_selector(".summary:focus")
    ink(phone)
    phone.click("text=Send to the other screen")
    phone.wait_for_selector("text=Go on at the other screen")
    page.wait_for_url("**/sign", timeout=2500)
    assert core.appearance
    assert core.appearance.kind == AppearanceKind.DRAWN
    assert phone.goto(address).status == 404  # type: ignore[union-attr]
    assert core.signed == {}
    for each in (phone, second):
        each.context.close()
