"""Pages as pictures with a text layer, made from the stored bytes in a bounded process."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from undersigned.base import bounded

from . import cache, storage
from .intake import MAX_PAGES
from .models import Blob

WIDTHS = (160, 600, 1000, 1600, 2400)
"""Pixels, of the pages that people read."""
NARROWEST, WIDEST = 16, WIDTHS[-1]
"""Pixels, of what programs ask for."""
LIMITS = bounded.Limits(memory=1 << 30, cpu=10, wall=20.0, file_size=64 << 20)


class CannotDraw(Exception):
    """The page cannot be shown. `code`: "no_such_page", "broken", "too_complex" or "timeout"."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code


class TextLine(BaseModel):
    """A line of text and its place in percent of the page as shown, from the left and top."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    text: str
    left: float
    top: float
    width: float
    height: float


class WidgetBox(BaseModel):
    """Where a form field stands: page (from 1) and box in percent of the page as shown, from the left and top."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    page: int
    left: float
    top: float
    width: float
    height: float


_SIZES = TypeAdapter(list[tuple[float, float]])
_LINES = TypeAdapter(list[tuple[str, float, float, float, float]])
_WIDGETS = TypeAdapter(list[tuple[str, int, float, float, float, float]])
_STORED_LINES = TypeAdapter(list[TextLine])


def page_sizes(path: Path) -> list[tuple[float, float]]:
    """Width and height of each page in points as shown (crop box, after /Rotate). Raises CannotDraw."""
    return _SIZES.validate_python(_run("sizes", path=str(path.absolute()), max_pages=MAX_PAGES))


def render_page(path: Path, page: int, width: int) -> bytes:
    """Page `page` (from 1) as a JPEG `width` pixels wide, one of WIDTHS (less when the page is over ten thousand pixels high).

    About 10 ms for a page of text at 1000 pixels. Raises CannotDraw; ValueError for another width.
    """
    with storage.temporary_file(".jpg") as target:
        _draw(path, page, width, target)
        return target.read_bytes()


def page_text(path: Path, page: int) -> list[TextLine]:
    """The text of page `page` (from 1), line by line in reading order; empty for a scan. Raises CannotDraw."""
    rows = _LINES.validate_python(_run("text", path=str(path.absolute()), page=page))
    return [TextLine(text=t, left=x, top=y, width=w, height=h) for t, x, y, w, h in rows]


def page_widgets(path: Path) -> dict[str, WidgetBox]:
    """The visible form fields, signature fields among them, by name. Raises CannotDraw."""
    return _boxes(_WIDGETS.validate_python(_run("widgets", path=str(path.absolute()))))


def _boxes(rows: list[tuple[str, int, float, float, float, float]]) -> dict[str, WidgetBox]:
    return {n: WidgetBox(page=p, left=x, top=y, width=w, height=h) for n, p, x, y, w, h in rows}


def picture(blob: Blob, page: int, width: int) -> bytes:
    """As `render_page`, of a stored PDF, through the cache."""

    def make(path: Path, target: Path) -> None:
        _draw(path, page, width, target)

    return _cached(blob, f"{page}-{width}.jpg", make)


def thumbnail(blob: Blob, page: int, width: int) -> bytes:
    """As `picture`, of any width from NARROWEST to WIDEST. Raises CannotDraw; ValueError for another width."""
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"{width} pixels")

    def make(path: Path, target: Path) -> None:
        _run("draw", path=str(path.absolute()), page=page, width=width, target=str(target))

    return _cached(blob, f"{page}-{width}.jpg", make)


def text(blob: Blob, page: int) -> list[TextLine]:
    """As `page_text`, of a stored PDF, through the cache."""

    def make(path: Path, target: Path) -> None:
        target.write_bytes(_STORED_LINES.dump_json(page_text(path, page)))

    return _STORED_LINES.validate_json(_cached(blob, f"{page}.json", make))


def sizes(blob: Blob) -> list[tuple[float, float]]:
    """As `page_sizes`, of a stored PDF, through the cache."""

    def make(path: Path, target: Path) -> None:
        target.write_text(json.dumps(page_sizes(path)))

    return _SIZES.validate_json(_cached(blob, "sizes.json", make))


def widgets(blob: Blob) -> dict[str, WidgetBox]:
    """As `page_widgets`, of a stored PDF, through the cache."""

    def make(path: Path, target: Path) -> None:
        target.write_text(json.dumps(_run("widgets", path=str(path.absolute()))))

    return _boxes(_WIDGETS.validate_json(_cached(blob, "widgets.json", make)))


def warm(blob: Blob) -> None:
    """Make what somebody who opens the file sees first, so that nobody waits for it: sizes, fields, the first page's pictures."""
    with storage.local_path(blob) as path, ExitStack() as stack:
        pictures = {w: stack.enter_context(storage.temporary_file(".jpg")) for w in WIDTHS[:3]}
        # Together, since a process for each would cost more than what it does.
        found = _run(
            "first_look",
            path=str(path.absolute()),
            max_pages=MAX_PAGES,
            pictures=[[width, str(target)] for width, target in pictures.items()],
        )
        texts = {"sizes.json": found["sizes"], "widgets.json": found["widgets"]}
        for name, rows in texts.items():
            target = stack.enter_context(storage.temporary_file())
            target.write_text(json.dumps(rows))
            cache.put(f"{blob.storage_key}/{name}", target)
        for width, target in pictures.items():
            cache.put(f"{blob.storage_key}/1-{width}.jpg", target)


def _cached(blob: Blob, what: str, make: Callable[[Path, Path], None]) -> bytes:
    key = f"{blob.storage_key}/{what}"
    content = cache.get(key)
    if content is None:
        with storage.local_path(blob) as path, storage.temporary_file() as target:
            make(path, target)
            content = target.read_bytes()
            cache.put(key, target)
    return content


def _draw(path: Path, page: int, width: int, target: Path) -> None:
    if width not in WIDTHS:
        raise ValueError(f"{width} is not one of {WIDTHS}")
    _run("draw", path=str(path.absolute()), page=page, width=width, target=str(target))


def _run(function: str, **arguments: Any) -> Any:
    try:
        return bounded.run(f"undersigned.files.drawing:{function}", LIMITS, **arguments)
    except bounded.Refusal as e:
        raise CannotDraw(e.code, e.detail) from e
    except bounded.BoundedError as e:
        raise CannotDraw("timeout" if e.reason == "timeout" else "too_complex", str(e)) from e
