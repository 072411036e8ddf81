"""A person's time has run out."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, notify
from .errors import NotFound
from .locks import lock_envelope
from .models import (
    Assignment,
    AssignmentState,
    EnvelopeState,
    NotificationPlan,
    Recipient,
    RecipientState,
)
from .models.steps import LIVE
from .policy import Policy
from .progress import advance


def expire_recipient(recipient_id: int) -> bool:
    """End one person's part, if it is still theirs and its time is over; others go on. True when that was done."""
    envelope_id = Recipient.objects.filter(pk=recipient_id).values_list("envelope_id", flat=True).first()
    if envelope_id is None:
        return False
    with atomic():
        try:
            envelope = lock_envelope(envelope_id)
        except NotFound:
            return False
        recipient = Recipient.objects.select_for_update().get(pk=recipient_id)
        at = now(envelope.organization.clock_offset)
        if (
            envelope.state not in (EnvelopeState.SENT, EnvelopeState.ON_HOLD)
            or recipient.state != RecipientState.ACTIVE
            or recipient.expires_at is None
            or recipient.expires_at > at
            or Policy.model_validate(envelope.policy).past_expires != "recipient_lapses"
        ):
            return False
        recipient.state, recipient.settled_at = RecipientState.EXPIRED, at
        recipient.save(update_fields=["state", "settled_at"])
        Assignment.objects.filter(recipient=recipient, state__in=LIVE).update(
            state=AssignmentState.LAPSED, settled_at=at
        )
        audit.append(envelope, "expired", at, by=None, recipient=recipient)
        notify.happened(envelope, NotificationPlan.Trigger.EXPIRED, at, recipient=recipient)
        advance(envelope, at)
    return True
