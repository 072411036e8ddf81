"""Which characters may stand in one line of text."""

from __future__ import annotations

import unicodedata

_REFUSED = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters (NUL, CR, LF…), lone surrogates (which UTF-8 cannot write), line and paragraph separator."""


def is_one_line(value: str) -> bool:
    """True when `value` can be stored, encoded and put into a header. Joiners and no-break spaces belong to ordinary names and are fine."""
    return not any(unicodedata.category(c) in _REFUSED for c in value)
