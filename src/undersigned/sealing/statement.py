"""A page that names a file by its digest and is signed in its stead: for files that are no PDF, or one that takes no signatures.

The file itself is neither opened nor changed. Whoever has it and the page can see that they belong together: its SHA-256 is on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import WrapMode

from .pdf import text
from .prepare import A4, MARGIN, Widget, lay_places, write_page

_LABEL = 96.0
TEXT_WIDTH = A4[0] - 2 * MARGIN
INK, MUTED, LINE = (22, 25, 29), (82, 92, 104), (214, 219, 226)


@dataclass(frozen=True)
class StatementWords:
    """Texts of the page, in the envelope's language. `facts`: label and value, in order; the digest comes last, under its own label."""

    heading: str
    about: str
    facts: tuple[tuple[str, str], ...]
    digest: str
    compare: str


@dataclass(frozen=True)
class StatementPlan:
    """`name` and `sha256` (hex) of the file as it came."""

    name: str
    sha256: str
    widgets: list[Widget]
    words: StatementWords


def grouped(sha256: str) -> str:
    """A digest in groups of eight, as people compare it."""
    return " ".join(sha256[i : i + 8] for i in range(0, len(sha256), 8))


def prepare_statement(target: Path, plan: StatementPlan) -> int:
    """Write the page (or pages, for many signers) with its empty signature fields to `target`; returns their number.

    Raises text.MissingGlyph, bounded.BoundedError.
    """
    return write_page(target, plan.widgets, plan.sha256, lambda page: _draw(page, plan))


def _draw(target: Path, plan: StatementPlan) -> dict[str, tuple[int, list[float]]]:
    words, digest = plan.words, grouped(plan.sha256)
    name = text.clean(plan.name)
    said = [name, digest, words.heading, words.about, words.digest, words.compare]
    said += [part for fact in words.facts for part in fact] + [w.signer for w in plan.widgets]
    with text.document(said, A4, bold=True) as pdf:
        pdf.set_title(name)
        pdf.set_creator("Undersigned")
        boxes = lay_places(pdf, name, plan.widgets, lambda: _head(pdf, name, digest, words))
        pdf.output(str(target))
    return boxes


def _head(pdf: FPDF, name: str, digest: str, words: StatementWords) -> float:
    at(pdf, MARGIN, "B", 20, INK)
    pdf.multi_cell(TEXT_WIDTH, 26, words.heading, align="L")
    at(pdf, pdf.get_y() + 6, "", 9.5, MUTED)
    pdf.multi_cell(TEXT_WIDTH, 14, words.about, align="L")
    y = pdf.get_y() + 10
    for label, value in (*words.facts, (words.digest, digest)):
        y = _fact(pdf, y, label, text.clean(value), strong=value == name)
    at(pdf, y + 6, "", 8.5, MUTED)
    pdf.multi_cell(TEXT_WIDTH, 12, words.compare, align="L")
    return float(pdf.get_y()) + 26


def _fact(pdf: FPDF, y: float, label: str, value: str, *, strong: bool) -> float:
    """A row under a line; gives where the next begins."""
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.5)
    pdf.line(MARGIN, y, MARGIN + TEXT_WIDTH, y)
    at(pdf, y + 5, "", 9, MUTED)
    pdf.multi_cell(_LABEL - 10, 13, label, align="L")
    below = pdf.get_y()
    pdf.set_xy(MARGIN + _LABEL, y + 5)
    pdf.set_font("sans", "B" if strong else "", 9.5)
    pdf.set_text_color(*INK)
    # A file's name may be one long word.
    mode = WrapMode.CHAR if strong else WrapMode.WORD
    pdf.multi_cell(TEXT_WIDTH - _LABEL, 13, value, align="L", wrapmode=mode)
    return float(max(below, pdf.get_y())) + 5


def at(pdf: FPDF, y: float, style: str, size: float, color: tuple[int, int, int]) -> None:
    """Go on at height `y`, at the left margin, in this face."""
    pdf.set_xy(MARGIN, y)
    pdf.set_font("sans", style, size)
    pdf.set_text_color(*color)
