"""The audit chain's arithmetic, in one place: canonical JSON and SHA-256.

Each event's hash covers the hash of the one before and the event's own fields; the details (names, addresses) enter by a salted digest
alone, so that they can be erased and the chain still holds.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = bytes(32)
"""`prev_hash` of the first event of an envelope."""

EVENT_FIELDS = (
    "seq",
    "kind",
    "at",
    "recipient",
    "document",
    "assignment",
    "actor_kind",
    "actor_ref",
    "credential",
    "detail_digest",
)
"""What an event's hash covers besides the hash before it; a field that is absent or None counts as null."""


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, no blanks, no escapes beyond JSON's own. Floats are refused: their text form is not stable."""
    _refuse_floats(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("floats have no canonical form")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


def detail_digest(salt: bytes, payload: Any) -> bytes:
    """SHA-256 of salt and canonical payload, 32 bytes. The salt (16 random bytes) goes when the details go."""
    return hashlib.sha256(salt + canonical_json(payload)).digest()


def event_hash(prev_hash: bytes, event: dict[str, Any]) -> bytes:
    """SHA-256 over `prev_hash` and the event's EVENT_FIELDS, 32 bytes.

    Values are JSON-able: `at` as `clock.iso_ms` writes it, ids as integers or strings, `detail_digest` in hex.
    """
    fields = {name: event.get(name) for name in EVENT_FIELDS}
    return hashlib.sha256(prev_hash + canonical_json(fields)).digest()


def first_break(events: list[dict[str, Any]]) -> int | None:
    """Sequence number of the first event that does not follow from the one before, None when the chain is unbroken.

    Events carry `prev_hash`, `hash` and `detail_digest` in hex, and `salt` and `detail` while these are not erased.
    """
    previous = GENESIS
    for position, event in enumerate(events, start=1):
        good = event.get("seq") == position and event.get("prev_hash") == previous.hex()
        if good and event.get("salt") is not None:
            good = detail_digest(bytes.fromhex(event["salt"]), event.get("detail")).hex() == event.get(
                "detail_digest"
            )
        previous = event_hash(previous, event)
        if not good or previous.hex() != event.get("hash"):
            return int(event["seq"]) if isinstance(event.get("seq"), int) else position
    return None
