"""The sender stops an envelope for a while."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState
from .ports import dialect


def hold(actor: Actor, envelope_id: int) -> Envelope:
    """Nobody can sign until it is opened again. A repetition has no effect.

    Raises Conflict: not_allowed (the API has no word for it), or the state that does not allow it (draft, cancelled, completed…); NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.state == EnvelopeState.ON_HOLD:
            return envelope
        if "hold" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        if envelope.state != EnvelopeState.SENT:
            raise Conflict(envelope.state)
        at = now(envelope.organization.clock_offset)
        envelope.state = EnvelopeState.ON_HOLD
        envelope.save(update_fields=["state", "updated_at"])
        audit.append(envelope, "put_on_hold", at, by=actor)
        messages.announce_event(envelope, "put_on_hold", None, at)
    return envelope
