"""Say what a template is called, and who may use it."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, search
from .actor import Actor
from .create_envelope import checked_title
from .drafts import locked_draft
from .models import Envelope


def describe_template(actor: Actor, envelope_id: int, *, title: str, public: bool) -> Envelope:
    """`public`: everybody in the organisation who makes envelopes may use it. Raises Invalid (title), Conflict (already_sent), NotFound."""
    title = checked_title(title)
    with atomic():
        envelope = locked_draft(envelope_id)
        if (envelope.title, envelope.public) != (title, public):
            envelope.title, envelope.public = title, public
            envelope.save(update_fields=["title", "public", "updated_at"])
            search.rebuild(envelope)
            audit.append(
                envelope, "changed", now(envelope.organization.clock_offset), by=actor, changed=["title"]
            )
    return envelope
