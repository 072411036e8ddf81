"""The rows of copies of an envelope: drafts with the same documents (other handles on the same bytes) and the same plan, and nothing of
what became of the first. Written all at once, in a few statements whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from undersigned.files.models import File

from . import audit, clocks, search
from .actor import Actor
from .audit import Entry
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
from .plan import PlannedDocument, plan_of
from .policy import Policy
from .ports import dialect
from .roles import Player, cast, data_of, fill_texts, signers_of

EXPIRE_DAYS = 30
"""Of an envelope whose time nobody set, where the organisation has no rule of its own."""
_CHUNK = 400


@dataclass(frozen=True)
class Copy:
    """What differs from the source; None: as the source says. `sealed`: JSON with what is personal in the dialect's own."""

    title: str | None = None
    template: bool | None = None
    public: bool | None = None
    urgent: bool | None = None
    expires_at: datetime | None = None
    """None: counted from now, as for any new envelope."""
    tags: tuple[str, ...] | None = None
    players: Mapping[str, Player] = field(default_factory=dict)
    """Who takes a part, by its name."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of text fields, by name."""
    policy: Mapping[str, object] = field(default_factory=dict)
    wire: Mapping[str, Any] | None = None
    sealed: str | None = None


def default_expires_at(actor: Actor, at: datetime) -> datetime:
    """When the time of an envelope ends that is made at `at`."""
    return at + timedelta(days=actor.organization.default_expire_days or EXPIRE_DAYS)


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
    rows = [
        _envelope(actor, source, copy, at, number, collection, replaces, state, send_when_ready)
        for number, copy in enumerate(copies, start=1)
    ]
    Envelope.objects.bulk_create(rows)
    _documents(actor, rows, documents, at)
    words = [
        word
        for e in rows
        for word in search.rows(e, e.title, pub=e.pub or (collection.pub if collection else ""))
    ]
    SearchWord.objects.bulk_create(words, ignore_conflicts=True)
    _tags(source, rows, copies)
    _grants(source, rows)
    return rows


def _envelope(
    actor: Actor,
    source: Envelope,
    copy: Copy,
    at: datetime,
    position: int,
    collection: Collection | None,
    replaces: Envelope | None,
    state: EnvelopeState,
    send_when_ready: bool,
) -> Envelope:
    port = dialect(source.dialect)
    plan = plan_of(source)
    if plan.documents is not None:
        plan = plan.model_copy(update={"documents": _planned(plan.documents, copy, actor)})
    template = source.template if copy.template is None else copy.template
    rules = actor.organization
    envelope = Envelope(
        organization=actor.organization,
        dialect=source.dialect,
        pub=port.new_public_id("envelope", at),
        collection=collection,
        position=position if collection else 1,
        title=source.title if copy.title is None else copy.title,
        description=source.description,
        language=source.language,
        state=state,
        owner_user=actor.user,
        created_by_credential=actor.credential,
        policy=Policy.model_validate(source.policy | dict(copy.policy)).model_dump(mode="json"),
        plan=plan.model_dump(mode="json"),
        send_when_ready=send_when_ready,
        template=template,
        public=template and (source.public if copy.public is None else copy.public),
        replaces=replaces,
        expires_at=None if template else copy.expires_at or default_expires_at(actor, at),
        retention_signed_months=rules.retention_signed_months,
        retention_unsigned_months=rules.retention_unsigned_months,
        retention_other_months=rules.retention_other_months,
        urgent=source.urgent if copy.urgent is None else copy.urgent,
        return_url=source.return_url,
        return_mode=source.return_mode,
        creator_name=actor.user.full_name[:200],
        company_name=actor.organization.name,
        wire=source.wire if copy.wire is None else dict(copy.wire),
        wire_sealed=source.wire_sealed if copy.sealed is None else copy.sealed,
        created_at=at,
    )
    clocks.wind(envelope, at)
    return envelope


def _planned(documents: tuple[PlannedDocument, ...], copy: Copy, actor: Actor) -> tuple[PlannedDocument, ...]:
    played = cast(documents, copy.players) if copy.players else documents
    users = {p.user.pk: p.user for p in copy.players.values() if p.user is not None}
    if any(s.user == actor.user.pk for s in signers_of(played)):
        users[actor.user.pk] = actor.user
    return fill_texts(played, copy.values, data_of(users.values()))


def _documents(actor: Actor, rows: Sequence[Envelope], documents: Sequence[Document], at: datetime) -> None:
    """Handles, documents and first versions, each with its event."""
    files = {
        (envelope.pk, document.pk): _handle(actor, document.original, envelope, at)
        for envelope in rows
        for document in documents
        if document.original is not None and document.source is not None
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
    entries = [Entry(e, "created", detail={"title": e.title, "position": e.position}) for e in rows]
    entries += [
        Entry(
            d.envelope,
            "document_added",
            d.pk,
            {"filename": d.original.name, "sha256": d.original.blob.sha256},
        )
        for d in made
        if d.original is not None and d.original.blob is not None
    ]
    audit.append_many(entries, at, by=actor)


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
        for position, tag in enumerate(dict.fromkeys(own if copy.tags is None else copy.tags), start=1)
    )


def _grants(source: Envelope, rows: Sequence[Envelope]) -> None:
    """Who else sees it and who gets copies; nobody else owns it."""
    found = list(source.grants.exclude(right=Grant.Right.OWNER).order_by("position"))
    Grant.objects.bulk_create(
        Grant(
            envelope=envelope,
            user_id=g.user_id,
            group_id=g.group_id,
            raw=g.raw,
            right=g.right,
            position=g.position,
        )
        for envelope in rows
        for g in found
    )
