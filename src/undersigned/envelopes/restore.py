"""Bring back collections that were marked deleted, as long as their grace lasts."""

from __future__ import annotations

from collections.abc import Iterable

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .access import refuse_unless_owner
from .actor import Actor
from .errors import Conflict
from .locks import lock_collection, lock_envelope
from .models import Collection


def restore(actor: Actor, collections: Iterable[Collection]) -> None:
    """Bring back all of `collections`, or none; one that is not marked stays as it is. The objects are read anew.

    Raises Conflict (too_late) when the fourteen days are over, NotFound (also for who does not own one).
    """
    given = {c.pk: c for c in collections}
    with atomic():
        for pk in sorted(given):
            collection = lock_collection(pk)
            refuse_unless_owner(actor, collection)
            if collection.delete_after is None:
                continue
            at = now(collection.organization.clock_offset)
            if collection.delete_after <= at:
                raise Conflict("too_late")
            collection.marked_deleted_at = collection.delete_after = None
            collection.save(update_fields=["marked_deleted_at", "delete_after"])
            for envelope in collection.envelopes.filter(erased_at=None, deleted_at=None).order_by("pk"):
                audit.append(lock_envelope(envelope.pk, content_erased=True), "restored", at, by=actor)
    for collection in given.values():
        collection.refresh_from_db()
