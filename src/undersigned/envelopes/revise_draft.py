"""Replace all that a draft of groups says."""

from __future__ import annotations

from dataclasses import replace

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .create_draft import default_expiry
from .draft_content import DraftContent, put_content
from .drafts import locked_draft
from .models import Envelope


def revise_draft(actor: Actor, envelope_id: int, content: DraftContent) -> Envelope:
    """Make a draft say this and nothing else; the last write wins. Without a date of its own it keeps the one that it had.

    Raises Invalid as `draft_content.put_content`, Conflict (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        at = now(envelope.organization.clock_offset)
        if content.expires_at is None and not content.template:
            kept = envelope.expires_at or default_expiry(envelope, envelope.created_at)
            content = replace(content, expires_at=kept)
        put_content(actor, envelope, content, at)
        audit.append(envelope, "changed", at, by=actor, changed=["content"])
    return envelope
