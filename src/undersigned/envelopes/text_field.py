"""What may be entered into a text field, by whoever enters it: a person, a program, or the sheet that fills a template."""

from __future__ import annotations

from undersigned.sealing.pdf.text import prints_as_entered

TEXT_MAX = 2000
"""Characters of a value, ends of lines not counted."""


def entered(value: str) -> tuple[str, str]:
    """What is wrong with a value (too_long, unprintable, or nothing), and how it is kept: lines apart by LF, nothing blank around them."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    if sum(map(len, lines)) > TEXT_MAX:
        return "too_long", ""
    return ("", "\n".join(lines)) if all(map(prints_as_entered, lines)) else ("unprintable", "")
