"""From the lines of a page as pictured to paragraphs for reading."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .documents import TextLine

_ITEM = re.compile(r"(?:[•‣▪●○–—*-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|§)\s")
"""How the first line of a list item begins."""
_CLOSED = (".", ":", ";", "!", "?", "。", "؟", "।")
_LOOSE = 0.75
"""A gap of so many line heights more than no gap parts paragraphs."""


def paragraphs(lines: Iterable[TextLine]) -> list[str]:
    """Lines joined where a paragraph goes on: below one another, about as high, not after a line that ends early, not at a list item."""
    blocks: list[list[TextLine]] = []
    for line in lines:
        if blocks and _goes_on(blocks[-1], line):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [_joined([line.text for line in block]) for block in blocks]


def _goes_on(block: list[TextLine], line: TextLine) -> bool:
    last = block[-1]
    if _ITEM.match(line.text) or not 0.8 < line.height / max(last.height, 0.01) < 1.25:
        return False
    gap = line.top - (last.top + last.height)
    if not -0.5 * line.height < gap < _LOOSE * line.height:
        return False
    if len(block) > 1 and gap > block[1].top - (block[0].top + block[0].height) + 0.3 * line.height:
        return False
    right = max(b.left + b.width for b in [*block, line])
    if line.left > last.left + last.width or line.left + line.width < last.left:
        return False  # another column
    ends_early = last.left + last.width < right - 0.2 * (right - last.left)
    return not (ends_early and (last.text.endswith(_CLOSED) or len(block) == 1))


def _joined(texts: list[str]) -> str:
    joined = texts[0]
    for text in texts[1:]:
        # A word that was parted at the end of a line.
        parted = re.search(r"[^\W\d_]-$", joined) and text[:1].islower()
        joined = joined[:-1] + text if parted else f"{joined} {text}"
    return joined
