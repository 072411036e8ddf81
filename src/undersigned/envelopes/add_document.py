"""Add a stored file to a draft."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File

from . import audit
from .actor import Actor
from .drafts import locked_draft
from .errors import Invalid
from .models import Document, DocumentVersion
from .policy import Policy


def add_document(actor: Actor, envelope_id: int, file: File) -> Document:
    """Put `file` (already through intake) into a draft as its last document.

    Raises Invalid (filename already_used), Conflict (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        policy = Policy.model_validate(envelope.policy)
        if policy.unique_names and envelope.documents.filter(title=file.name, removed_at=None).exists():
            raise Invalid({"filename": ["already_used"]})
        at = now(envelope.organization.clock_offset)
        last = (
            envelope.documents.filter(removed_at=None)
            .order_by("-position")
            .values_list("position", flat=True)
            .first()
        )
        document = Document.objects.create(
            envelope=envelope, position=(last or 0) + 1, title=file.name, original=file, created_at=at
        )
        blob = file.blob
        if blob is None:  # erased between upload and here
            raise Invalid({"file": ["required"]})
        document.head = DocumentVersion.objects.create(
            document=document,
            seq=1,
            kind=DocumentVersion.Kind.ORIGINAL,
            file=file,
            sha256=blob.sha256,
            created_at=at,
        )
        document.save(update_fields=["head"])
        audit.append(
            envelope,
            "document_added",
            at,
            by=actor,
            document_id=document.pk,
            filename=file.name,
            sha256=blob.sha256,
            size=blob.size,
        )
    return document
