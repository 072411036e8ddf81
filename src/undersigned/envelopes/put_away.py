"""Take an envelope out of every list. It is kept, by the organisation's rules; what is still open is called off first."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .cancel import call_off
from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState

_OPEN = (EnvelopeState.SENT, EnvelopeState.ON_HOLD)


def put_away(actor: Actor, envelope_id: int) -> None:
    """From now on nobody finds it, and nobody can sign it. Who was asked to hears that it was called off.

    Raises Conflict (sealing: all have signed, and are about to get what they signed), NotFound (also the second time).
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.state == EnvelopeState.SEALING:
            raise Conflict("sealing")
        at = now(envelope.organization.clock_offset)
        if envelope.state in _OPEN:
            call_off(envelope, at, by=actor)
        audit.append(envelope, "put_away", at, by=actor)
        Envelope.objects.filter(pk=envelope.pk).update(deleted_at=at)
