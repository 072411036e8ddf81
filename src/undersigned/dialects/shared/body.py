"""Request bodies, read whatever the Content-Type says."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.http.request import UnreadablePostError

JSON_MAX = 1 << 20
"""Bytes of a JSON body, where a route does not allow more."""


class Malformed(Exception):
    """Not a JSON object."""


class TooLong(Exception):
    """More bytes than allowed."""


def read_json_object(request: HttpRequest, limit: int = JSON_MAX) -> tuple[dict[str, Any], bytes]:
    """The JSON object in the body and its bytes; an empty body is an empty object. Raises Malformed, TooLong.

    Strings may hold NUL and lone surrogates, which JSON can spell and no database takes: whoever uses them must check.
    """
    raw = read_bytes(request, limit)
    return (parse(raw) if raw.strip() else {}), raw


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises Malformed."""
    value = parse_any(raw)
    if not isinstance(value, dict):
        raise Malformed
    return value


def parse_any(raw: bytes) -> Any:
    """The JSON in `raw`. Raises Malformed."""
    try:
        # RFC 8259 asks for UTF-8 and knows no NaN; a byte order mark is tolerated as section 8.1 allows.
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as e:
        raise Malformed from e


def read_bytes(request: HttpRequest, limit: int) -> bytes:
    """At most `limit` bytes of body. Raises TooLong, or Malformed when the client went away."""
    try:
        raw: bytes = request.read(limit + 1)
    except UnreadablePostError as e:
        raise Malformed from e
    if len(raw) > limit:
        raise TooLong
    return raw


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
