"""The sample contract of the demo organisation."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

_CLAUSES = [
    ("Membership", "Harbour Books gives the member access to the reading room on weekdays from 8 to 20 and on Saturdays from 10 to 16. "
     "The membership is personal. It starts on the day on which both have signed and runs for twelve months."),
    ("Fee", "The fee is 240 euros for the twelve months, payable within fourteen days of the start. There are no other charges."),
    ("Books and places", "The member may take up to six books to their place at a time and returns them to the trolley before leaving. "
     "Places cannot be reserved. Food stays outside; water in closed bottles is welcome."),
    ("Care", "The member treats books and furniture with care and replaces what they damage, at its current value."),
    ("Ending", "The member may end the membership at any time with one month's notice and gets the fee for the remaining full months "
     "back. Harbour Books may end it in writing if the rules are broken again after a reminder."),
    ("Personal data", "Harbour Books keeps the member's name and address while the membership lasts and for two years after, for "
     "bookkeeping alone, and hands them to nobody."),
    ("Disputes", "The law of the place where the reading room stands applies. Before going to court, both try to settle a dispute in a "
     "talk, at the request of either, within thirty days."),
]  # fmt: skip


def write(path: Path) -> None:
    """Write the sample as a two-page A4 PDF."""
    pdf = FPDF(format="A4")
    pdf.set_margins(25, 25)
    pdf.set_auto_page_break(True, 25)
    pdf.set_title("Membership agreement")
    pdf.add_page()
    pdf.set_font("Times", size=12)
    pdf.set_text_color(90)
    pdf.cell(0, 6, "Harbour Books, Quay Street 4", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(12)
    pdf.set_text_color(0)
    pdf.set_font("Times", "B", 22)
    pdf.cell(0, 11, "Membership agreement", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_font("Times", size=12)
    pdf.multi_cell(
        0,
        7,
        "between Harbour Books and the member named in the signature.",
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )
    pdf.ln(6)
    for number, (title, text) in enumerate(_CLAUSES, start=1):
        pdf.ln(4)
        pdf.set_font("Times", "B", 13)
        pdf.cell(0, 8, f"{number}.  {title}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_font("Times", size=12)
        pdf.multi_cell(0, 7, text, align="J", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.output(str(path))
