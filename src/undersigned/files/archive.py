"""The archive: files that stay when the envelope they came from is gone, until whoever had them put there takes them out.

A file's copy in the archive is a handle of its own on the same bytes, under the same public id.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from undersigned.accounts.models import Credential, User

from . import store
from .models import ArchiveEntry, Blob, File


def keep(
    file: File,
    at: datetime,
    *,
    origin: str,
    user: User | None,
    client: Credential | None,
    evidence: Blob | None = None,
) -> ArchiveEntry:
    """Put a copy of `file`, which has a public id, into the archive, with the evidence (PDF) of how it came about.

    In the caller's transaction. `origin`: public id of the envelope. Raises ValueError when the file is erased or has no public id.
    """
    if not file.pub:
        raise ValueError("a file without a public id")
    copy = store.copy_file(
        file, File.Kind.ARCHIVE, pub=file.pub, created_by_user=user, created_by_credential=client
    )
    beside = (
        store.new_file(evidence, File.Kind.EVIDENCE, f"{copy.name} - evidence.pdf", media_type="application/pdf")
        if evidence is not None
        else None
    )  # fmt: skip
    return ArchiveEntry.objects.create(
        file=copy,
        organization_id=copy.organization_id,
        evidence=beside,
        origin=origin,
        created_at=at,
    )


def kept(client: Credential) -> QuerySet[File]:
    """What the client has in the archive."""
    return File.objects.filter(
        kind=File.Kind.ARCHIVE,
        organization=client.organization_id,
        created_by_credential=client,
        erased_at=None,
        archive_entry__deleted_at=None,
    ).select_related("blob", "archive_entry__evidence")


def ids_of(files: Collection[File]) -> dict[int, str]:
    """By id of the row, the public ids of those of `files` (results, packages) that have a copy in the archive."""
    pubs = {f.pub: f.pk for f in files if f.pub}
    there = File.objects.filter(
        kind=File.Kind.ARCHIVE, pub__in=list(pubs), erased_at=None, archive_entry__deleted_at=None
    ).values_list("pub", flat=True)
    return {pubs[pub]: pub for pub in there if pub is not None}


def delete(client: Credential, pub: str, at: datetime) -> bool:
    """Take a file and its evidence out, in the caller's transaction; False when there is none. The row stays, with its dates."""
    file = kept(client).filter(pub=pub).select_for_update(of=("self",)).first()
    if file is None:
        return False
    entry = file.archive_entry
    ArchiveEntry.objects.filter(pk=entry.pk).update(deleted_at=at)
    blobs = set()
    for one in (file, entry.evidence):
        if one is not None and one.blob_id is not None:
            blobs.add(one.blob_id)
            store.erase_file(one, at)
    store.delete_after_commit(blobs)
    return True
