"""Files that a program keeps here for a while: brought by one client, read and deleted by the same, gone after 30 days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest

from undersigned.accounts.models import Credential

from . import store
from .kinds import Examined
from .models import File

KEPT = timedelta(days=30)


def keep(
    staged: store.StagedBlob,
    client: Credential,
    pub: str,
    name: str,
    at: datetime,
    found: Examined,
    **columns: Any,
) -> File:
    """A handle for 30 days from `at`, in the caller's transaction; `columns` are further columns of File."""
    return store.new_file(
        store.adopt(staged),
        File.Kind.SESSION,
        name,
        pub=pub,
        pages=found.pages,
        created_by_user=client.user,
        created_by_credential=client,
        expires_at=at + KEPT,
        **{"media_type": found.media_type} | columns,
    )


def kept(client: Credential, at: datetime) -> QuerySet[File]:
    """What the client has here at `at`."""
    return File.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        kind=File.Kind.SESSION,
        organization=client.organization_id,
        created_by_credential=client,
        closed_at=None,
        erased_at=None,
    ).select_related("blob")


def keep_until(files: Collection[int], moment: datetime) -> None:
    """Keep these files (row ids) at least until `moment`."""
    File.objects.filter(pk__in=files, closed_at=None).update(expires_at=Greatest("expires_at", moment))


def close(client: Credential, pub: str, at: datetime) -> bool:
    """Take the file away, in the caller's transaction; False when there is none. Whoever uses it has a handle of their own."""
    file = kept(client, at).filter(pub=pub).select_for_update(of=("self",)).first()
    if file is None:
        return False
    blob_id = file.blob_id
    file.closed_at = at
    file.save(update_fields=["closed_at"])
    store.erase_file(file, at)
    store.delete_after_commit({blob_id} if blob_id is not None else set())
    return True
