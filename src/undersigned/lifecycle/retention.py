"""What goes when its time is over."""

from __future__ import annotations

from datetime import timedelta

from undersigned.accounts.models import Attempt, IdempotencyRecord
from undersigned.base import clock
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.models import Collection, Sitting
from undersigned.files.storage import delete_leftovers
from undersigned.files.store import delete_unreferenced

BATCH = 200


def erase_due() -> int:
    """Erase collections past `erase_at`, each in its own transaction; returns how many."""
    due = Collection.objects.filter(erase_at__lte=clock.now(), erased_at=None).order_by("erase_at")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for collection_id in ids:
        erase_collection(collection_id)
    return len(ids)


def sweep() -> None:
    """Bytes without a handle, looks of signatures of sittings that are over, counters and answers that are no longer needed."""
    delete_unreferenced()
    delete_leftovers()
    at = clock.now()
    Sitting.objects.filter(last_seen__lt=at - timedelta(days=1)).exclude(appearance=None).update(
        appearance=None
    )
    Attempt.objects.filter(at__lt=at - timedelta(days=1)).delete()
    IdempotencyRecord.objects.filter(expires_at__lt=at).delete()
