"""`${name}` in what a sender wrote: in messages as it is, in addresses encoded for a URL. The names are the dialect's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from . import ports
from .models import Envelope, Recipient

_NAME = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_]*)\}")


def expand(text: str, values: Mapping[str, str], *, in_url: bool = False) -> str:
    """Put in the values, once: what a value brings along is not looked at again. An unknown `${...}` stays as it is.

    `in_url`: every reserved character of a value is percent-encoded (RFC 3986, 2.2), so that it cannot become more than a value.
    """

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1])
        if known is None:
            return found[0]
        return quote(known, safe="") if in_url else known

    return _NAME.sub(value, text)


def of(envelope: Envelope, recipient: Recipient | None) -> dict[str, str]:
    """The values that stand for this envelope and person, in the words of the dialect that made it."""
    return ports.dialect(envelope.dialect).variables(envelope, recipient)
