"""The part of `pages` that runs in the bounded process: pdfium draws pages and reads their text.

Runs without settings, database or secrets.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from undersigned.base.bounded import Refusal

from . import inspection

JPEG_QUALITY = 85
MAX_HEIGHT = 10_000
"""Pixels. A page much taller than wide is drawn narrower than asked for."""
MAX_CHARACTERS = 100_000
"""Most characters of one page's text that are given out."""
GAP = 3.0
"""A gap in a line of so many times its height separates columns."""
HYPHENATED = (0x2, 0xFFFE)
"""What pdfium puts for a hyphen at the end of a line when the word goes on in the next."""

Box = tuple[float, float, float, float]


def sizes(path: str, max_pages: int) -> list[list[float]]:
    """Width and height in points of every page, as shown."""
    return inspection.sizes_by_pdfium(Path(path), max_pages)


def draw(path: str, page: int, width: int, target: str) -> list[int]:
    """Draw page `page` (from 1) as a baseline JPEG `width` pixels wide into the file `target`; return its pixels [width, height].

    Annotations and form fields are drawn as they print. Raises Refusal "no_such_page" or "broken".
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as pdf:
            _require(pdf, page)
            if pdf.get_formtype():
                pdf.init_forms()  # before the first page is loaded
            sheet = pdf[page - 1]
            across, down = sheet.get_size()
            scale = min(width / across, MAX_HEIGHT / down)
            bitmap = sheet.render(scale=scale)
            image = bitmap.to_pil().convert("RGB")
    except pypdfium2.PdfiumError as e:
        raise Refusal("broken", f"pdfium: {e}"[:300]) from e
    if image.width > width:  # pdfium rounds up
        image = image.crop((0, 0, width, image.height))
    image.save(target, "JPEG", quality=JPEG_QUALITY)
    return [image.width, image.height]


def first_look(path: str, max_pages: int, pictures: list[tuple[int, str]]) -> dict[str, Any]:
    """What somebody who opens the file sees first: sizes, widgets, and the first page drawn for each width and target of `pictures`."""
    for width, target in pictures:
        draw(path, 1, width, target)
    return {"sizes": sizes(path, max_pages), "widgets": widgets(path)}


def text(path: str, page: int) -> list[list[Any]]:
    """Lines of page `page` (from 1) in reading order, each [text, left, top, width, height], the box in percent of the page as shown.

    The order is pdfium's: that of the content, which makers of accessible files keep.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as pdf:
            _require(pdf, page)
            sheet = pdf[page - 1]
            across, down = sheet.get_size()
            characters = _characters(sheet, sheet.get_textpage())
    except pypdfium2.PdfiumError as e:
        raise Refusal("broken", f"pdfium: {e}"[:300]) from e
    lines = _lines(characters, across / down)
    return [[line, *(round(v, 3) for v in (x1, y1, x2 - x1, y2 - y1))] for line, (x1, y1, x2, y2) in lines]


def widgets(path: str) -> list[list[Any]]:
    """Form fields that are one visible box: [name, page (from 1), left, top, width, height], in percent of the page as shown.

    Raises Refusal "broken".
    """
    import pikepdf

    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            return [row for number, page in enumerate(pdf.pages, 1) for row in _widgets_on(page, number)]
    except pikepdf.PdfError as e:
        raise Refusal("broken", f"qpdf: {e}"[:300]) from e


def _widgets_on(page: Any, number: int) -> Iterator[list[Any]]:
    annotations = page.obj.get("/Annots")
    if annotations is None:
        return
    x1, y1, x2, y2 = (float(n) for n in page.cropbox)
    left, bottom, across, down = min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)
    turned = int(page.rotation) % 360
    for annotation in annotations:
        if annotation.get("/Subtype") != "/Widget" or "/T" not in annotation or "/Rect" not in annotation:
            continue
        ax, ay, bx, by = (float(n) for n in annotation.Rect)
        corners = [((x - left) / across, (y - bottom) / down) for x, y in ((ax, ay), (bx, by))]
        (sx, sy), (tx, ty) = (turned_point(x, y, turned) for x, y in corners)
        box = [min(sx, tx), min(sy, ty), abs(sx - tx), abs(sy - ty)]
        if box[2] > 0 and box[3] > 0:
            yield [str(annotation["/T"]), number, *(round(100 * v, 3) for v in box)]


def turned_point(x: float, y: float, turned: int) -> tuple[float, float]:
    """From shares of the page, upwards from its lower left, to shares of the page as shown, downwards from its upper left."""
    match turned:
        case 90:
            return y, x
        case 180:
            return 1 - x, y
        case 270:
            return 1 - y, 1 - x
    return x, 1 - y


def _require(pdf: Any, page: int) -> None:
    if not 1 <= page <= len(pdf):
        raise Refusal("no_such_page", str(page))


def _characters(sheet: Any, page_text: Any) -> list[tuple[str, Box | None]]:
    """Each character with its box (left, top, right, bottom) in percent; None for those that pdfium made up, such as line ends."""
    import pypdfium2

    raw: Any = pypdfium2.raw
    steps = 1_000_000  # the page as a device of so many pixels each way: pdfium turns and crops for us
    rectangle = raw.FS_RECTF()
    x, y = ctypes.c_int(), ctypes.c_int()

    def place(px: float, py: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(sheet.raw, 0, 0, steps, steps, 0, px, py, x, y)
        return x.value * 100 / steps, y.value * 100 / steps

    found: list[tuple[str, Box | None]] = []
    for index in range(min(page_text.count_chars(), MAX_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(page_text.raw, index)
        if code in HYPHENATED:
            found += [("-", None), ("\n", None)]
            continue
        box: Box | None = None
        made_up = raw.FPDFText_IsGenerated(page_text.raw, index) == 1
        if not made_up and raw.FPDFText_GetLooseCharBox(page_text.raw, index, rectangle):
            (x1, y1), (x2, y2) = (
                place(rectangle.left, rectangle.top),
                place(rectangle.right, rectangle.bottom),
            )
            box = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
        found.append((chr(code) if code < 0x110000 else "\N{REPLACEMENT CHARACTER}", box))
    return found


def _lines(characters: list[tuple[str, Box | None]], shape: float) -> Iterator[tuple[str, Box]]:
    """Put characters together to lines; `shape` is the page's width by its height. A line without ink is left out."""
    letters: list[str] = []
    boxes: list[Box] = []
    for letter, box in [*characters, ("\n", None)]:
        ends = letter in "\r\n"
        if ends or (box and boxes and (box[0] - boxes[-1][2]) * shape > GAP * (box[3] - box[1])):
            # Surrogate pairs come as two characters; controls and lone surrogates have no place in a page of text.
            joined = "".join(letters).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            line = " ".join("".join(c if c.isprintable() else " " for c in joined).split())
            if line and boxes:
                yield (
                    line,
                    (
                        min(b[0] for b in boxes),
                        min(b[1] for b in boxes),
                        max(b[2] for b in boxes),
                        max(b[3] for b in boxes),
                    ),
                )
            letters, boxes = [], []
        if not ends:
            letters.append(letter)
            if box:
                boxes.append(box)
