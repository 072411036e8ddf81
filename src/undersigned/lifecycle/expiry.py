"""People whose time to act is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from undersigned.envelopes.expire_recipient import expire_recipient
from undersigned.envelopes.models import EnvelopeState, Recipient, RecipientState

from . import overdue


def expire_due() -> int:
    """End the part of people past `expires_at` by their organisation's clock; returns how many."""
    return overdue.each(_due, expire_recipient, "ended")


def _due(at: datetime, offset: timedelta) -> QuerySet[Recipient]:
    found = Recipient.objects.filter(
        state=RecipientState.ACTIVE,
        expires_at__lte=at,
        envelope__state__in=[EnvelopeState.SENT, EnvelopeState.ON_HOLD],
        envelope__organization__clock_offset=offset,
    )
    return found.order_by("expires_at")
