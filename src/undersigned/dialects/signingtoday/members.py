"""Members of this API's JSON that come as numbers or as strings, as dates in several spellings, or as free objects."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from undersigned.dialects.shared.fields import Fields

INT32 = (-(2**31), 2**31 - 1)
URL_MAX = 2000
FREE_DEPTH = 20
"""Of objects in objects in what clients keep with a transaction."""
OURS = "st_"
"""Begins the names of what the server says in `extraData`; clients never set them."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}(\.0+)?")


def whole(fields: Fields, name: str, least: int = INT32[0], most: int = INT32[1]) -> int | None:
    """A whole number, also as a string; None when there is none."""
    value = fields.data.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value.strip().partition(".")[0])
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        fields.fault(name, "Must be a whole number")
        return None
    if not least <= value <= most:
        fields.fault(name, f"Must be between {least} and {most}")
        return None
    return value


def number(fields: Fields, name: str) -> float:
    """A number, also as a string; 0 when there is none."""
    value = fields.data.get(name)
    if value is None or value == "":
        return 0.0
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        found = float(value)
        if not math.isfinite(found) or abs(found) > 1_000_000:
            raise ValueError
    except (ValueError, OverflowError):
        fields.fault(name, "Must be a number")
        return 0.0
    return found


def moment(fields: Fields, name: str) -> datetime | None:
    """A date and time; None when there is none."""
    given = fields.text(name)
    if not given:
        return None
    found = moment_of(given)
    if found is None:
        fields.fault(name, "Not an ISO 8601 date and time")
    return found


def moment_of(given: str) -> datetime | None:
    """An ISO 8601 moment, with T or a blank, in UTC unless it says otherwise. None when it cannot be read."""
    try:
        found = datetime.fromisoformat(given.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 <= found.year < 9999 else None


def uuid_of(given: str) -> str:
    """A UUID as it is written here; empty when it is none."""
    try:
        return str(UUID(given)) if len(given) <= 45 else ""
    except ValueError:
        return ""


def free(fields: Fields, name: str) -> dict[str, Any]:
    """An object whose members are the client's own, without those that are ours (`st_…`); `{}` when there is none."""
    value = fields.data.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        fields.fault(name, "Must be an object")
        return {}
    if not storable(value):
        fields.fault(name, "Contains what cannot be stored")
        return {}
    return {key: member for key, member in value.items() if not key.startswith(OURS)}


def storable(value: object, depth: int = FREE_DEPTH) -> bool:
    """JSON can spell NUL, lone surrogates and numbers without end, which no database takes."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return depth > 0 and all(
            storable(key) and storable(member, depth - 1) for key, member in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and all(storable(member, depth - 1) for member in value)
    return True


def url(fields: Fields, name: str) -> str | None:
    """An address that a browser may be sent to; None when there is none."""
    given = fields.text(name, most=URL_MAX)
    if not given:
        return None
    try:
        parts = urlsplit(given)
        fine = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.username is None
            and given.isprintable()
            and " " not in given
        )
    except ValueError:
        fine = False
    if not fine:
        fields.fault(name, "Must be an http or https address")
        return None
    return given
