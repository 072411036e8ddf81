"""A page on which one person declares what they sign: it names each document by its digest, and is signed once for all of them.

The documents themselves are signed, too; whoever has one of them and this page can see that they belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import WrapMode

from .pdf import text
from .prepare import A4, MARGIN, Widget, lay_places, running_head, write_page
from .statement import INK, LINE, MUTED, TEXT_WIDTH, at, grouped

_BOTTOM = A4[1] - MARGIN


@dataclass(frozen=True)
class Declared:
    """A document: title, SHA-256 (hex) as it was shown, and the line that the sender wants agreed to."""

    title: str
    sha256: str
    line: str = ""


@dataclass(frozen=True)
class DeclarationWords:
    """Texts of the page, in the person's language."""

    heading: str
    about: str
    digest: str


@dataclass(frozen=True)
class DeclarationPlan:
    """`mark` (hex) names the field of the seal; `agreed` is the sender's text, paragraphs apart by line ends."""

    mark: str
    title: str
    agreed: str
    documents: tuple[Declared, ...]
    widgets: list[Widget]
    words: DeclarationWords


def prepare_declaration(target: Path, plan: DeclarationPlan) -> int:
    """Write the page (or pages) with its empty signature fields to `target`; returns their number.

    Raises text.MissingGlyph, bounded.BoundedError.
    """
    return write_page(target, plan.widgets, plan.mark, lambda page: _draw(page, plan))


def _draw(target: Path, plan: DeclarationPlan) -> dict[str, tuple[int, list[float]]]:
    words = plan.words
    title = text.clean(plan.title)
    said = [title, words.heading, words.about, words.digest, *plan.agreed.split("\n")]
    said += [part for d in plan.documents for part in (d.title, d.line, grouped(d.sha256))]
    said += [w.signer for w in plan.widgets]
    with text.document(said, A4, bold=True) as pdf:
        pdf.set_title(title)
        pdf.set_creator("Undersigned")
        pdf.add_page()
        flow = _Flow(pdf, title)
        at(pdf, MARGIN, "B", 20, INK)
        pdf.multi_cell(TEXT_WIDTH, 26, words.heading, align="L")
        flow.y = pdf.get_y() + 6
        flow.write(words.about, "", 9.5, MUTED, after=10)
        for paragraph in plan.agreed.split("\n"):
            flow.write(paragraph, "", 11, INK, after=4)
        flow.y += 8
        for document in plan.documents:
            flow.document(document, words)
        boxes = lay_places(pdf, title, plan.widgets, lambda: flow.y, after=(pdf.page - 1, flow.y + 22))
        pdf.output(str(target))
    return boxes


class _Flow:
    """Text from the top down, over as many pages as it takes."""

    def __init__(self, pdf: FPDF, title: str) -> None:
        self.pdf, self.title, self.y = pdf, title, MARGIN

    def write(
        self, written: str, style: str, size: float, color: tuple[int, int, int], *, after: float = 0
    ) -> None:
        """A paragraph; one longer than a page goes on over it line by line."""
        if not (line := text.clean(written)):
            return
        high = round(size * 1.4, 1)
        self.pdf.set_font("sans", style, size)
        mode = WrapMode.CHAR if max(map(len, line.split(" "))) > 60 else WrapMode.WORD
        pieces = self.pdf.multi_cell(
            TEXT_WIDTH, high, line, align="L", wrapmode=mode, dry_run=True, output="LINES"
        )
        for piece in pieces if isinstance(pieces, list) else ():
            self.room(high)
            at(self.pdf, self.y, style, size, color)
            self.pdf.cell(TEXT_WIDTH, high, piece)
            self.y += high
        self.y += after

    def document(self, document: Declared, words: DeclarationWords) -> None:
        self.room(60)
        self.pdf.set_draw_color(*LINE)
        self.pdf.set_line_width(0.5)
        self.pdf.line(MARGIN, self.y, MARGIN + TEXT_WIDTH, self.y)
        self.y += 6
        self.write(document.title, "B", 10.5, INK)
        self.write(document.line, "", 10, INK)
        self.write(f"{words.digest} {grouped(document.sha256)}", "", 8, MUTED, after=6)

    def room(self, high: float) -> None:
        """Begin another page where there is none for so many points."""
        if self.y + high > _BOTTOM:
            self.pdf.add_page()
            self.y = running_head(self.pdf, self.title)
