"""Messages that the sender planned for a while after something happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from undersigned.envelopes.models import NotificationPlan
from undersigned.envelopes.notify import send_planned

from . import overdue


def send_due() -> int:
    """Send those past `due_at` by their organisation's clock; returns how many were looked at."""
    return overdue.each(_due, send_planned, "sent")


def _due(at: datetime, offset: timedelta) -> QuerySet[NotificationPlan]:
    found = NotificationPlan.objects.filter(
        due_at__lte=at, settled_at__isnull=True, envelope__organization__clock_offset=offset
    )
    return found.order_by("due_at")
