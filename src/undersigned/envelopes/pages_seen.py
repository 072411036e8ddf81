"""Which pages a signer's browser has loaded, for the evidence."""

from __future__ import annotations

from undersigned.base.db import atomic

from .models import Sitting


def record_page(sitting: Sitting, document_id: int, page: int) -> None:
    """Remember that `page` (from 1) of a document was shown; a repetition writes nothing."""
    if page in sitting.pages_seen.get(str(document_id), []):
        return
    with atomic():
        fresh = Sitting.objects.select_for_update().get(pk=sitting.pk)
        seen = set(fresh.pages_seen.get(str(document_id), [])) | {page}
        fresh.pages_seen[str(document_id)] = sorted(seen)
        fresh.save(update_fields=["pages_seen"])
