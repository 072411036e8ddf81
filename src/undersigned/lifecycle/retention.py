"""What goes when its time is over."""

from __future__ import annotations

import logging
from datetime import timedelta

from undersigned.accounts.models import Attempt, IdempotencyRecord, Organization
from undersigned.base import clock
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.models import Collection, Sitting
from undersigned.files.storage import delete_leftovers
from undersigned.files.store import delete_unreferenced

logger = logging.getLogger(__name__)
BATCH = 200
"""Collections of one test clock that a tick erases at most."""


def erase_due() -> int:
    """Erase collections past `erase_at` by their organisation's clock, each in its own transaction; returns how many.

    One that cannot be erased is logged and tried again at the next tick; it keeps no other.
    """
    erased = 0
    for offset in Organization.objects.values_list("clock_offset", flat=True).distinct():
        due = Collection.objects.filter(
            erase_at__lte=clock.now(offset), erased_at=None, organization__clock_offset=offset
        )
        for collection_id in list(due.order_by("erase_at").values_list("pk", flat=True)[:BATCH]):
            try:
                erase_collection(collection_id)
            except Exception:
                logger.exception("collection %s cannot be erased", collection_id)
            else:
                erased += 1
    return erased


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
