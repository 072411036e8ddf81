"""An envelope that was called off or put on hold goes on, in a new round."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict
from .invitations import invite
from .locks import lock_envelope
from .models import Assignment, AssignmentState, Envelope, EnvelopeState, Recipient, RecipientState
from .ports import dialect
from .send import begin_round, turn


def reopen(actor: Actor, envelope_id: int) -> Envelope:
    """Who has not signed is asked again, also who refused; signatures that were given stay. No effect on one that is open.

    Raises Conflict: not_allowed (the API has no word for it), or the state that does not allow it (sealing, completed…); NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if "reopen" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        if envelope.state in (EnvelopeState.SENT, EnvelopeState.DRAFT):
            return envelope
        if envelope.state not in (EnvelopeState.CANCELLED, EnvelopeState.ON_HOLD):
            raise Conflict(envelope.state)
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "resumed", at, by=actor)
        if envelope.sent_at is None:  # it was never sent, so there is nobody to ask again
            envelope.state = EnvelopeState.DRAFT
            envelope.save(update_fields=["state", "updated_at"])
            return envelope
        _next_round(envelope)
        envelope.state = EnvelopeState.SENT
        begin_round(envelope, at)
        invite(envelope, turn(envelope), at, first=True)
        messages.announce_event(envelope, "resumed", None, at)
    return envelope


def _next_round(envelope: Envelope) -> None:
    """Assignments go on into the next round; what was not done there is to be done again. So every message may be sent anew."""
    mine = Assignment.objects.filter(envelope=envelope, round=envelope.round)
    stopped = [AssignmentState.OPEN, AssignmentState.REFUSED, AssignmentState.LAPSED]
    mine.filter(state__in=stopped).update(state=AssignmentState.PLANNED, reason="", settled_at=None)
    envelope.round += 1
    mine.update(round=envelope.round)
    waiting = envelope.recipients.filter(kind=Recipient.Kind.SIGNER).exclude(state=RecipientState.DONE)
    waiting.filter(state=RecipientState.DECLINED).update(
        state=RecipientState.ACTIVE, reason="", settled_at=None
    )
    waiting.update(invited_at=None, remind_at=None)
