"""Files come in, get a blob and a handle, and go.

Bytes are brought to the store before the transaction that uses them (`stage`), because no slow work may happen under a lock; the
transaction only writes the handle (`new_file`). What is staged and never used, `delete_unreferenced` sweeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from undersigned.accounts.models import Credential, Organization, User
from undersigned.base import bounded, clock

from . import cache, intake, kinds, scan, storage
from .models import Blob, File

SPARED = timedelta(hours=24)
"""How long a staged blob may wait for its first handle. Far longer than any job between `stage` and commit."""


class TooLarge(Exception):
    """More bytes came than allowed; `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True)
class Received:
    """A file that came in and lies in a temporary file. Use as `with`: the temporary file is removed at the end."""

    path: Path
    sha256: str
    size: int

    def __enter__(self) -> Received:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class StagedBlob:
    """Bytes that are safely in the store and that no handle uses yet; spared by the sweep for 24 hours."""

    blob_id: int
    sha256: str
    size: int


def receive(stream: BinaryIO, limit: int | None = None) -> Received:
    """Stream at most `limit` bytes (default: the largest upload allowed) into a temporary file. Raises TooLarge."""
    limit = settings.MAX_UPLOAD_BYTES if limit is None else limit
    path = storage.new_temporary()
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("wb") as target:
            while piece := stream.read(storage.CHUNK):
                size += len(piece)
                if size > limit:
                    raise TooLarge(limit)
                digest.update(piece)
                target.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path, digest.hexdigest(), size)


def store_pdf(
    organization: Organization,
    received: Received,
    name: str,
    *,
    kind: str = File.Kind.UPLOAD,
    user: User | None = None,
    credential: Credential | None = None,
    **columns: Any,
) -> File:
    """Check a received PDF, store it and give it a handle; `columns` are further columns of File.

    Call it outside a transaction: checking takes up to `intake.LIMITS.wall` seconds. Raises `intake.Refused`, and as `take_in`. The temporary file is
    still there afterwards.
    """
    facts = intake.check(received.path)
    staged = take_in(organization.pk, received)
    with transaction.atomic():
        return new_file(
            adopt(staged),
            kind,
            name,
            created_by_user=user,
            created_by_credential=credential,
            **{"media_type": "application/pdf", "pages": facts.pages} | columns,
        )


def take_in(organization_id: int, received: Received, *, media_type: str = "application/pdf") -> StagedBlob:
    """Scan for viruses what somebody brought, and bring it into the store: the one way in for bytes that are not of our own making.

    Call it outside a transaction. Raises scan.Infected (nothing is kept then), scan.ScannerUnavailable.
    """
    verdict = scan.check(received.path)
    staged = stage(organization_id, received.path, media_type=media_type, known=received)
    scan.note(Blob.objects.get(pk=staged.blob_id), verdict)
    return staged


def store_file(
    organization: Organization,
    received: Received,
    name: str,
    *,
    kind: str = File.Kind.UPLOAD,
    user: User | None = None,
    credential: Credential | None = None,
    found: kinds.Examined | None = None,
    **columns: Any,
) -> File:
    """As `store_pdf`, for a file of any kind; one that cannot be signed itself has no number of pages.

    `found`: what `kinds.examine` said of it just now. Raises `intake.Refused`: empty, too_large; and what
    `take_in` raises.
    """
    found = found or kinds.examine(received.path)
    staged = take_in(organization.pk, received, media_type=found.media_type)
    with transaction.atomic():
        return new_file(
            adopt(staged),
            kind,
            name,
            created_by_user=user,
            created_by_credential=credential,
            **{"media_type": found.media_type, "pages": found.pages} | columns,
        )


def store_picture_as_pdf(organization: Organization, received: Received, name: str, **columns: Any) -> File:
    """As `store_pdf`, for a picture (JPEG, PNG, WebP) that becomes a PDF of one page, upright; `name` gets the ending .pdf.

    The picture itself is not kept. Raises `intake.Refused` (not_picture, too_large, timeout), and as `take_in`.
    """
    with Received(storage.new_temporary(".pdf"), "", 0) as made:
        try:
            bounded.run(
                "undersigned.files.photo:to_pdf",
                intake.PICTURE_LIMITS,
                source=str(received.path.absolute()),
                target=str(made.path),
            )
        except bounded.Refusal as e:
            raise intake.Refused(e.code, e.detail) from e
        except bounded.BoundedError as e:
            raise intake.Refused(intake.of_a_dead_child(e), str(e)) from e
        scan.check(
            received.path
        )  # as it came: a virus in it is worth knowing of, though none is in what was made of it
        sha256, size = _digest(made.path)
        stem, dot, ending = clean_name(name).rpartition(".")
        short = stem if dot and len(ending) <= 5 else clean_name(name)
        return store_pdf(organization, Received(made.path, sha256, size), f"{short}.pdf", **columns)


def stage(
    organization_id: int, path: Path, *, media_type: str = "application/pdf", known: Received | None = None
) -> StagedBlob:
    """Bring the bytes at `path` into the store. Call it before the transaction that will `adopt` them.

    `known` spares reading the file for its SHA-256 when that was just computed. Repeating is harmless.
    """
    sha256, size = (known.sha256, known.size) if known else _digest(path)
    key = storage.key_for(organization_id, sha256)
    # First the row, then the bytes: the sweep takes a row and its bytes together and spares fresh rows, so it can no longer
    # delete the bytes that are put, or found present, below.
    blob = Blob(
        organization_id=organization_id,
        sha256=sha256,
        size=size,
        storage_key=key,
        media_type=media_type,
        staged_at=clock.now(),
    )
    Blob.objects.bulk_create(
        [blob],
        update_conflicts=True,
        unique_fields=["organization", "sha256"],
        update_fields=["staged_at"],
    )
    storage.put(key, path, size)
    return StagedBlob(blob.pk, sha256, size)


def adopt(staged: StagedBlob) -> Blob:
    """The blob of staged bytes. Call it inside the transaction that gives it a handle."""
    return Blob.objects.get(pk=staged.blob_id, sha256=staged.sha256)


def new_file(blob: Blob, kind: str, name: str, **columns: Any) -> File:
    """A handle on `blob`, in the caller's transaction; `columns` are further columns of File."""
    return File.objects.create(
        organization_id=blob.organization_id, blob=blob, kind=kind, name=clean_name(name), **columns
    )


def copy_file(file: File, kind: str, **columns: Any) -> File:
    """Another handle on the same blob, so that each can be deleted in any order. Raises ValueError when `file` is erased."""
    if file.blob is None:
        raise ValueError("the file is erased")
    defaults = {"title": file.title, "pages": file.pages, "media_type": file.media_type}
    return new_file(file.blob, kind, file.name, **defaults | columns)


def erase_file(file: File, at: datetime) -> None:
    """Let go of the bytes and the name; the row stays with its id and dates. The sweep deletes bytes that have no handle left."""
    file.blob, file.name, file.title, file.erased_at = None, "", "", file.erased_at or at
    file.wire = {}
    file.save(update_fields=["blob", "name", "title", "erased_at", "wire"])


def clean_name(name: str) -> str:
    """A file name fit to be shown and sent in a header: the last part of a path, no control characters, at most 255 characters.

    The extension survives the cut.
    """
    name = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable()).strip(" .")
    if len(name) > 255:
        stem, dot, extension = name.rpartition(".")
        name = stem[: 254 - len(extension)] + dot + extension if dot and len(extension) <= 10 else name[:255]
    return name or "file"


def delete_after_commit(blobs: Collection[int]) -> None:
    """Their last handle may be gone with this transaction: once it commits, forget their pictures and delete their bytes.

    Whoever is killed before leaves it to the hourly sweep, and so do bytes that were brought in the last 24 hours.
    """
    if blobs:
        transaction.on_commit(lambda: _delete_now(blobs), robust=True)


def _delete_now(blobs: Collection[int]) -> None:
    for key in Blob.objects.filter(pk__in=blobs, files=None).values_list("storage_key", flat=True):
        cache.drop(key)
    delete_unreferenced(among=blobs)


def delete_unreferenced(limit: int = 1000, among: Collection[int] | None = None) -> int:
    """Delete up to `limit` blobs that no handle uses and that were staged over 24 hours ago; return how many.

    `among`: of these ids only. Row and bytes go under the row's lock, so that a simultaneous `stage` of the same bytes waits and then brings them again. Nobody
    else can want that lock: the row has no handle.
    """
    stale = Blob.objects.filter(files__isnull=True, staged_at__lt=clock.now() - SPARED)
    if among is not None:
        stale = stale.filter(pk__in=among)
    deleted = 0
    for pk in list(stale.order_by("staged_at").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            blob = Blob.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if blob is None or blob.files.exists() or blob.staged_at >= clock.now() - SPARED:
                continue
            storage.delete(blob.storage_key)
            cache.drop(blob.storage_key)
            blob.delete()
            deleted += 1
    return deleted


def _digest(path: Path) -> tuple[str, int]:
    return storage.sha256_of(path), path.stat().st_size
