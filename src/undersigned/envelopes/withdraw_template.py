"""Take a template back, to change it. What was made from it stays as it is."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState


def withdraw_template(actor: Actor, envelope_id: int) -> Envelope:
    """A draft again. Raises Conflict (not_offered), NotFound."""
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.state != EnvelopeState.OFFERED:
            raise Conflict("not_offered")
        envelope.state, envelope.sent_at = EnvelopeState.DRAFT, None
        envelope.save(update_fields=["state", "sent_at", "updated_at"])
        audit.append(envelope, "withdrawn", now(envelope.organization.clock_offset), by=actor)
    return envelope
