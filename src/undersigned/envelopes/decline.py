"""A signer refuses."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, focus, inbox, messages, notify, proofs
from .errors import Conflict
from .graph import lapse_open
from .locks import lock_envelope
from .models import (
    Assignment,
    AssignmentState,
    Envelope,
    EnvelopeState,
    NotificationPlan,
    Phase,
    Recipient,
    RecipientState,
    Sitting,
)
from .models.steps import LIVE
from .policy import Policy
from .progress import advance
from .signer import standing

REASON_MAX = 2048


def decline(sitting: Sitting, reason: str) -> None:
    """Refuse to sign; a repetition by the same person has no effect. Where `on_decline` is fatal, nobody else can sign any more; where it
    is isolate, only this person is out, and whoever comes after them waits until their own time is over. Where the policy's
    `decline_scope` is the assignment, only what is on the table is refused, and that says itself whether it is left out or ends all.

    Raises Conflict: not_identified, or the standing of the signer (signed, superseded, past_due…), also when declining is switched off.
    """
    if not proofs.may_read(sitting):
        raise Conflict("not_identified")
    reason = reason.strip()[:REASON_MAX]
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        if recipient.state == RecipientState.DECLINED:
            return
        at = now(envelope.organization.clock_offset)
        policy = Policy.model_validate(envelope.policy)
        where = standing(envelope, recipient, at)
        if not where.may_decline or not policy.decline_allowed:
            raise Conflict(where.value)
        recipient.envelope = envelope
        if policy.decline_scope == "assignment":
            _refuse_on_table(envelope, recipient, sitting, reason, at)
            return
        recipient.state, recipient.reason, recipient.settled_at = RecipientState.DECLINED, reason, at
        recipient.save(update_fields=["state", "reason", "settled_at"])
        Assignment.objects.filter(recipient=recipient, state__in=LIVE).update(
            state=AssignmentState.REFUSED, reason=reason, settled_at=at
        )
        audit.append(envelope, "declined", at, by=sitting, reason=reason)
        if policy.on_decline == "fatal":
            lapse_open(envelope, at)
            envelope.state = EnvelopeState.DECLINED
        elif policy.on_decline == "hold":
            envelope.state = EnvelopeState.ON_HOLD
        if policy.on_decline == "isolate":
            notify.happened(envelope, NotificationPlan.Trigger.REJECTED, at, recipient=recipient)
            messages.announce_event(envelope, "declined", recipient, at)
            advance(envelope, at)
            return
        envelope.save(update_fields=["state", "updated_at"])
        messages.tell_declined(envelope, recipient, at, reason)
        messages.announce_event(envelope, "declined", recipient, at)


def _refuse_on_table(
    envelope: Envelope, recipient: Recipient, sitting: Sitting, reason: str, at: datetime
) -> None:
    """Leave out the signature on the table, or end the envelope where it must not be left out. Raises Conflict (signed, not_your_turn)."""
    table = [a for a in focus.on_table(sitting) if a.action == Assignment.Action.SIGN]
    if table and all(a.state == AssignmentState.WAIVED for a in table):
        return
    if any(a.state == AssignmentState.DONE for a in table):
        raise Conflict("signed")
    if not table or any(a.state != AssignmentState.OPEN for a in table):
        raise Conflict("not_your_turn")
    fatal = any(a.on_decline != "waive" for a in table)
    Assignment.objects.filter(pk__in=[a.pk for a in table]).update(
        state=AssignmentState.REFUSED if fatal else AssignmentState.WAIVED, reason=reason, settled_at=at
    )
    audit.append(
        envelope,
        "declined" if fatal else "left_out",
        at,
        by=sitting,
        document_id=table[0].document_id,
        assignment_id=table[0].pk,
        reason=reason,
    )
    if not fatal:
        messages.announce_event(envelope, "left_out", recipient, at, table)
        advance(envelope, at)
        return
    recipient.state, recipient.reason, recipient.settled_at = RecipientState.DECLINED, reason, at
    recipient.save(update_fields=["state", "reason", "settled_at"])
    lapse_open(envelope, at)
    envelope.state, envelope.phase = EnvelopeState.DECLINED, Phase.NONE
    envelope.save(update_fields=["state", "phase", "updated_at"])
    messages.tell_declined(envelope, recipient, at, reason)
    messages.announce_event(envelope, "declined", recipient, at, table)
    messages.announce_event(envelope, "ended", None, at)
    inbox.tell_of_state(envelope, at)
