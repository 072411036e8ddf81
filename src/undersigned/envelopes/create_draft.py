"""Create a draft of groups, with everything in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from undersigned.base.clock import now
from undersigned.base.db import atomic

from .actor import Actor
from .create_envelope import new_draft
from .draft_content import DraftContent, faults_of, put_content
from .errors import Invalid
from .models import Collection, Envelope

EXPIRE_DAYS = 30
"""Where neither the sender nor the organisation says how long people have."""


def create_draft(
    actor: Actor, dialect_name: str, content: DraftContent, *, collection: Collection | None = None
) -> Envelope:
    """A draft that says this; it expires when the organisation's default says, unless it says so itself. A template never does.

    `collection`: the batch that it belongs to; it has a public id of its own all the same. Raises Invalid as `draft_content.put_content`.
    """
    if faults := faults_of(content):
        raise Invalid(faults)
    with atomic():
        at = now(actor.organization.clock_offset)
        position = collection.envelopes.count() + 1 if collection is not None else 1
        envelope = new_draft(actor, dialect_name, content.title, at, collection, position, named=True)
        put_content(actor, envelope, content, at)
        if envelope.expires_at is None and not envelope.template:
            envelope.expires_at = default_expiry(envelope, at)
            envelope.save(update_fields=["expires_at"])
    return envelope


def default_expiry(envelope: Envelope, at: datetime) -> datetime:
    """When an envelope that begins at `at` ends, where nobody said so."""
    days = envelope.organization.default_expire_days
    return at + timedelta(days=EXPIRE_DAYS if days is None else days)
