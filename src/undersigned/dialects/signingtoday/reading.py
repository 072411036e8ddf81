"""Reading requests as clients send them: JSON is announced where there is none, booleans come as `True`, passwords in quotation marks."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from undersigned.dialects.shared import body
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.errors import NotFound

from .errors import Faulty

TEXT_MAX = 4096


def fields_of(request: HttpRequest, limit: int = body.JSON_MAX) -> tuple[Fields, bytes]:
    """The JSON object in the body, to be read member by member, and its bytes; an empty body is an empty object.

    Raises body.Malformed, body.TooLong.
    """
    data, raw = body.read_json_object(request, limit)
    return Fields(data), raw


def array_of(request: HttpRequest, limit: int = body.JSON_MAX) -> tuple[Fields, bytes]:
    """As `fields_of`, of a body that is an array: it is the member "" of the fields."""
    raw = body.read_bytes(request, limit)
    return Fields({"": body.parse_any(raw) if raw.strip() else []}), raw


def settle(fields: Fields) -> None:
    """Raise Faulty when anything that was read is wrong."""
    if fields.faults:
        raise Faulty(fields.faults)


def form_of(request: HttpRequest) -> dict[str, str]:
    """The text parts of a form, multipart or urlencoded; files are in `request.FILES`. Raises Faulty, body.Malformed."""
    try:
        found = {name: str(value) for name, value in request.POST.items()}
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError) as e:
        raise body.Malformed from e
    if any("\x00" in value for value in found.values()):
        raise Faulty({"": ["Contains characters that are not text"]})
    return found


def text_of(request: HttpRequest) -> str:
    """The body as text; one that is a string of JSON is that string. Raises body.TooLong, body.Malformed."""
    try:
        text = body.read_bytes(request, TEXT_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise body.Malformed from e
    stripped = text.strip()
    if len(stripped) >= 2 and stripped[0] == stripped[-1] == '"':
        try:
            value = json.loads(stripped)
        except ValueError:
            return text
        return value if isinstance(value, str) else text
    return text


def parameter(request: HttpRequest, name: str, *, required: bool = False, most: int = 1000) -> str:
    """A parameter of the query; empty when there is none. Raises Faulty."""
    value = str(request.GET.get(name, ""))
    if required and not value:
        raise Faulty({name: ["Required"]})
    if "\x00" in value or len(value) > most:
        raise Faulty({name: ["Not valid"]})
    return value


def boolean(request: HttpRequest, name: str, *, default: bool = False) -> bool:
    """A parameter that is true or false, in any case. Raises Faulty."""
    value = parameter(request, name).strip().lower()
    if value not in ("", "true", "false"):
        raise Faulty({name: ["Must be true or false"]})
    return value == "true" if value else default


def integer(request: HttpRequest, name: str, *, least: int = 0, most: int = 10**9) -> int | None:
    """A parameter that is a whole number; None when there is none. Raises Faulty."""
    value = parameter(request, name).strip()
    if not value:
        return None
    if not (value.isascii() and value.removeprefix("-").isdecimal() and len(value) < 20):
        raise Faulty({name: ["Must be a whole number"]})
    if not least <= int(value) <= most:
        raise Faulty({name: [f"Must be between {least} and {most}"]})
    return int(value)


def uuid_of(value: str) -> uuid.UUID:
    """An id in an address. Raises NotFound: what is no id is nobody's."""
    try:
        return uuid.UUID(value)
    except ValueError as e:
        raise NotFound from e


def moment_of(value: str) -> datetime | None:
    """A time as clients write them, `2021-10-17T07:26Z` or `2018-12-19 09:26:03.478039`; UTC unless it says otherwise. None: not one."""
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment_text(moment: datetime | None) -> str | None:
    """`2021-10-17T07:26:00.123Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_object(fields: Fields, name: str, most: int = 64 * 1024) -> dict[str, Any]:
    """A free JSON object of at most `most` bytes; empty when there is none. Notes a fault."""
    found = fields.object(name)
    if found is None:
        return {}
    text = json.dumps(found.data)
    if len(text) > most or not _storable(text):
        fields.fault(name, "Too long" if len(text) > most else "Contains characters that are not text")
        return {}
    return dict(found.data)


def _storable(text: str) -> bool:
    """No NUL and no lone surrogates, which no database takes."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text
