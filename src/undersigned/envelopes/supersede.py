"""Start a new version of what a collection holds; the former one stops at once."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .create_envelope import new_draft
from .errors import Conflict
from .locks import lock_collection, lock_envelope
from .models import Envelope, EnvelopeState


def supersede(actor: Actor, collection_id: int) -> Envelope:
    """A new draft after the last envelope, whose links stop accepting signatures now; one in flight fails at its commit.

    Raises Conflict: draft (edit that one instead), already_agreed; NotFound.
    """
    with atomic():
        collection = lock_collection(collection_id)
        last_id = collection.envelopes.order_by("-position").values_list("pk", flat=True).first()
        assert last_id is not None  # a collection is made with its first envelope
        last = lock_envelope(last_id, content_erased=True)
        match last.state:
            case EnvelopeState.DRAFT:
                raise Conflict("draft")
            case EnvelopeState.SEALING | EnvelopeState.COMPLETED:
                raise Conflict("already_agreed")
        at = now(collection.organization.clock_offset)
        last.superseded_at = at
        last.save(update_fields=["superseded_at", "updated_at"])
        audit.append(last, "superseded", at, by=actor)
        return new_draft(
            actor, collection.dialect, collection.title, at, collection, position=last.position + 1
        )
