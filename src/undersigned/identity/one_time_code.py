"""One-time codes: six digits, ten minutes, once, five tries, and a new one after a minute.

A code is derived from the master key and the row's random seed at the moment of sending, so that neither database nor outbox holds one
(RFC 4226 section 5.3 takes its digits from an HMAC likewise).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from undersigned.accounts.limits import take
from undersigned.base import clock
from undersigned.base.vault import keyed_hash

from .models import OneTimeCode

DIGITS = 6
TRIES = 5
VALID = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=60)
_DAY = timedelta(days=1)
PER_PERSON = 20
"""Codes in a day for one person: 100 tries at a million codes."""
PER_ADDRESS = 40
"""Codes in a day to one mailbox or number, from all requests: a letterbox is nobody's weapon."""
_KEPT = timedelta(days=2)


class TooSoon(Exception):
    """The last code is too young; `again_at` is when a new one may be asked for."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(again_at)
        self.again_at = again_at


def count(person: str, channel: str, address: str) -> None:
    """Count one sending before it is begun, outside any transaction. Raises LimitReached; what cannot be counted is not sent."""
    take("identity.code", person, PER_PERSON, _DAY)
    take("identity.code.address", f"{channel}:{address.casefold()}", PER_ADDRESS, _DAY)


def issue(kind: str, subject: int, channel: str) -> OneTimeCode:
    """A new code for the subject; the former one stops working. In the caller's transaction, under the caller's lock.

    Raises TooSoon.
    """
    at = clock.now()
    last = latest(kind, subject, channel)
    if last is not None and at < last.created_at + AGAIN_AFTER:
        raise TooSoon(last.created_at + AGAIN_AFTER)
    OneTimeCode.objects.filter(expires_at__lt=at - _KEPT).delete()
    OneTimeCode.objects.filter(
        subject_kind=kind, subject_id=subject, channel=channel, used_at__isnull=True
    ).update(used_at=at)
    return OneTimeCode.objects.create(
        subject_kind=kind,
        subject_id=subject,
        channel=channel,
        seed=secrets.token_bytes(16),
        created_at=at,
        expires_at=at + VALID,
    )


def latest(kind: str, subject: int, channel: str) -> OneTimeCode | None:
    """The subject's last code, whether or not it still works."""
    return (
        OneTimeCode.objects.filter(subject_kind=kind, subject_id=subject, channel=channel)
        .order_by("-id")
        .first()
    )


def works(code: OneTimeCode | None) -> bool:
    """Unused, and younger than ten minutes of real time: no test clock makes a code live longer."""
    return code is not None and code.used_at is None and clock.now() < code.expires_at


def digits(code: OneTimeCode) -> str:
    """The code itself, for the message that carries it."""
    derived = keyed_hash(f"{code.pk}.{bytes(code.seed).hex()}", "one-time code")
    return f"{int.from_bytes(derived[:16], 'big') % 10**DIGITS:0{DIGITS}d}"


def enter(code: OneTimeCode, given: str) -> int | None:
    """Compare in constant time: None when right, which uses the code up, else the tries left; with the last wrong try it is used up too.

    In the caller's transaction, under the lock under which it was issued; the code `works`.
    """
    typed = "".join(c for c in given if not c.isspace() and c != "-")
    if hmac.compare_digest(typed.encode(), digits(code).encode()):
        code.used_at = clock.now()
        code.save(update_fields=["used_at"])
        return None
    code.failures += 1
    left = max(TRIES - code.failures, 0)
    code.used_at = clock.now() if not left else None
    code.save(update_fields=["failures", "used_at"])
    return left
