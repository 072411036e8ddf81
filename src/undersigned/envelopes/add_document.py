"""Add a stored file to a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files import forms
from undersigned.files.forms import FormField
from undersigned.files.intake import Refused
from undersigned.files.models import File
from undersigned.files.storage import local_path
from undersigned.files.store import copy_file
from undersigned.sealing.fill import can_print

from . import audit
from .actor import Actor
from .drafts import locked_draft
from .errors import Invalid
from .models import Document, DocumentVersion, Envelope, Field, Sitting
from .policy import Policy

_LENT = (File.Kind.SESSION, File.Kind.ARCHIVE)
"""Files that have an owner and a lifetime of their own: an envelope gets another handle on their bytes."""


@dataclass(frozen=True)
class NewForm:
    """What becomes of the form in a PDF. `interactive`: a person fills in the rest; `values` by field name, names that it lacks are passed over."""

    interactive: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NewDocument:
    """A document. Without a file, somebody will be asked to bring it (`upload`). `format`: None for what the file allows."""

    title: str
    file: File | None = None
    format: Document.Format | None = None
    form: NewForm | None = None


def add_document(actor: Actor, envelope_id: int, file: File) -> Document:
    """Put `file` (already through intake) into a draft as its last document. One without pages is signed by a statement page.

    Raises Invalid (filename already_used; file not_pdf, where the policy refuses what is no PDF that takes signatures), Conflict
    (already_sent), NotFound.
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
        return put(actor, envelope, file, at, (last or 0) + 1)


def put(actor: Actor, envelope: Envelope, file: File, at: datetime, position: int) -> Document:
    """The row of a document at a free position of a locked envelope. Raises Invalid (file required) when the file was erased meanwhile."""
    document = Document.objects.create(
        envelope=envelope,
        position=position,
        title=file.name,
        format=format_for(envelope, file),
        original=file,
        created_at=at,
    )
    begin(document, file, actor, at)
    return document


def fields_of(new: NewDocument) -> list[FormField]:
    """The fields of a new document's form with the values that the sender gives. Slow (some 10 ms): call it outside a transaction.

    Raises Invalid: form none (no PDF, or one without a form), or the code of `files.intake.Refused`; form.<name> too_long, not_an_option,
    unprintable.
    """
    if new.form is None or new.file is None or new.file.blob is None:
        return []
    try:
        with local_path(new.file.blob) as path:
            found = forms.fields_of(path)
    except Refused as e:
        raise Invalid({"form": [e.code]}) from e
    if not found:
        raise Invalid({"form": ["none"]})
    faults: dict[str, list[str]] = {}
    filled = []
    for one in found:
        given = new.form.values.get(one.name)
        if given is not None and (fault := one.fault(given)):
            faults[f"form.{one.name}"] = [fault]
        elif given is not None and not can_print(one, given):
            faults[f"form.{one.name}"] = ["unprintable"]
        filled.append(one if given is None else one.model_copy(update={"value": one.normal(given)}))
    if faults:
        raise Invalid(faults)
    return filled


def put_new(
    actor: Actor, envelope: Envelope, new: NewDocument, form: Sequence[FormField], at: datetime, position: int
) -> Document:
    """The row of a new document, perhaps without its file; `form` is what `fields_of` found. Raises Invalid as `put`."""
    if new.file is None:
        return Document.objects.create(
            envelope=envelope,
            position=position,
            title=new.title,
            format=new.format or Document.Format.PADES,
            created_at=at,
        )
    file = copy_file(new.file, File.Kind.UPLOAD) if new.file.kind in _LENT else new.file
    document = Document.objects.create(
        envelope=envelope,
        position=position,
        title=new.title or file.name,
        format=new.format or format_for(envelope, file),
        original=file,
        created_at=at,
    )
    begin(document, file, actor, at)
    Field.objects.bulk_create(
        Field(
            document=document,
            key=one.name,
            kind=Field.Kind.ACROFORM,
            page=one.page,
            required=one.required,
            form=one.model_dump(mode="json"),
            value=one.value or None,
        )
        for one in form
    )
    return document


def format_for(envelope: Envelope, file: File) -> Document.Format:
    """How `file` is signed in this envelope. Raises Invalid (file not_pdf)."""
    if file.pages is not None:
        return Document.Format.PADES
    if Policy.model_validate(envelope.policy).not_pdf == "refuse":
        raise Invalid({"file": ["not_pdf"]})
    return Document.Format.STATEMENT


def begin(document: Document, file: File, by: Actor | Sitting, at: datetime) -> None:
    """Make `file` the first version of a document of a locked envelope. Raises Invalid when it was erased between upload and here."""
    blob = file.blob
    if blob is None:
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
        document.envelope,
        "document_added",
        at,
        by=by,
        document_id=document.pk,
        filename=file.name,
        sha256=blob.sha256,
        size=blob.size,
    )
