"""What all edits of a draft share."""

from __future__ import annotations

from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState


def locked_draft(envelope_id: int) -> Envelope:
    """Lock an envelope that may still be edited. Raises Conflict: already_sent (also for a version that a newer one replaced), NotFound."""
    envelope = lock_envelope(envelope_id)
    refuse_unless_draft(envelope)
    return envelope


def refuse_unless_draft(envelope: Envelope) -> None:
    """For work that comes before the lock, such as an upload: spare it when it would be refused. Raises Conflict (already_sent)."""
    if envelope.state != EnvelopeState.DRAFT or envelope.superseded_at is not None:
        raise Conflict("already_sent")
