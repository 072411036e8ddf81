"""The sender calls it off."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict
from .graph import lapse_open
from .locks import lock_envelope
from .models import Envelope, EnvelopeState
from .ports import dialect

REASON_MAX = 2048


def cancel(actor: Actor, envelope_id: int, reason: str = "") -> None:
    """Nobody can sign any more; those who were invited are told. A repetition has no effect.

    A signature in flight fails at its commit, and jobs that find the envelope cancelled stop. Raises Conflict: not_allowed (the API has
    no word for it), superseded, or the state that does not allow it (draft, sealing, completed…); NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.state == EnvelopeState.CANCELLED:
            return
        if "cancel" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        if envelope.superseded_at is not None:
            raise Conflict("superseded")
        drafts = "cancel_draft" in dialect(envelope.dialect).use_cases
        if envelope.state not in (EnvelopeState.SENT, EnvelopeState.ON_HOLD) and not (
            drafts and envelope.state == EnvelopeState.DRAFT
        ):
            raise Conflict(envelope.state)
        call_off(envelope, now(envelope.organization.clock_offset), by=actor, reason=reason)


def call_off(envelope: Envelope, at: datetime, *, by: Actor | None, reason: str = "") -> None:
    """End an open envelope and tell those who were invited. Caller holds the lock and has checked that it may be."""
    lapse_open(envelope, at)
    envelope.state, envelope.needs_attention = EnvelopeState.CANCELLED, ""
    envelope.save(update_fields=["state", "needs_attention", "updated_at"])
    audit.append(envelope, "cancelled", at, by=by, reason=reason.strip()[:REASON_MAX] or None)
    messages.tell_cancelled(envelope, at)
    messages.announce_event(envelope, "cancelled", None, at)
