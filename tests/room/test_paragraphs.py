"""Lines as pictured become paragraphs for reading."""

from __future__ import annotations

from undersigned.room.documents import TextLine
from undersigned.room.paragraphs import paragraphs


def line(text: str, top: float, width: float = 80, left: float = 10, height: float = 1.5) -> TextLine:
    return TextLine(text, left, top, width, height)


def test_lines_of_a_paragraph_are_joined_and_words_made_whole() -> None:
    page = [
        line("The lessor lets the rooms named below to the les-", 10),
        line("see, who takes them as they are", 12),
        line("and keeps them in order.", 14, width=30),
        line("The rent is due on the second working day of each", 16),
        line("month.", 18, width=8),
    ]
    assert paragraphs(page) == [
        "The lessor lets the rooms named below to the lessee, who takes them as they are and keeps them in order.",
        "The rent is due on the second working day of each month.",
    ]


def test_headings_items_columns_and_gaps_stay_apart() -> None:
    page = [
        line("Lease", 4, width=20, height=3),
        line("1. The lessor lets the rooms to the lessee for as long as both", 10),
        line("wish it.", 12, width=10),
        line("2. Notice is given in writing.", 14, width=40),
        line("• keys", 16, width=10),
        line("• lamps", 18, width=10),
        line("Something else after a gap that is as high as a line", 22.5),
        line("beside it", 22.5, left=120, width=20),
    ]
    assert paragraphs(page) == [
        "Lease",
        "1. The lessor lets the rooms to the lessee for as long as both wish it.",
        "2. Notice is given in writing.",
        "• keys",
        "• lamps",
        "Something else after a gap that is as high as a line",
        "beside it",
    ]


def test_a_hyphen_before_a_capital_stays() -> None:
    assert paragraphs([line("the Finnish-", 10), line("Swedish border", 12)]) == [
        "the Finnish- Swedish border"
    ]
