"""What all edits of a draft share."""

from __future__ import annotations

from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState


def locked_draft(envelope_id: int) -> Envelope:
    """Lock an envelope that may still be edited. Raises Conflict: already_sent (also for a version that a newer one replaced), NotFound."""
    envelope = lock_envelope(envelope_id)
    if envelope.state != EnvelopeState.DRAFT or envelope.superseded_at is not None:
        raise Conflict("already_sent")
    return envelope
