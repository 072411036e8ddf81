"""What tests in Chromium share."""

from __future__ import annotations

from playwright.sync_api import Page

from undersigned.room.gateway import State
from undersigned.room.looks import AppearanceKind, Kept

from .fake_gateway import ROOM_ID, SECRET, Appearance, FakeGateway, room

SIZES = [(320, 568), (390, 844), (844, 390), (768, 1024), (1280, 800)]
IN_VIEW = """e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.left >= 0 && b.right <= innerWidth + 1
  && b.bottom <= innerHeight + 1 && e.contains(document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)) }"""
COVERED = """() => { const e = document.activeElement, bar = document.querySelector('.bar');
  if (!e || e === document.body || !bar || bar.contains(e) || e.closest('.thumbs, .skip')) return false;
  const a = e.getBoundingClientRect(), b = bar.getBoundingClientRect(); return a.top >= b.top && a.top < b.bottom && a.left < b.right }"""
INKED = """() => { const c = document.getElementById('pad-canvas');
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v).length }"""


def enter(page: Page, core: FakeGateway, server: str, state: State = State.READ, **changes: object) -> None:
    """Put the browser into the room, as if it had come by the link."""
    core.room = room(state, **changes)
    page.context.add_cookies([{"name": "room", "value": SECRET, "url": f"{server}/room/{ROOM_ID}"}])


def with_look(core: FakeGateway) -> Kept:
    """A signature that is kept already."""
    core.appearance = Appearance(AppearanceKind.TYPED, name="Matti Meikäläinen", hand="kalam")
    return Kept("typed", "1")


def h1(page: Page) -> str:
    return page.locator("h1:visible").first.inner_text()
