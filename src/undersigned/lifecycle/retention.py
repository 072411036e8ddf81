"""What goes when its time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from undersigned.accounts import password_tokens, tokens
from undersigned.accounts.models import Attempt, IdempotencyRecord
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.envelopes.erase import erase_collection, erase_content, erase_envelope
from undersigned.envelopes.models import Collection, Envelope, Sitting
from undersigned.files.storage import delete_leftovers
from undersigned.files.store import delete_unreferenced

from . import overdue

BATCH = 200
"""Of each kind and of one test clock that a run erases at most: other work waits behind it."""


def erase_due() -> int:
    """Erase what is past its time by its organisation's clock; returns how many."""
    kinds: list[tuple[overdue.Rows, Callable[[int], bool]]] = [
        (_contents, erase_content),
        (_envelopes, _envelope),
        (_removed, _collection),
        (_collections, _collection),
    ]
    return sum(overdue.each(rows, erase, "erased", BATCH) for rows, erase in kinds)


def _contents(at: datetime, offset: timedelta) -> QuerySet[Envelope]:
    return _kept(offset).filter(content_erase_at__lte=at).order_by("content_erase_at")


def _envelopes(at: datetime, offset: timedelta) -> QuerySet[Envelope]:
    return _kept(offset).filter(erase_at__lte=at).order_by("erase_at")


def _kept(offset: timedelta) -> QuerySet[Envelope]:
    """What is not erased yet. Who still has to be told keeps no other from its turn."""
    on_the_way = Message.objects.filter(
        envelope_id=OuterRef("pk"), purpose="cancelled", state=Message.State.QUEUED
    )
    kept = Envelope.objects.filter(organization__clock_offset=offset, erased_at=None)
    return kept.exclude(Exists(on_the_way))


def _removed(at: datetime, offset: timedelta) -> QuerySet[Collection]:
    found = Collection.objects.filter(organization__clock_offset=offset, erased_at=None)
    return found.filter(delete_after__lte=at).order_by("delete_after")


def _collections(at: datetime, offset: timedelta) -> QuerySet[Collection]:
    found = Collection.objects.filter(organization__clock_offset=offset, erased_at=None)
    return found.filter(erase_at__lte=at).order_by("erase_at")


def _envelope(pk: int) -> bool:
    return erase_envelope(pk, if_due=True)


def _collection(pk: int) -> bool:
    return erase_collection(pk, if_due=True)


def sweep() -> None:
    """Bytes without a handle, looks of signatures of sittings that are over, counters and answers that are no longer needed."""
    delete_unreferenced()
    delete_leftovers()
    for offset in overdue.clocks():
        over = clock.now(offset) - timedelta(days=1)
        Sitting.objects.filter(
            last_seen__lt=over, recipient__envelope__organization__clock_offset=offset
        ).exclude(appearance=None).update(appearance=None)
    at = clock.now()
    Attempt.objects.filter(at__lt=at - timedelta(days=1)).delete()
    IdempotencyRecord.objects.filter(expires_at__lt=at).delete()
    tokens.prune(at)
    password_tokens.prune()
