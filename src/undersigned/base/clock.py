"""What time it is. Domain time is the database's, plus an offset that only sandbox organisations may set."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

SYNC = 1.0
"""Seconds after which the database is asked again; in between its time goes on by this machine's monotonic clock."""
_synced: tuple[datetime, float] | None = None
"""The database's time and the monotonic clock's when the answer was here: never ahead of the database by more than their drift."""


def now(offset: timedelta = timedelta()) -> datetime:
    """Current time, UTC, from the database, moved by `offset` (an integrator's test clock).

    On SQLite the database's clock is this machine's, so no query is made.
    """
    return (_database_time() if connection.vendor == "postgresql" else datetime.now(UTC)) + offset


def _database_time() -> datetime:
    global _synced
    known = _synced
    if known is None or time.monotonic() - known[1] > SYNC:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
        known = _synced = (moment.astimezone(UTC), time.monotonic())
    return known[0] + timedelta(seconds=time.monotonic() - known[1])


def iso_ms(moment: datetime) -> str:
    """`2013-09-19T04:33:53.976Z`: UTC, milliseconds cut off, Z."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time `months` calendar months later; the month's last day where that day does not exist."""
    index = moment.month - 1 + months
    year, month = moment.year + index // 12, index % 12 + 1
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    last_day = (first_of_next - timedelta(days=1)).day
    return moment.replace(year=year, month=month, day=min(moment.day, last_day))
