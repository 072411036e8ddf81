"""Finding English that was left on a page in another language."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import polib

from tests.messages import CATALOGUE, PACKAGE

_SPOKEN = ("aria-label", "alt", "title", "placeholder", "data-page-words", "data-scan-words", "data-busy")
_RANDOM = re.compile(r"https?://\S+|[\w+/=-]{25,}")
"""Addresses and tokens, in which `-we-` may stand by chance."""
_VARIABLE = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|<[^>]+>")
_WORDS = frozenset(
    (
        "the",
        "of",
        "you",
        "your",
        "this",
        "that",
        "not",
        "we",
        "are",
        "was",
        "with",
        "have",
        "has",
        "for",
        "and",
        "please",
        "who",
        "what",
    )
)
"""English words that are no words of Finnish, for text that never was a message."""


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        self.texts += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(" ".join(data.split()))


def texts_of(html: str) -> list[str]:
    """Everything on a page that is read or spoken, its title included."""
    return _Reader(html).texts


@cache
def _fragments(language: str) -> tuple[list[str], frozenset[str]]:
    """Of the messages with another wording in `language`: pieces of two words and more, and whole messages of one."""
    catalogue = polib.pofile(PACKAGE / CATALOGUE.format(language))
    ours = {text for e in catalogue for text in (e.msgstr, *e.msgstr_plural.values())}
    pieces, words = [], set()
    for entry in catalogue:
        for text in filter(None, (entry.msgid, entry.msgid_plural)):
            for piece in (p.strip(" .,:;()“”") for p in _VARIABLE.split(text)):
                if " " in piece and not any(piece in own for own in ours):
                    pieces.append(piece)
                elif piece == text and text not in ours:
                    words.add(text)
    return pieces, frozenset(words)


def english_in(texts: list[str], language: str, *data: str | None) -> list[str]:
    """What of `texts` is a message that has a translation, or holds English words (Finnish only). `data`: words of the test's own."""
    pieces, words = _fragments(language)
    known = re.compile("|".join(re.escape(d) for d in data if d) or "(?!)")

    def is_left(text: str) -> bool:
        if text in words or any(piece in text for piece in pieces):
            return True
        return language == "fi" and not _WORDS.isdisjoint(
            re.findall(r"[a-z]+", _RANDOM.sub("", text).lower())
        )

    return [text for text in (known.sub("", t).strip() for t in texts) if is_left(text)]
