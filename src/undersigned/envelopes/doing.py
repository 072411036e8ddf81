"""What all use cases share in which a person does one thing with one document: looked at, brought, filled in, handed on."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import now

from . import proofs
from .errors import Conflict, NotFound
from .locks import lock_envelope
from .models import Assignment, AssignmentState, Envelope, Recipient, Sitting
from .signer import standing


def refuse_unidentified(sitting: Sitting) -> None:
    """Raises Conflict (not_identified)."""
    if not proofs.may_read(sitting):
        raise Conflict("not_identified")


def locked_turn(sitting: Sitting) -> tuple[Envelope, Recipient, datetime]:
    """Lock the envelope; its person must be able to act now. Raises Conflict: the standing of the person; NotFound."""
    envelope = lock_envelope(sitting.recipient.envelope_id)
    recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
    recipient.envelope = envelope
    at = now(envelope.organization.clock_offset)
    where = standing(envelope, recipient, at)
    if not where.may_sign:
        raise Conflict(where.value)
    return envelope, recipient, at


def settle(assignment: Assignment, at: datetime) -> None:
    """It is done. Caller holds the lock and recomputes."""
    assignment.state, assignment.settled_at = AssignmentState.DONE, at
    assignment.save(update_fields=["state", "settled_at"])


def theirs(envelope: Envelope, recipient: Recipient, **which: object) -> Assignment:
    """The one assignment of a person that `which` describes. Raises NotFound."""
    found = (
        Assignment.objects.filter(
            recipient=recipient, round=envelope.round, document__removed_at=None, **which
        )
        .exclude(state=AssignmentState.VOID)
        .select_related("document__head", "document__original")
        .first()
    )
    if found is None:
        raise NotFound
    found.envelope = found.document.envelope = envelope
    return found
