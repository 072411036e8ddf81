"""Makes room.png and console.png from a running demo server: `python docs/pictures/make.py data/credentials.json`.

Photographs the read page and the signature page of the sample contract (nothing is signed) and the console, on a desk
and on a phone, and lays them out as one picture each. Needs Chromium.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
DESK, PHONE = (1280, 800), (390, 844)
SIZE, GROUND, COLOURS = (1600, 920), "#dfe5ec", 128


def main(credentials: dict[str, Any]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        _save("room.png", *_room(browser, credentials))
        _save("console.png", *_console(browser, credentials["console"]))
        browser.close()


def _page(browser: Browser, size: tuple[int, int]) -> Page:
    viewport: Any = {"width": size[0], "height": size[1]}
    return browser.new_context(viewport=viewport, device_scale_factor=2).new_page()


def _shot(page: Page) -> Image.Image:
    page.wait_for_load_state("networkidle")
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _room(browser: Browser, credentials: dict[str, Any]) -> tuple[Image.Image, Image.Image]:
    shots = []
    for size in (DESK, PHONE):
        page = _page(browser, size)
        page.goto(credentials["sample_signing_url"])
        page.locator("form button.primary").click()
        page.get_by_label("Code").fill(credentials["sample_signing_code"])
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/read")
        if size == PHONE:
            page.locator("#bar .primary").click()
            page.wait_for_url("**/signature")
        shots.append(_shot(page))
    return shots[0], shots[1]


def _console(browser: Browser, login: dict[str, str]) -> tuple[Image.Image, Image.Image]:
    shots = []
    for size in (DESK, PHONE):
        page = _page(browser, size)
        page.goto(login["url"])
        page.locator("[name=username]").fill(login["username"])
        page.locator("[name=password]").fill(login["password"])
        page.locator("button.primary").click()
        page.wait_for_url("**/console/")
        if size == PHONE:
            page.locator("main table a.title").first.click()
            page.wait_for_url("**/envelopes/*")
        shots.append(_shot(page))
    return shots[0], shots[1]


def _save(name: str, desk: Image.Image, phone: Image.Image) -> None:
    """One picture of both, in few colours, so that it stays small."""
    ground = Image.new("RGB", SIZE, GROUND)
    _lay(ground, desk, (44, 100), 1096, 14)
    _lay(ground, phone, (1174, 44), 366, 34, frame=10)
    ground.quantize(COLOURS, dither=Image.Dither.NONE).save(HERE / name, optimize=True)


def _lay(
    ground: Image.Image, shot: Image.Image, at: tuple[int, int], width: int, radius: int, frame: int = 0
) -> None:
    """Put a photograph on the ground with round corners, a soft shadow and, for a phone, a dark frame."""
    inner = shot.resize((width, shot.height * width // shot.width), Image.Resampling.LANCZOS)
    outer = Image.new("RGB", (inner.width + 2 * frame, inner.height + 2 * frame), "#16191d")
    if frame:
        outer.paste(inner, (frame, frame), _round(inner.size, radius - frame))
    else:
        outer.paste(inner)
    shadow = Image.new("L", ground.size, 0)
    shadow.paste(70, (at[0], at[1] + 14), _round(outer.size, radius))
    ground.paste("#16191d", (0, 0), shadow.filter(ImageFilter.GaussianBlur(22)))
    ground.paste(outer, at, _round(outer.size, radius))


def _round(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] * 4 - 1, size[1] * 4 - 1), radius * 4, fill=255)
    return mask.resize(size, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
