"""Change the documents of a draft. A document that is taken out or replaced stays as a row, for the record."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File

from . import audit
from .actor import Actor
from .add_document import begin, format_for
from .drafts import locked_draft
from .errors import NotFound
from .models import Document, Envelope, Field


def remove_document(actor: Actor, envelope_id: int, document_id: int) -> None:
    """Take a document out, with its fields. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        take_out(actor, _document(envelope, document_id))


def replace_document(actor: Actor, envelope_id: int, document_id: int, file: File) -> Document:
    """Put `file` (already through intake) in a document's place; fields on pages that it has, too, stay.

    Raises Invalid (file required, not_pdf), Conflict (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        old = _document(envelope, document_id)
        how = format_for(envelope, file)
        at = now(envelope.organization.clock_offset)
        fields = list(Field.objects.filter(document=old, page__lte=file.pages or 0))
        for field in fields:
            field.pk = None
        take_out(actor, old)
        new = Document.objects.create(
            envelope=envelope,
            position=old.position,
            title=file.name,
            format=how,
            original=file,
            created_at=at,
        )
        begin(new, file, actor, at)
        for field in fields:
            field.document = new
            field.save(force_insert=True)
    return new


def move_document(envelope_id: int, document_id: int, *, up: bool) -> None:
    """Swap a document with its neighbour; no effect at the end. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        mine = _document(envelope, document_id)
        others = envelope.documents.filter(removed_at=None)
        if up:
            other = others.filter(position__lt=mine.position).order_by("-position").first()
        else:
            other = others.filter(position__gt=mine.position).order_by("position").first()
        if other is None:
            return
        # Through a free third value: no database defers a partial unique index.
        for row, position in ((mine, 0), (other, mine.position), (mine, other.position)):
            Document.objects.filter(pk=row.pk).update(position=position)
        envelope.save(update_fields=["updated_at"])


def _document(envelope: Envelope, document_id: int) -> Document:
    found = envelope.documents.filter(pk=document_id, removed_at=None).first()
    if found is None:
        raise NotFound
    return found


def take_out(actor: Actor, document: Document) -> None:
    """Take a document out of a locked draft, with its fields; its row stays, for the record."""
    envelope = document.envelope
    at = now(envelope.organization.clock_offset)
    Field.objects.filter(document=document).delete()
    document.removed_at = at
    document.save(update_fields=["removed_at"])
    audit.append(envelope, "document_removed", at, by=actor, document_id=document.pk, filename=document.title)
