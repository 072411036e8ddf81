"""Files that programs keep here for a while (`files.session`): they go when their time is over and no living envelope has them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.envelopes.models import Document
from undersigned.files.models import File
from undersigned.files.store import delete_after_commit, erase_file

from . import overdue


def close_expired() -> int:
    """Close those past `expires_at` by their organisation's clock; returns how many.

    One whose bytes are in an envelope that still has its content stays as long as that has.
    """
    return overdue.each(_due, _close, "closed")


def _due(at: datetime, offset: timedelta) -> QuerySet[File]:
    living = Document.objects.filter(
        original__blob=OuterRef("blob"),
        removed_at=None,
        envelope__erased_at=None,
        envelope__deleted_at=None,
        envelope__content_erased_at=None,
    )
    found = File.objects.filter(
        ~Exists(living),
        kind=File.Kind.SESSION,
        expires_at__lte=at,
        closed_at=None,
        organization__clock_offset=offset,
    )
    return found.order_by("expires_at")


def _close(pk: int) -> bool:
    with atomic():
        offset = Organization.objects.get(files=pk).clock_offset
        at = clock.now(offset)
        # Asked again under its lock: an order may have been made of it, or its time prolonged.
        file = _due(at, offset).select_for_update(of=("self",)).filter(pk=pk).first()
        if file is None:
            return False
        blob_id = file.blob_id
        file.closed_at = at
        file.save(update_fields=["closed_at"])
        erase_file(file, at)
        delete_after_commit({blob_id} if blob_id is not None else set())
    return True
