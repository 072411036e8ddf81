"""Rows that are past a clock: what all ticks do that look for some."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from undersigned.accounts.models import Organization
from undersigned.base import clock

logger = logging.getLogger(__name__)
BATCH = 500
"""Rows of one test clock that a tick takes at most."""

Rows = Callable[[datetime, timedelta], QuerySet[Any]]
"""Those due at a moment of the organisations whose clock differs that much from real time, longest overdue first."""


def each(rows: Rows, act: Callable[[int], bool | None], done: str, batch: int = BATCH) -> int:
    """Call `act` with the id of each, in its own transactions; returns for how many it did not say False.

    One that fails is logged ("… cannot be `done`") and tried again at the next tick, and keeps no other.
    """
    count = 0
    for offset in clocks():
        found = rows(clock.now(offset), offset)
        for pk in list(found.values_list("pk", flat=True)[:batch]):
            try:
                count += act(pk) is not False
            except Exception:
                logger.exception("%s %s cannot be %s", found.model.__name__, pk, done)
    return count


def clocks() -> Iterable[timedelta]:
    """By how much the organisations' clocks differ from real time: nothing, but for test clocks."""
    return Organization.objects.values_list("clock_offset", flat=True).distinct()
