"""Which characters may stand in one line of text."""

from __future__ import annotations

import unicodedata

_REFUSED = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters (NUL, CR, LF…), lone surrogates (which UTF-8 cannot write), line and paragraph separator."""
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Directional embeddings, overrides and isolates: with them a name reads as another (Unicode TR 36, 2.5.2)."""


def is_one_line(value: str) -> bool:
    """True when `value` can be stored, encoded and put into a header. Joiners and no-break spaces belong to ordinary names and are fine."""
    return not any(unicodedata.category(c) in _REFUSED or c in _REORDERING for c in value)
