"""Remind those whose turn it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict, NotFound
from .locks import lock_envelope
from .models import Assignment, AssignmentState, Envelope, EnvelopeState, Recipient, RecipientState
from .plan import plan_of
from .policy import Policy
from .ports import dialect
from .signer import standing


def remind(actor: Actor, envelope_id: int) -> list[Recipient]:
    """Write to everybody who can sign now and was not written to on request in the last minute; returns them.

    Raises Conflict: not_allowed (the API has no word for it), not_open (nobody can sign now), no_mails (the sender
    writes to the people), NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if "remind" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        at = now(envelope.organization.clock_offset)
        waiting = remindable(envelope, at)
        if not waiting:
            raise Conflict("not_open")
        if not Policy.model_validate(envelope.policy).invitation:
            raise Conflict("no_mails")
        return [r for r in waiting if _remind(envelope, r, at, by=actor)]


def remindable(envelope: Envelope, at: datetime) -> list[Recipient]:
    """Active people with an address and an open step."""
    if envelope.state != EnvelopeState.SENT or envelope.superseded_at is not None:
        return []
    open_now = Assignment.objects.filter(
        envelope=envelope, round=envelope.round, state=AssignmentState.OPEN
    ).values("recipient")
    people = envelope.recipients.filter(pk__in=open_now, state=RecipientState.ACTIVE).order_by("position")
    return [r for r in people if r.email and standing(envelope, r, at).may_sign]


def remind_by_plan(recipient_id: int) -> None:
    """The reminder that the plan asks for, if it is due; sets the time of the next. No effect when nothing is left to sign."""
    with atomic():
        found = Recipient.objects.filter(pk=recipient_id).values_list("envelope_id", flat=True).first()
        if found is None:
            return
        try:
            envelope = lock_envelope(found)
        except NotFound:
            return
        recipient = Recipient.objects.select_for_update().get(pk=recipient_id)
        at = now(envelope.organization.clock_offset)
        if recipient.remind_at is None or recipient.remind_at > at:
            return
        days = plan_of(envelope).remind_days
        waits = standing(envelope, recipient, at).may_decline
        recipient.remind_at = at + timedelta(days=days) if days and waits else None
        recipient.save(update_fields=["remind_at"])
        if any(r.pk == recipient.pk for r in remindable(envelope, at)):
            _remind(envelope, recipient, at, by=None)


def _remind(envelope: Envelope, recipient: Recipient, at: datetime, by: Actor | None) -> bool:
    if messages.repeated_lately(recipient, messages.asking_channel(recipient)):
        return False
    messages.remind(envelope, recipient, at)
    audit.append(envelope, "reminded", at, by=by, recipient=recipient)
    return True
