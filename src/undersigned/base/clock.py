"""What time it is. Domain time is the database's, plus an offset that only sandbox organisations may set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection


def now(offset: timedelta = timedelta()) -> datetime:
    """Current time, UTC, from the database, moved by `offset` (an integrator's test clock).

    On SQLite the database's clock is this machine's, so no query is made.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            row = cursor.fetchone()
        moment: datetime = row[0]
        return moment.astimezone(UTC) + offset
    return datetime.now(UTC) + offset


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
