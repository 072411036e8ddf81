"""Row locks, always in the same order: collection first, then envelopes by id. So no two use cases wait for each other."""

from __future__ import annotations

from undersigned.base.db import one_or_none

from .errors import NotFound
from .models import Collection, Envelope


def lock_collection(collection_id: int) -> Collection:
    """Lock and read a collection anew. Raises NotFound when it has been erased meanwhile."""
    found = one_or_none(Collection.objects.select_for_update().filter(pk=collection_id, erased_at=None))
    if found is None:
        raise NotFound
    return found


def lock_envelope(envelope_id: int, *, content_erased: bool = False, put_away: bool = False) -> Envelope:
    """Lock an envelope (its collection before it) and read it anew. Raises NotFound when it, or its content, has been erased meanwhile.

    `content_erased`: also one without its content, for what may still become of such a one. `put_away`: also one that is in no list any
    more (`put_away`), for its erasure.
    """
    collection = one_or_none(
        Collection.objects.select_for_update(of=("self",)).filter(envelopes=envelope_id, erased_at=None)
    )
    found = one_or_none(
        Envelope.objects.select_for_update(of=("self",))
        .select_related("organization", "owner_user")
        .filter(pk=envelope_id, erased_at=None)
    )
    if found is None or (found.deleted_at is not None and not put_away):
        raise NotFound
    if found.collection_id != (collection.pk if collection is not None else None):
        raise NotFound  # its collection is erased
    if found.content_erased_at is not None and not content_erased:
        raise NotFound
    found.collection = collection
    return found
