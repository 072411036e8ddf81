"""Lay down all page content and all empty signature fields before the first signature; nothing is drawn afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import WrapMode

from undersigned.files.storage import temporary_file

from . import reserved
from .appearance import HEIGHT, WIDTH
from .pdf import text

A4 = (595.28, 841.89)
MARGIN = 56.0
_ROW = HEIGHT + 40.0
_FIRST_ROW = 218.0
_NEXT_FIRST_ROW = 90.0


def signature_field(position: int, sha256: str, number: int = 1) -> str:
    """Name of a signer's first, second… field. The original's digest in it keeps it apart from fields that a file brings along, also from ours."""
    return f"Signature{position}-{sha256[:12]}" + (f"-{number}" if number > 1 else "")


def seal_field(sha256: str) -> str:
    """Name of the field that waits for the organisation's seal."""
    return f"Seal-{sha256[:12]}"


@dataclass(frozen=True)
class Place:
    """Where a signature goes, in percent of the page as shown from its upper left corner; `page` from 1."""

    page: int
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Widget:
    """A signature field for one signer; without a place it goes to the signature page."""

    field: str
    signer: str
    place: Place | None = None


@dataclass(frozen=True)
class Words:
    """Texts of the signature page, in the document's language."""

    heading: str
    about: str
    digest: str


@dataclass(frozen=True)
class PreparePlan:
    """`sizes`: width and height of each page in points; `signed`: the file holds signatures already, so nothing is drawn."""

    title: str
    sha256: str
    sizes: list[tuple[float, float]]
    signed: bool
    widgets: list[Widget]
    words: Words


def prepare_pdf(source: Path, target: Path, plan: PreparePlan) -> int:
    """Write the prepared file to `target`; returns its number of pages. Raises text.MissingGlyph, bounded.BoundedError."""
    text.require_glyphs(*(w.signer for w in plan.widgets))
    with temporary_file(".pdf") as page:
        on_page = [w for w in plan.widgets if w.place is None]
        drawn = bool(on_page) and not plan.signed
        boxes = _signature_page(page, plan, on_page) if drawn else {}
        fields: list[dict[str, Any]] = []
        for widget in plan.widgets:
            if plan.signed:
                fields.append({"name": widget.field})
            elif widget.place is not None:
                fields.append(
                    {"name": widget.field, "page": widget.place.page - 1, "place": _place_of(widget.place)}
                )
            else:
                index, box = boxes[widget.field]
                fields.append({"name": widget.field, "page": len(plan.sizes) + index, "box": box})
        fields.append({"name": seal_field(plan.sha256)})
        done = reserved.begin(
            "lay_out",
            source=str(source),
            target=str(target),
            rewrite=not plan.signed,
            page=str(page) if drawn else None,
            widgets=fields,
        )
        return int(done["pages"])


def finish_pdf(source: Path, target: Path, *, signed: bool) -> int:
    """Write the file to `target` to be signed apart from it: without any page or field of ours, and without what no page shows, unless it came
    `signed`, byte for byte then. Returns its number of pages. Raises bounded.BoundedError."""
    done = reserved.begin(
        "lay_out", source=str(source), target=str(target), rewrite=not signed, page=None, widgets=[]
    )
    return int(done["pages"])


def _place_of(place: Place) -> list[float]:
    """Left, top, right and bottom in percent of the page, clamped to it."""
    edges = (place.x, place.y, place.x + place.w, place.y + place.h)
    return [min(max(edge, 0.0), 100.0) for edge in edges]


def _signature_page(
    target: Path, plan: PreparePlan, widgets: list[Widget]
) -> dict[str, tuple[int, list[float]]]:
    """Draw the page (or pages); gives for each field the page's index among them and its box from the lower left."""
    words = plan.words
    names = [text.clean(w.signer) for w in widgets]
    title = text.clean(plan.title)
    with text.document(
        [title, *names, words.heading, words.about, words.digest, plan.sha256, "/"],
        A4,
        bold=True,
    ) as pdf:
        boxes = lay_places(pdf, title, widgets, lambda: _head(pdf, title, plan))
        pdf.output(str(target))
    return boxes


def write_page(
    target: Path,
    widgets: list[Widget],
    mark: str,
    draw: Callable[[Path], dict[str, tuple[int, list[float]]]],
) -> int:
    """Write to `target` a document that is drawn here, with its empty signature fields and that of the seal, named by `mark`; returns the
    number of its pages. `draw` as `lay_places`, to a file.

    Raises text.MissingGlyph, bounded.BoundedError.
    """
    text.require_glyphs(*(w.signer for w in widgets))
    with temporary_file(".pdf") as page:
        fields = [{"name": field, "page": index, "box": box} for field, (index, box) in draw(page).items()]
        done = reserved.begin(
            "lay_out",
            source=str(page),
            target=str(target),
            rewrite=True,
            page=None,
            widgets=[*fields, {"name": seal_field(mark)}],
        )
        return int(done["pages"])


def lay_places(
    pdf: FPDF,
    title: str,
    widgets: list[Widget],
    head: Callable[[], float],
    *,
    after: tuple[int, float] = (-1, A4[1]),
) -> dict[str, tuple[int, list[float]]]:
    """Two places a row, under what `head` draws on the first page (it gives the height of the first row) and `title` on others.

    `after`: index of the page that is there already, and the height at which it is free. Gives for each field its page's index and its
    box from the lower left.
    """
    boxes: dict[str, tuple[int, list[float]]] = {}
    index, y = after
    for number, widget in enumerate(widgets):
        column = number % 2
        if column == 0 and y + _ROW > A4[1] - MARGIN:
            index += 1
            pdf.add_page()
            y = head() if index == 0 else running_head(pdf, title)
        x = MARGIN + column * (A4[0] - 2 * MARGIN - WIDTH)
        _place(pdf, text.clean(widget.signer), x, y)
        boxes[widget.field] = (index, [x, A4[1] - y - 18 - HEIGHT, x + WIDTH, A4[1] - y - 18])
        if column == 1:
            y += _ROW
    return boxes


def running_head(pdf: FPDF, title: str) -> float:
    """`title` at the head of a further page; gives the height of what follows."""
    pdf.set_text_color(22, 25, 29)
    pdf.set_xy(MARGIN, MARGIN)
    pdf.set_font("sans", size=10)
    pdf.cell(A4[0] - 2 * MARGIN, 14, title)
    return _NEXT_FIRST_ROW


def _head(pdf: FPDF, title: str, plan: PreparePlan) -> float:
    pdf.set_text_color(22, 25, 29)
    pdf.set_xy(MARGIN, MARGIN)
    pdf.set_font("sans", "B", 20)
    pdf.cell(A4[0] - 2 * MARGIN, 26, plan.words.heading)
    pdf.set_font("sans", size=11)
    pdf.set_xy(MARGIN, MARGIN + 36)
    pdf.multi_cell(A4[0] - 2 * MARGIN, 16, title, max_line_height=16)
    pdf.set_text_color(82, 92, 104)
    pdf.set_font_size(9)
    pdf.set_x(MARGIN)
    pdf.multi_cell(A4[0] - 2 * MARGIN, 13, plan.words.about)
    pdf.set_x(MARGIN)
    pdf.multi_cell(A4[0] - 2 * MARGIN, 13, f"{plan.words.digest} {plan.sha256}", wrapmode=WrapMode.CHAR)
    return max(_FIRST_ROW, pdf.get_y() + 24)


def _place(pdf: FPDF, name: str, x: float, y: float) -> None:
    pdf.set_text_color(22, 25, 29)
    size = 10.0
    pdf.set_font("sans", "B", size)
    while pdf.get_string_width(name) > WIDTH and size > 5:
        size -= 0.5
        pdf.set_font_size(size)
    pdf.set_xy(x, y)
    pdf.cell(WIDTH, 14, name)
    pdf.set_draw_color(201, 206, 214)
    pdf.set_line_width(0.75)
    pdf.rect(x, y + 18, WIDTH, HEIGHT)
