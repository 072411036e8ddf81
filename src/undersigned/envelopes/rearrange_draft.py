"""Change the documents of a draft of groups one by one; what is planned with a document goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File

from . import audit
from .actor import Actor
from .draft_content import DOCUMENTS_MAX, DraftDocument, put_documents, put_plan
from .drafts import locked_draft
from .errors import Invalid, NotFound
from .models import Document, Envelope
from .plan import PlannedDocument, plan_of

Part: TypeAlias = tuple[DraftDocument, PlannedDocument]
"""A document and what is planned with it."""


def append_file(actor: Actor, envelope_id: int, file: File) -> Envelope:
    """Put `file` (already through intake) into a draft as its last document, with nothing planned yet.

    Raises Invalid (documents too_many; file not_pdf), Conflict (already_sent), NotFound.
    """

    def change(parts: list[Part]) -> None:
        parts.append((DraftDocument(file=file, number=_next(parts)), PlannedDocument(document=1)))

    return _change(actor, envelope_id, change)


def swap_documents(actor: Actor, envelope_id: int, number: int, other: int) -> Envelope:
    """Two documents, by their numbers, change places. Numbers belong to places, so they change too.

    Raises Conflict (already_sent), NotFound (also for a number that no document has).
    """

    def change(parts: list[Part]) -> None:
        one, two = _index(parts, number), _index(parts, other)
        parts[one], parts[two] = _numbered(parts[two], number), _numbered(parts[one], other)

    return _change(actor, envelope_id, change)


def replace_file(actor: Actor, envelope_id: int, number: int, file: File) -> Envelope:
    """Put `file` behind a document; what is planned with it stays. Raises Invalid (file not_pdf), Conflict (already_sent), NotFound."""

    def change(parts: list[Part]) -> None:
        index = _index(parts, number)
        document, planned = parts[index]
        parts[index] = (DraftDocument(file=file, number=number, wire=document.wire), planned)

    return _change(actor, envelope_id, change)


def clone_with_file(actor: Actor, envelope_id: int, number: int, file: File) -> Envelope:
    """Add a document with `file`, and with what is planned with another one, which stays.

    Raises Invalid (documents too_many; file not_pdf), Conflict (already_sent), NotFound.
    """

    def change(parts: list[Part]) -> None:
        document, planned = parts[_index(parts, number)]
        parts.append((DraftDocument(file=file, number=_next(parts), wire=document.wire), planned))

    return _change(actor, envelope_id, change)


def remove_file(actor: Actor, envelope_id: int, file_id: int) -> Envelope:
    """Take out the documents that show a file (row id), and what is planned with them. Raises Conflict (already_sent), NotFound."""

    def change(parts: list[Part]) -> None:
        kept = [p for p in parts if p[0].file is None or p[0].file.pk != file_id]
        if len(kept) == len(parts):
            raise NotFound
        parts[:] = kept

    return _change(actor, envelope_id, change)


def _change(actor: Actor, envelope_id: int, change: Callable[[list[Part]], None]) -> Envelope:
    with atomic():
        envelope = locked_draft(envelope_id)
        at = now(envelope.organization.clock_offset)
        parts = _parts(envelope)
        change(parts)
        if len(parts) > DOCUMENTS_MAX:
            raise Invalid({"documents": ["too_many"]})
        _put(actor, envelope, parts, at)
    return envelope


def _parts(envelope: Envelope) -> list[Part]:
    planned = {d.document: d for d in plan_of(envelope).documents or ()}
    rows = envelope.documents.filter(removed_at=None).select_related("original").order_by("position")
    return [(_as_it_is(d), planned.get(d.position) or PlannedDocument(document=d.position)) for d in rows]


def _as_it_is(row: Document) -> DraftDocument:
    number = row.position - 1 if row.wire_no is None else row.wire_no
    return DraftDocument(row.title, row.original, number, row.source_url, row.wire)


def _put(actor: Actor, envelope: Envelope, parts: list[Part], at: datetime) -> None:
    put_documents(actor, envelope, [document for document, _ in parts], at)
    put_plan(
        envelope,
        [planned.model_copy(update={"document": n}) for n, (_, planned) in enumerate(parts, start=1)],
    )
    audit.append(envelope, "changed", at, by=actor, changed=["documents"])
    envelope.save()


def _next(parts: list[Part]) -> int:
    """A number that no document has, above all."""
    return max((d.number or 0 for d, _ in parts), default=-1) + 1


def _index(parts: list[Part], number: int) -> int:
    found = next((i for i, (d, _) in enumerate(parts) if d.number == number), None)
    if found is None:
        raise NotFound
    return found


def _numbered(part: Part, number: int) -> Part:
    document, planned = part
    return DraftDocument(document.title, document.file, number, document.source_url, document.wire), planned
