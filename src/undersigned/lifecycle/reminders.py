"""Reminders that the sender planned."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from undersigned.envelopes.models import Recipient
from undersigned.envelopes.remind import remind_by_plan

from . import overdue


def remind_due() -> int:
    """Remind people past `remind_at` by their organisation's clock; returns how many were looked at."""
    return overdue.each(_due, remind_by_plan, "reminded")


def _due(at: datetime, offset: timedelta) -> QuerySet[Recipient]:
    found = Recipient.objects.filter(remind_at__lte=at, envelope__organization__clock_offset=offset)
    return found.order_by("remind_at")
