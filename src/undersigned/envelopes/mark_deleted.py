"""Remove collections: out of lists and unsignable at once, erased after fourteen days in which their owners can bring them back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .access import refuse_unless_owner
from .actor import Actor
from .errors import Invalid
from .locks import lock_collection, lock_envelope
from .messages import is_mailbox
from .models import Collection
from .removal_notice import tell_removal

GRACE = timedelta(days=14)


def mark_deleted(
    actor: Actor, collections: Iterable[Collection], mail_to: Iterable[str] = (), message: str = ""
) -> None:
    """Begin the removal of all of `collections`, or of none; one that is marked already keeps its first date, and nobody is written to.

    `mail_to`: mail addresses of those who should know, told until when it can be brought back, with `message`. The objects are read
    anew. Raises Invalid (mail_to: invalid), NotFound (also for who does not own one).
    """
    addresses = list(dict.fromkeys(mail_to))
    if not all(is_mailbox(address) for address in addresses):
        raise Invalid({"mail_to": ["invalid"]})
    given = {c.pk: c for c in collections}
    with atomic():
        for pk in sorted(given):
            collection = lock_collection(pk)
            refuse_unless_owner(actor, collection)
            if collection.marked_deleted_at is None:
                _mark(actor, collection, addresses, message)
    for collection in given.values():
        collection.refresh_from_db()


def _mark(actor: Actor, collection: Collection, addresses: list[str], message: str) -> None:
    at = now(collection.organization.clock_offset)
    collection.marked_deleted_at, collection.delete_after = at, at + GRACE
    collection.save(update_fields=["marked_deleted_at", "delete_after"])
    for envelope in collection.envelopes.filter(erased_at=None, deleted_at=None).order_by("pk"):
        audit.append(lock_envelope(envelope.pk, content_erased=True), "marked_deleted", at, by=actor)
    tell_removal(collection, actor.user.full_name, addresses, message, at)
