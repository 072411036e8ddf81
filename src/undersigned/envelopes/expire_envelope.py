"""The time of a whole envelope has run out."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, inbox, messages
from .errors import NotFound
from .graph import lapse_open
from .locks import lock_envelope
from .models import EnvelopeState, Phase
from .policy import Policy


def expire_envelope(envelope_id: int) -> bool:
    """End an envelope that is still under way past its `expires_at`, where its policy says so. True when that was done."""
    with atomic():
        try:
            envelope = lock_envelope(envelope_id)
        except NotFound:
            return False
        at = now(envelope.organization.clock_offset)
        if (
            envelope.state not in (EnvelopeState.SENT, EnvelopeState.ON_HOLD)
            or envelope.expires_at is None
            or envelope.expires_at > at
            or Policy.model_validate(envelope.policy).past_expires != "envelope_expires"
        ):
            return False
        lapse_open(envelope, at)
        envelope.state, envelope.phase = EnvelopeState.EXPIRED, Phase.NONE
        envelope.save()
        audit.append(envelope, "ended", at, by=None, state=envelope.state)
        messages.announce_event(envelope, "ended", None, at)
        inbox.tell_of_state(envelope, at)
    return True
