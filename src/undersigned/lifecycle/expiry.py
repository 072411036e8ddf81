"""People, and envelopes, whose time to act is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from undersigned.envelopes.expire_envelope import expire_envelope
from undersigned.envelopes.expire_recipient import expire_recipient
from undersigned.envelopes.models import Envelope, EnvelopeState, Recipient, RecipientState

from . import overdue


def expire_due() -> int:
    """End the part of people past `expires_at` by their organisation's clock; returns how many."""
    return overdue.each(_due, expire_recipient, "ended")


def expire_due_envelopes() -> int:
    """End envelopes past `expires_at` by their organisation's clock; returns how many."""
    return overdue.each(_due_envelopes, expire_envelope, "ended")


def _due_envelopes(at: datetime, offset: timedelta) -> QuerySet[Envelope]:
    found = Envelope.objects.filter(
        state__in=[EnvelopeState.SENT, EnvelopeState.ON_HOLD],
        expires_at__lte=at,
        organization__clock_offset=offset,
    )
    return found.order_by("expires_at")


def _due(at: datetime, offset: timedelta) -> QuerySet[Recipient]:
    found = Recipient.objects.filter(
        state=RecipientState.ACTIVE,
        expires_at__lte=at,
        envelope__state__in=[EnvelopeState.SENT, EnvelopeState.ON_HOLD],
        envelope__organization__clock_offset=offset,
    )
    return found.order_by("expires_at")
