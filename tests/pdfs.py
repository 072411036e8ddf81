"""A tiny PDF maker for tests."""

from __future__ import annotations

from datetime import UTC, datetime

import fpdf

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The same arguments make the same bytes."""


def make_pdf(pages: int = 1, text: str = "This agreement is made between the parties.") -> bytes:
    """A PDF (A4 upright, Helvetica) with real text: each page says `text` and "Page n of pages". Latin-1 only."""
    pdf = fpdf.FPDF(format="A4")
    pdf.set_creation_date(MADE)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("helvetica", size=14)
        pdf.multi_cell(0, 8, text, new_x="LMARGIN", new_y="NEXT")
        pdf.cell(text=f"Page {number} of {pages}")
    return bytes(pdf.output())
