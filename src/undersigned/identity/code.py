"""The secret code of a signer: six characters, five tries, then a pause."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Capital letters and digits without 0, O, 1, I and L, which people mix up."""
LENGTH = 6
TRIES = 5
PAUSE = timedelta(minutes=15)


def new_code() -> str:
    """A new code from the system's random source; 31^6 = 887 million possibilities."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalise(given: str) -> str:
    """As people type it: blanks and dashes dropped, capitals."""
    return "".join(c for c in given.upper() if c.isalnum())


def matches(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(normalise(given).encode(), expected.encode())


def after_failure(failures: int, now: datetime) -> tuple[int, datetime | None]:
    """New number of failures and, when the tries are used up, the time until which no code is accepted."""
    failures += 1
    return (0, now + PAUSE) if failures >= TRIES else (failures, None)
