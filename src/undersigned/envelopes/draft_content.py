"""What a draft of groups says in full: its documents, who does what with them, tags, who else sees it; and putting it onto rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F

from undersigned.base.text import is_one_line
from undersigned.files.models import File
from undersigned.files.store import copy_file

from . import clocks, search
from .actor import Actor
from .add_document import begin, format_for
from .create_envelope import checked_title
from .edit_documents import take_out
from .errors import Invalid
from .grants import NewGrant, grant
from .models import Document, Envelope, EnvelopeTag, Grant
from .plan import Plan, PlannedDocument
from .policy import Policy
from .ports import dialect

DOCUMENTS_MAX = 50
TAG_MAX = 200
TAGS_MAX = 100
_AWAY = 1_000_000
"""Added to positions while rows change places: no database defers a partial unique index."""


@dataclass(frozen=True)
class DraftDocument:
    """A document of a draft. `file` may come later; `number` is the API's own for it, else its position."""

    title: str = ""
    file: File | None = None
    number: int | None = None
    source_url: str = ""
    """Where the file is fetched from."""
    wire: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftContent:
    """All of a draft. `plan`: what is planned with the document at each position (from 1). `policy`: values that differ from the API's own."""

    title: str
    documents: tuple[DraftDocument, ...] = ()
    plan: tuple[PlannedDocument, ...] = ()
    tags: tuple[str, ...] = ()
    readers: tuple[NewGrant, ...] = ()
    copies: tuple[NewGrant, ...] = ()
    """Who also gets a copy of what was signed."""
    expires_at: datetime | None = None
    template: bool = False
    public: bool = False
    urgent: bool = False
    return_url: str = ""
    policy: Mapping[str, object] = field(default_factory=dict)
    wire: Mapping[str, Any] = field(default_factory=dict)
    sealed: str | None = None
    """JSON with what may be personal in the API's own."""


def faults_of(content: DraftContent) -> dict[str, list[str]]:
    """What is wrong with the whole: title required, too_long, invalid; documents too_many; tags too_many; tags.N too_long, invalid.

    Whether it can be sent is asked then, not before.
    """
    faults: dict[str, list[str]] = {}
    try:
        checked_title(content.title)
    except Invalid as e:
        faults |= e.faults
    if len(content.documents) > DOCUMENTS_MAX:
        faults["documents"] = ["too_many"]
    if len(content.tags) > TAGS_MAX:
        faults["tags"] = ["too_many"]
    for number, tag in enumerate(content.tags):
        if len(tag) > TAG_MAX:
            faults[f"tags.{number}"] = ["too_long"]
        elif not tag.strip() or not is_one_line(tag):
            faults[f"tags.{number}"] = ["invalid"]
    return faults


def put_content(actor: Actor, envelope: Envelope, content: DraftContent, at: datetime) -> None:
    """Make a locked draft say this and nothing else. Raises Invalid as `faults_of`; documents.N.file not_pdf, required (erased meanwhile)."""
    if faults := faults_of(content):
        raise Invalid(faults)
    envelope.title = checked_title(content.title)
    envelope.template, envelope.public = content.template, content.public
    envelope.urgent, envelope.return_url = content.urgent, content.return_url
    envelope.expires_at = content.expires_at
    own = dialect(envelope.dialect).policy.model_dump()
    envelope.policy = Policy.model_validate(own | dict(content.policy)).model_dump(mode="json")
    envelope.wire, envelope.wire_sealed = dict(content.wire), content.sealed
    put_plan(envelope, content.plan)
    put_documents(actor, envelope, content.documents, at)
    EnvelopeTag.objects.filter(envelope=envelope).delete()
    EnvelopeTag.objects.bulk_create(
        EnvelopeTag(envelope=envelope, tag=tag, position=position)
        for position, tag in enumerate(dict.fromkeys(content.tags))
    )
    put_grants(envelope, content.readers, content.copies)
    clocks.wind(envelope, at)  # a template stays
    envelope.save()
    search.rebuild(envelope)


def put_grants(envelope: Envelope, readers: Iterable[NewGrant], copies: Iterable[NewGrant]) -> None:
    """Replace who else sees it and who gets copies; owners stay."""
    Grant.objects.filter(envelope=envelope, right__in=[Grant.Right.SEE, Grant.Right.COPY]).delete()
    grant(envelope, Grant.Right.SEE, readers)
    grant(envelope, Grant.Right.COPY, copies)


def put_plan(envelope: Envelope, planned: Iterable[PlannedDocument]) -> None:
    """Set who does what; unsaved."""
    envelope.plan = Plan(documents=tuple(planned)).model_dump(mode="json", exclude_defaults=True)


def put_documents(actor: Actor, envelope: Envelope, wanted: Sequence[DraftDocument], at: datetime) -> None:
    """Make these the documents of a locked draft, in this order. A row whose file is still wanted stays, whatever its new place; what is not
    wanted is taken out. Raises Invalid (documents.N.file not_pdf, required)."""
    free = list(envelope.documents.filter(removed_at=None).select_related("original").order_by("position"))
    envelope.documents.filter(removed_at=None).update(position=F("position") + _AWAY)
    kept: dict[int, Document] = {}
    for exact in (True, False):  # whoever asks for the very same first, so that nobody else takes it
        for position, one in enumerate(wanted, start=1):
            row = None if position in kept else _same(free, one, exact=exact)
            if row is not None:
                free.remove(row)
                kept[position] = row
    for row in free:
        take_out(actor, row)
    for position, one in enumerate(wanted, start=1):
        number = position if one.number is None else one.number
        if position in kept:
            row = kept[position]
            row.position, row.wire_no, row.wire = position, number, dict(one.wire)
            row.title, row.source_url = _title(one), one.source_url
            row.save(update_fields=["position", "wire_no", "wire", "title", "source_url"])
            continue
        try:
            _put_new(actor, envelope, one, at, position, number)
        except Invalid as e:
            raise Invalid(
                {f"documents.{position - 1}.{name}": said for name, said in e.faults.items()}
            ) from e


def _same(rows: Iterable[Document], wanted: DraftDocument, *, exact: bool) -> Document | None:
    """The row with the wanted file; `exact`: and the wanted number. One without a file is known by its number alone."""
    file = wanted.file.pk if wanted.file is not None else None
    for row in rows:
        if row.original_id == file and (row.wire_no == wanted.number or (file is not None and not exact)):
            return row
    return None


def _put_new(
    actor: Actor, envelope: Envelope, one: DraftDocument, at: datetime, position: int, number: int
) -> None:
    file = own_file(envelope, one.file, at) if one.file is not None else None
    row = Document.objects.create(
        envelope=envelope,
        position=position,
        wire_no=number,
        title=_title(one),
        format=format_for(envelope, file) if file is not None else Document.Format.PADES,
        original=file,
        source_url=one.source_url,
        wire=dict(one.wire),
        created_at=at,
    )
    if file is not None:
        begin(row, file, actor, at)


def _title(one: DraftDocument) -> str:
    return one.title or (one.file.title or one.file.name if one.file is not None else "")


def own_file(envelope: Envelope, file: File, at: datetime) -> File:
    """`file`, or another handle on its bytes where another envelope has it: each envelope's files go with it."""
    elsewhere = Document.objects.filter(original=file).exclude(envelope=envelope)
    if file.kind == File.Kind.RESOURCE and not elsewhere.exists():
        return file
    port = dialect(envelope.dialect)
    pub = port.new_public_id("file", at) if port.names_files else None
    return copy_file(file, File.Kind.RESOURCE, pub=pub, wire=file.wire, created_by_user=file.created_by_user)
