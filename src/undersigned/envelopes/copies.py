"""The rows of copies of an envelope: drafts with the same documents (other handles on the same bytes) and the same plan, and nothing of
what became of the first. Written all at once, in a few statements whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from undersigned.files.models import File

from . import audit, clocks, search
from .actor import Actor
from .audit import Entry
from .create_draft import default_expiry
from .draft_content import DraftDocument, put_documents
from .grants import RAW_MAX, NewGrant
from .models import (
    Collection,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    EnvelopeTag,
    Grant,
    SearchWord,
)
from .plan import Plan, PlannedDocument, plan_of
from .policy import Policy
from .ports import dialect
from .roles import Player, cast, data_of, fill_texts, signers_of

_CHUNK = 400


@dataclass(frozen=True)
class Copy:
    """What differs from the source; None: as the source says. `sealed`: JSON with what is personal in the dialect's own."""

    title: str | None = None
    template: bool | None = None
    public: bool | None = None
    urgent: bool | None = None
    return_url: str | None = None
    expires_at: datetime | None = None
    """None: counted from now, as for any new envelope."""
    tags: tuple[str, ...] | None = None
    readers: tuple[NewGrant, ...] | None = None
    """Who else sees it."""
    told: tuple[NewGrant, ...] | None = None
    """Who else gets a copy of what was signed."""
    players: Mapping[str, Player] = field(default_factory=dict)
    """Who takes a part, by its name."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of text fields, by name."""
    content: tuple[tuple[DraftDocument, ...], tuple[PlannedDocument, ...]] | None = None
    """Documents, and what is planned with them, in the place of all of the source's."""
    file_names: Mapping[int, str] = field(default_factory=dict)
    """Of those documents' files that are fetched, by position."""
    policy: Mapping[str, object] = field(default_factory=dict)
    wire: Mapping[str, Any] | None = None
    sealed: str | None = None


def insert(
    actor: Actor,
    source: Envelope,
    copies: Sequence[Copy],
    at: datetime,
    *,
    collection: Collection | None = None,
    replaces: Envelope | None = None,
    state: EnvelopeState = EnvelopeState.DRAFT,
    send_when_ready: bool = False,
) -> list[Envelope]:
    """The copies, owned by the actor's user, in order; caller holds the transaction and the lock of `source`, and has checked what is given.

    Raises Invalid (roles.<name> unknown).
    """
    documents = list(source.documents.filter(removed_at=None).select_related("original__blob"))
    plan = plan_of(source)
    rows = [_envelope(actor, source, _plan(plan, copy, actor), copy, at) for copy in copies]
    for number, row in enumerate(rows, start=1):
        row.state, row.send_when_ready, row.replaces = state, send_when_ready, replaces
        if collection is not None:
            row.collection, row.position = collection, number
        clocks.wind(row, at)
    Envelope.objects.bulk_create(rows)
    entries = [Entry(e, "created", detail={"title": e.title, "position": e.position}) for e in rows]
    same = [row for row, copy in zip(rows, copies, strict=True) if copy.content is None]
    audit.append_many([*entries, *_documents(actor, same, documents, at)], at, by=actor)
    for row, copy in zip(rows, copies, strict=True):
        if copy.content is not None:
            put_documents(actor, row, copy.content[0], at)
    words = [
        word
        for e in rows
        for word in search.rows(e, e.title, pub=e.pub or (collection.pub if collection else ""))
    ]
    SearchWord.objects.bulk_create(words, ignore_conflicts=True)
    _tags(source, rows, copies)
    _grants(source, rows, copies)
    return rows


def _plan(plan: Plan, copy: Copy, actor: Actor) -> Plan:
    """With people in the place of parts, and text fields filled."""
    documents = copy.content[1] if copy.content is not None else plan.documents
    if documents is None:
        return plan
    played = cast(documents, copy.players)
    users = {p.user.pk: p.user for p in copy.players.values() if p.user is not None}
    if any(s.user == actor.user.pk for s in signers_of(played)):
        users[actor.user.pk] = actor.user
    filled = fill_texts(played, copy.values, data_of(users.values()))
    return plan.model_copy(update={"documents": filled})


def _envelope(actor: Actor, source: Envelope, plan: Plan, copy: Copy, at: datetime) -> Envelope:
    template = source.template if copy.template is None else copy.template
    rules = actor.organization
    envelope = Envelope(
        organization=actor.organization,
        dialect=source.dialect,
        pub=dialect(source.dialect).new_public_id("envelope", at),
        title=source.title if copy.title is None else copy.title,
        description=source.description,
        language=source.language,
        owner_user=actor.user,
        created_by_credential=actor.credential,
        policy=Policy.model_validate(source.policy | dict(copy.policy)).model_dump(mode="json"),
        plan=plan.model_dump(mode="json", exclude_defaults=True),
        template=template,
        public=template and (source.public if copy.public is None else copy.public),
        expires_at=copy.expires_at,
        retention_signed_months=rules.retention_signed_months,
        retention_unsigned_months=rules.retention_unsigned_months,
        retention_other_months=rules.retention_other_months,
        urgent=source.urgent if copy.urgent is None else copy.urgent,
        return_url=source.return_url if copy.return_url is None else copy.return_url,
        return_mode=source.return_mode,
        creator_name=actor.user.full_name[:200],
        company_name=actor.organization.name,
        wire=source.wire if copy.wire is None else dict(copy.wire),
        wire_sealed=source.wire_sealed if copy.sealed is None else copy.sealed,
        created_at=at,
    )
    if template:
        envelope.expires_at = None
    elif envelope.expires_at is None:
        envelope.expires_at = default_expiry(envelope, at)
    return envelope


def _documents(
    actor: Actor, rows: Sequence[Envelope], documents: Sequence[Document], at: datetime
) -> list[Entry]:
    """Handles, documents and first versions; gives the event of each."""
    files = {
        (envelope.pk, document.pk): _handle(actor, document.original, envelope, at)
        for envelope in rows
        for document in documents
        if document.original is not None and (document.source is not None or document.source_url)
    }
    File.objects.bulk_create(files.values())
    made = [
        Document(
            envelope=envelope,
            position=d.position,
            wire_no=d.wire_no,
            title=d.title,
            description=d.description,
            format=d.format,
            original=files.get((envelope.pk, d.pk)),
            source_url=d.source_url,
            wire=d.wire,
            created_at=at,
        )
        for envelope in rows
        for d in documents
    ]
    Document.objects.bulk_create(made)
    DocumentVersion.objects.bulk_create(
        DocumentVersion(
            document=d,
            seq=1,
            kind=DocumentVersion.Kind.ORIGINAL,
            file=d.original,
            sha256=d.original.blob.sha256,
            created_at=at,
        )
        for d in made
        if d.original is not None and d.original.blob is not None
    )
    first = DocumentVersion.objects.filter(document=OuterRef("pk"), seq=1).values("pk")[:1]
    for start in range(0, len(made), _CHUNK):
        ids = [d.pk for d in made[start : start + _CHUNK]]
        Document.objects.filter(pk__in=ids).update(head=Subquery(first))
    return [
        Entry(
            d.envelope,
            "document_added",
            d.pk,
            {"filename": d.original.name, "sha256": d.original.blob.sha256, "size": d.original.blob.size},
        )
        for d in made
        if d.original is not None and d.original.blob is not None
    ]


def _handle(actor: Actor, file: File, envelope: Envelope, at: datetime) -> File:
    port = dialect(envelope.dialect)
    return File(
        organization_id=file.organization_id,
        blob=file.blob,
        kind=file.kind,
        pub=port.new_public_id("file", at) if file.pub is not None else None,
        name=file.name,
        title=file.title,
        pages=file.pages,
        importance=file.importance,
        media_type=file.media_type,
        created_by_user=actor.user,
        created_by_credential=actor.credential,
        wire=file.wire,
    )


def _tags(source: Envelope, rows: Sequence[Envelope], copies: Sequence[Copy]) -> None:
    own = tuple(source.tags.order_by("position").values_list("tag", flat=True))
    EnvelopeTag.objects.bulk_create(
        EnvelopeTag(envelope=envelope, tag=tag, position=position)
        for envelope, copy in zip(rows, copies, strict=True)
        for position, tag in enumerate(dict.fromkeys(own if copy.tags is None else copy.tags))
    )


def _grants(source: Envelope, rows: Sequence[Envelope], copies: Sequence[Copy]) -> None:
    """Who else sees it and who gets copies; nobody else owns it."""
    own: dict[str, list[NewGrant]] = {Grant.Right.SEE: [], Grant.Right.COPY: []}
    for g in source.grants.exclude(right=Grant.Right.OWNER).select_related("user", "group"):
        own[g.right].append(NewGrant(g.raw, g.user, g.group))
    Grant.objects.bulk_create(
        Grant(
            envelope=envelope, user=g.user, group=g.group, raw=g.raw[:RAW_MAX], right=right, position=position
        )
        for envelope, copy in zip(rows, copies, strict=True)
        for right, given in ((Grant.Right.SEE, copy.readers), (Grant.Right.COPY, copy.told))
        for position, g in enumerate(own[right] if given is None else given)
    )
