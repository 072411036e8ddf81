"""The look that is kept with a key: cleaned like one that is uploaded in the room, and shown in its visible signatures."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from undersigned.base import bounded, clock
from undersigned.base.db import atomic
from undersigned.files import scan, storage, store
from undersigned.files.models import File
from undersigned.files.store import Received

from .appearance import IMAGE_MAX, UnusableLook, clean_image
from .models import SigningIdentity

WIDTH = 1600
"""Pixels to which the page of a PDF is drawn."""
_DRAWING = bounded.Limits(memory=1 << 30, cpu=10, wall=20.0, file_size=64 << 20)


def keep_look(identity: SigningIdentity, received: Received, name: str, title: str = "") -> File:
    """Keep a picture, or the first page of a PDF, as the look of the identity's signatures; the former one is let go.

    Call it outside a transaction. Raises UnusableLook, `files.scan.Infected`, `files.scan.ScannerUnavailable`.
    """
    if received.size > IMAGE_MAX:
        raise UnusableLook("too_large")
    scan.check(received.path)  # as it came; nothing of it but its ink is kept
    picture = clean_image(_as_picture(received.path))
    digest = hashlib.sha256(picture).hexdigest()
    with Received(storage.new_temporary(".png"), digest, len(picture)) as cleaned:
        cleaned.path.write_bytes(picture)
        staged = store.take_in(identity.user.organization_id, cleaned, media_type="image/png")
    with atomic():
        row = SigningIdentity.objects.select_for_update().get(pk=identity.pk)
        file = store.new_file(
            store.adopt(staged),
            File.Kind.APPEARANCE,
            f"{Path(store.clean_name(name)).stem}.png",
            title=title,
            media_type="image/png",
            pages=1,
            pub=str(uuid.uuid4()),
            created_by_user=row.user,
        )
        _replace(row, file)
    identity.appearance = file
    return file


def drop_look(identity: SigningIdentity) -> None:
    """Signatures with the key look as their signer has it at the time. Without effect where no look is kept."""
    with atomic():
        _replace(SigningIdentity.objects.select_for_update().get(pk=identity.pk), None)
    identity.appearance = None


def _replace(row: SigningIdentity, file: File | None) -> None:
    former = row.appearance
    row.appearance = file
    row.save(update_fields=["appearance"])
    if former is not None:
        store.erase_file(former, clock.now())


def _as_picture(path: Path) -> bytes:
    with path.open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    if not is_pdf:
        return path.read_bytes()
    with storage.temporary_file(".jpg") as drawn:
        try:
            bounded.run(
                "undersigned.files.drawing:draw",
                _DRAWING,
                path=str(path.absolute()),
                page=1,
                width=WIDTH,
                target=str(drawn),
            )
        except (bounded.Refusal, bounded.BoundedError) as e:
            raise UnusableLook("not_picture") from e
        return drawn.read_bytes()
