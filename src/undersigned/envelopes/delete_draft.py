"""Throw a draft away. Nothing has left, so nothing of it need be kept."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .drafts import locked_draft
from .models import Envelope
from .remains import take_all


def delete_draft(actor: Actor, envelope_id: int) -> None:
    """Erase a draft's content and take it out of every list. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "deleted", at, by=actor)
        take_all(envelope, at)
        Envelope.objects.filter(pk=envelope.pk).update(deleted_at=at)
