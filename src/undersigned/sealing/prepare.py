"""Lay down all page content and all empty signature fields before the first signature; nothing is drawn afterwards."""

from __future__ import annotations

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
_MARGIN = 56.0
_ROW = HEIGHT + 40.0
_FIRST_ROW = 218.0
_NEXT_FIRST_ROW = 90.0


def signature_field(position: int, sha256: str) -> str:
    """Name of a signer's field. The original's digest in it keeps it apart from fields that a file brings along, also from ours."""
    return f"Signature{position}-{sha256[:12]}"


def seal_field(sha256: str) -> str:
    """Name of the field that waits for the organisation's seal."""
    return f"Seal-{sha256[:12]}"


@dataclass(frozen=True)
class Place:
    """Where a signature goes, in percent of the page from its upper left corner; `page` from 1."""

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
                    {
                        "name": widget.field,
                        "page": widget.place.page - 1,
                        "box": _box(widget.place, plan.sizes),
                    }
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


def _box(place: Place, sizes: list[tuple[float, float]]) -> list[float]:
    """Points from the lower left, clamped to the page."""
    width, height = sizes[place.page - 1]

    def clamp(value: float) -> float:
        return min(max(value, 0.0), 100.0)

    left, right = clamp(place.x) * width / 100, clamp(place.x + place.w) * width / 100
    top, bottom = height - clamp(place.y) * height / 100, height - clamp(place.y + place.h) * height / 100
    return [left, bottom, right, top]


def _signature_page(
    target: Path, plan: PreparePlan, widgets: list[Widget]
) -> dict[str, tuple[int, list[float]]]:
    """Draw the page (or pages); gives for each field the page's index among them and its box from the lower left."""
    words = plan.words
    names = [text.clean(w.signer) for w in widgets]
    title = text.clean(plan.title)
    boxes: dict[str, tuple[int, list[float]]] = {}
    with text.document(
        [title, *names, words.heading, words.about, words.digest, plan.sha256, "/"],
        A4,
        bold=True,
    ) as pdf:
        index, y = -1, A4[1]
        for number, (widget, name) in enumerate(zip(widgets, names, strict=True)):
            column = number % 2
            if column == 0 and y + _ROW > A4[1] - _MARGIN:
                index += 1
                pdf.add_page()
                y = _head(pdf, title, plan, first=index == 0)
            x = _MARGIN + column * (A4[0] - 2 * _MARGIN - WIDTH)
            _place(pdf, name, x, y)
            boxes[widget.field] = (index, [x, A4[1] - y - 18 - HEIGHT, x + WIDTH, A4[1] - y - 18])
            if column == 1:
                y += _ROW
        pdf.output(str(target))
    return boxes


def _head(pdf: FPDF, title: str, plan: PreparePlan, *, first: bool) -> float:
    pdf.set_text_color(22, 25, 29)
    pdf.set_xy(_MARGIN, _MARGIN)
    if not first:
        pdf.set_font("sans", size=10)
        pdf.cell(A4[0] - 2 * _MARGIN, 14, title)
        return _NEXT_FIRST_ROW
    pdf.set_font("sans", "B", 20)
    pdf.cell(A4[0] - 2 * _MARGIN, 26, plan.words.heading)
    pdf.set_font("sans", size=11)
    pdf.set_xy(_MARGIN, _MARGIN + 36)
    pdf.multi_cell(A4[0] - 2 * _MARGIN, 16, title, max_line_height=16)
    pdf.set_text_color(82, 92, 104)
    pdf.set_font_size(9)
    pdf.set_x(_MARGIN)
    pdf.multi_cell(A4[0] - 2 * _MARGIN, 13, plan.words.about)
    pdf.set_x(_MARGIN)
    pdf.multi_cell(A4[0] - 2 * _MARGIN, 13, f"{plan.words.digest} {plan.sha256}", wrapmode=WrapMode.CHAR)
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
