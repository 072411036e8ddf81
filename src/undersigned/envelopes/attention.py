"""Note on an envelope that people must look at: its work waits and nothing is lost."""

from __future__ import annotations

from undersigned.base.db import atomic

from .errors import NotFound
from .locks import lock_envelope
from .models import EnvelopeState

_AT_WORK = (EnvelopeState.FETCHING, EnvelopeState.SENT, EnvelopeState.SEALING)


def note_attention(envelope_id: int, reason: str) -> None:
    """Say on the envelope why it waits; an empty reason takes the note away. No effect on an envelope that has ended or been erased."""
    with atomic():
        try:
            envelope = lock_envelope(envelope_id)
        except NotFound:
            return
        if envelope.state in _AT_WORK and envelope.needs_attention != reason[:500]:
            envelope.needs_attention = reason[:500]
            envelope.save(update_fields=["needs_attention", "updated_at"])
