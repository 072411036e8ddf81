"""Limits on what happens many times a second: counted in this process, settled with all others through the database once a second.

`limits.take` costs four queries and a commit each time, more than most calls cost themselves. Here one process alone is as exact as
that; several together may let through, beyond the limit, what they take within one second of each other.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Sum

from undersigned.base import clock
from undersigned.base.db import atomic

from . import limits

SETTLE = 1.0
"""Seconds for which a process goes by what the database last told it."""
NEVER = datetime.min.replace(tzinfo=UTC)
_MOST = 10_000
"""Subjects that are remembered; what they have not settled is lost beyond that."""


@dataclass
class _Tally:
    known: int = 0
    """Tries in the window, of all processes, when the database was last asked."""
    since: int = 0
    """Tries here since then, not yet written."""
    last: datetime = NEVER
    """When the newest of those was."""
    asked: float = -SETTLE
    lock: threading.Lock = field(default_factory=threading.Lock)


_tallies: defaultdict[tuple[str, str], _Tally] = defaultdict(_Tally)


def take(bucket: str, subject: str, limit: int, window: timedelta) -> None:
    """As `limits.take`: count one try of `subject`, or raise `limits.LimitReached`. Call it outside a transaction."""
    if len(_tallies) > _MOST:
        _tallies.clear()
    tally = _tallies[bucket, subject]
    with tally.lock:
        if time.monotonic() - tally.asked > SETTLE or tally.known + tally.since >= limit:
            _settle(tally, bucket, subject, window)
        if tally.known >= limit:
            raise limits.reached(bucket, subject, window)
        tally.since, tally.last = tally.since + 1, clock.now()


def _settle(tally: _Tally, bucket: str, subject: str, window: timedelta) -> None:
    """Write down what was taken here and read what was taken everywhere."""
    if tally.since:
        with atomic():
            limits.write(bucket, subject, tally.last, window, tally.since)
        tally.since = 0
    within = limits.within(bucket, subject, clock.now() - window)
    tally.known = within.aggregate(n=Sum("count"))["n"] or 0
    tally.asked = time.monotonic()
