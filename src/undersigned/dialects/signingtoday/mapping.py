"""From the core's rows to this API's transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from undersigned.accounts.models import User
from undersigned.base.clock import iso_ms
from undersigned.envelopes.access import may_change
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.links import ticket_url
from undersigned.envelopes.models import (
    AccessLink,
    Assignment,
    AssignmentState,
    Document,
    DocumentVersion,
    Envelope,
    Field,
    Grant,
    Recipient,
)
from undersigned.envelopes.plan import Plan, PlannedDocument, PlannedField, PlannedRequest, plan_of
from undersigned.files.models import File

from . import dst_wire as wire
from . import states

_DONE: dict[str, wire.SignatureStatus] = {
    AssignmentState.DONE: "signed",
    AssignmentState.WAIVED: "declined",
    AssignmentState.REFUSED: "declined",
}
_RUNNING = ("published", "toFill", "toSign")
_PART = 10_000
"""Most parts of a plan that are numbered within a document (`_instance_id`)."""


def when(moment: datetime | None) -> str | None:
    """`2013-09-19T04:33:53.976Z`."""
    return iso_ms(moment) if moment else None


def one(actor: Actor, envelope: Envelope) -> wire.DST:
    """The transaction as `actor` sees it, read anew."""
    (found,) = many(actor, list(loading(Envelope.objects.filter(pk=envelope.pk))))
    return found


def many(actor: Actor, envelopes: Sequence[Envelope]) -> list[wire.DST]:
    """Transactions as `actor` sees them, of rows from `loading`; the same number of queries however many there are."""
    tickets = _tickets(envelopes)
    plans = [plan_of(e) for e in envelopes]
    users = _users(plans)
    return [_Shown(actor, e, p, tickets, users).dst() for e, p in zip(envelopes, plans, strict=True)]


def loading(rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """With all that a transaction needs, once they are read."""
    shown = (DocumentVersion.Kind.PREPARED, DocumentVersion.Kind.SEALED)
    versions = DocumentVersion.objects.filter(kind__in=shown, voided_at=None).select_related("file__blob")
    documents = Document.objects.filter(removed_at=None).select_related("original__blob")
    assignments = Assignment.objects.filter(action=Assignment.Action.SIGN)
    prefetches = (
        Prefetch("documents", documents.order_by("position")),
        Prefetch("documents__versions", versions.order_by("seq")),
        Prefetch("documents__fields", Field.objects.filter(kind=Field.Kind.TEXT)),
        Prefetch("assignments", assignments.order_by("document__position", "pk")),
        Prefetch("recipients", Recipient.objects.select_related("user").order_by("position")),
        Prefetch("grants", Grant.objects.select_related("user", "group").order_by("position", "pk")),
        Prefetch("replaced_by", Envelope.objects.filter(deleted_at=None)),
        "tags",
    )
    return rows.select_related("organization", "owner_user", "replaces").prefetch_related(*prefetches)


def _tickets(envelopes: Iterable[Envelope]) -> dict[int, str]:
    """Uuid of the ticket by row id of the assignment."""
    ids = [a.pk for e in envelopes for a in e.assignments.all()]
    links = AccessLink.objects.filter(assignment__in=ids, purpose=AccessLink.Purpose.TICKET)
    rows = links.filter(revoked_at=None).order_by("pk") if ids else ()
    return {link.assignment_id: link.value for link in rows if link.assignment_id and link.value}


def _users(plans: Iterable[Plan]) -> dict[int, UUID]:
    """Public ids of the users in the plans, by row id."""
    ids = {s.user for p in plans for d in p.documents or () for g in d.groups for s in g.signers if s.user}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "pub")) if ids else {}


def ticket_of(assignment: Assignment) -> str:
    """Where the first place of a signature is made. Raises NotFound for one that has no ticket."""
    links_of = AccessLink.objects.filter(assignment=assignment, purpose=AccessLink.Purpose.TICKET)
    link = links_of.filter(revoked_at=None).order_by("pk").first()
    if link is None or not link.value:
        raise NotFound
    return ticket_url(link.value)


def number_of(document: Document) -> int:
    """Its id."""
    return document.position - 1 if document.wire_no is None else document.wire_no


def instance_id(document: Document, part: int) -> int:
    """`_instance_id` of a document (-1) or of what is planned with it: forms from 0, then requests, groups and signers."""
    return document.pk * _PART + part + 1


def resource(file: File, envelope: Envelope | None, domain: str, title: str = "") -> wire.Resource:
    """The object of a file that has its bytes."""
    blob = file.blob
    assert blob is not None
    return wire.Resource(
        id=file.pub or "",
        domain=domain,
        dst_uuid=envelope.pub if envelope is not None else None,
        title=file.title or title or file.name,
        filename=file.name,
        size=blob.size,
        created_at=iso_ms(file.created_at),
        mimetype=blob.media_type,
        pages=file.pages,
        extra_data=file.wire.get("extraData", {}),
    )


@dataclass
class _Files:
    """The files of a document that have their bytes."""

    plain: File | None = None
    filled: File | None = None
    signed: File | None = None

    @classmethod
    def of(cls, document: Document) -> _Files:
        found = cls(plain=document.original)
        for version in document.versions.all():
            if version.kind == DocumentVersion.Kind.SEALED:
                found.signed = version.file
            else:
                found.filled = version.file
        return found

    @property
    def status(self) -> wire.DocumentStatus:
        return "signed" if self.signed else "filled" if self.filled else "plain"

    def shown(self) -> Iterator[File]:
        for file in (self.plain, self.filled, self.signed):
            if file is not None and file.pub and file.blob_id is not None:
                yield file


def files_of(envelope: Envelope) -> Iterator[File]:
    """All files of a transaction that have their bytes, each once, in the documents' order."""
    (found,) = loading(Envelope.objects.filter(pk=envelope.pk))
    files = (f for d in found.documents.all() for f in _Files.of(d).shown())
    yield from {f.pk: f for f in files}.values()


def form(
    document: Document, planned: PlannedField, part: int, row: Field | None, *, signed: bool = False
) -> wire.Form:
    """A form; `part`: its number among what is planned with the document; `row`: of a text, once it was asked for. `signed`: what it
    belongs to is."""
    own: dict[str, Any] = dict(planned.wire.get("extraData", {}))
    if planned.kind == "text" and (value := row.value if row is not None else planned.value):
        own["value"] = value
    # Of what was made elsewhere, such as the console, what a program would have sent here.
    if planned.request is not None:
        own.setdefault("signatureRequestId", _int(planned.request))
    if planned.kind == "text" and planned.text:
        own.setdefault("label", planned.text)
    if planned.kind == "clause" and planned.text and not {"text", "value", "label"} & set(own):
        own["text"] = planned.text
    return wire.Form(
        instance_id=instance_id(document, part),
        id=int(planned.key),
        document_id=number_of(document),
        type=_TYPES[planned.kind],
        position_x=planned.x,
        position_y=planned.y,
        width=planned.w,
        height=planned.h,
        page=planned.page,
        signer_id=_int(planned.signer),
        to_fill=planned.to_fill or bool(planned.wire.get("toFill", False)),
        filled=bool(row is not None and row.filled_at) if planned.kind == "text" else signed,
        invisible=planned.invisible,
        extra_data=own,
    )


@dataclass
class _Shown:
    """One envelope as an actor sees it."""

    actor: Actor
    envelope: Envelope
    planned: Plan
    tickets: Mapping[int, str]
    users: Mapping[int, UUID]
    plan: dict[int, PlannedDocument] = field(init=False)
    asked: dict[tuple[int, str], list[Assignment]] = field(init=False)
    """The places of each request, by row id of the document and key."""
    all_tickets: bool = field(init=False)
    theirs: set[int] = field(init=False)
    """Row ids of the recipients that are the actor."""

    def __post_init__(self) -> None:
        self.plan = {d.document: d for d in self.planned.documents or ()}
        self.asked = {}
        for a in self.envelope.assignments.all():
            if a.round == self.envelope.round:
                self.asked.setdefault((a.document_id, a.key), []).append(a)
        # A ticket lets its holder sign: those who only see the transaction must not sign in another's place.
        self.all_tickets = may_change(self.actor, self.envelope)
        self.theirs = {r.pk for r in self.envelope.recipients.all() if r.user_id == self.actor.user.pk}

    def dst(self) -> wire.DST:
        e = self.envelope
        documents = list(e.documents.all())
        files = [_Files.of(d) for d in documents]
        resources = {
            f.pub: resource(f, e, e.organization.slug, d.title)
            for d, found in zip(documents, files, strict=True)
            for f in found.shown()
        }
        replacing = next(iter(e.replaced_by.all()), None)
        grants = list(e.grants.all())
        copies = [g for g in grants if g.right == Grant.Right.COPY]
        seen = [str(g.user.pub) for g in grants if g.right == Grant.Right.SEE and g.user]
        involved = [str(r.user.pub) for r in e.recipients.all() if r.user]
        return wire.DST(
            id=e.pub or "",
            domain=e.organization.slug,
            title=e.title,
            replaces=e.replaces.pub if e.replaces else None,
            replaced_by=replacing.pub if replacing else None,
            created_by_user=str(e.owner_user.pub),
            created_at=iso_ms(e.created_at),
            documents=[self.document(d, f) for d, f in zip(documents, files, strict=True)],
            published_at=when(e.sent_at),
            expires_at=when(e.expires_at),
            resources=list(resources.values()),
            signatures=[s for d in documents for s in self.signatures(d)],
            status=states.status(e),
            error_message=e.error or None,
            tags=[t.tag for t in e.tags.all()],
            template=e.template,
            public_template=e.public,
            extra_data=self.extra(),
            visible_to=list(dict.fromkeys([*seen, *involved])),
            cc_groups=[g.group.name for g in copies if g.group],
            cc_users=[str(g.user.pub) for g in copies if g.user],
            urgent=e.urgent,
            updated_at=iso_ms(e.updated_at),
        )

    def extra(self) -> dict[str, Any]:
        own: dict[str, Any] = json.loads(self.envelope.wire_sealed or "{}").get("extraData", {})
        word = states.status(self.envelope)
        if word in ("draft", "downloadingInDraft", "downloadingInPublished"):
            return own
        said = "pending" if word in _RUNNING else word
        return own | {"st_status": said, "st_uuid": self.envelope.pub, "user_action": "NONE"}

    def document(self, document: Document, files: _Files) -> wire.Document:
        number = number_of(document)
        planned = self.plan.get(document.position) or PlannedDocument(document=document.position)
        parts = count()
        values = {f.key: f for f in document.fields.all()}
        return wire.Document(
            instance_id=instance_id(document, -1),
            id=number,
            plain_document_uuid=files.plain.pub if files.plain else None,
            filled_document_uuid=files.filled.pub if files.filled else None,
            signed_document_uuid=files.signed.pub if files.signed else None,
            status=files.status,
            forms=[self.form(document, f, next(parts), values.get(f.key)) for f in planned.fields],
            signature_requests=[
                self.request(document, r, instance_id(document, next(parts))) for r in planned.requests
            ],
            signer_groups=[
                wire.SignersGroup(
                    instance_id=instance_id(document, next(parts)),
                    label=g.label or None,
                    signers=[
                        wire.Signer(
                            instance_id=instance_id(document, next(parts)),
                            id=int(s.key),
                            name=s.name or None,
                            surname=s.surname or None,
                            email=s.email or None,
                            phone=s.phone or None,
                            role=s.role or None,
                            user_uuid=str(self.users[s.user]) if s.user and s.user in self.users else None,
                            template_label=s.label or None,
                        )
                        for s in g.signers
                    ],
                )
                for g in planned.groups
            ],
            extra_data=document.wire.get("extraData", {}),
        )

    def form(self, document: Document, planned: PlannedField, number: int, row: Field | None) -> wire.Form:
        asked = self.asked.get((document.pk, planned.request or ""), [])
        signed = bool(asked) and all(a.state == AssignmentState.DONE for a in asked)
        return form(document, planned, number, row, signed=signed)

    def request(self, document: Document, planned: PlannedRequest, instance_id: int) -> wire.SignatureRequest:
        ticket, shown = self.ticket(document, planned.key)
        ours = {"st_uuid": ticket} if ticket and shown else {}
        if ours:
            ours |= {"st_signatureTicketUrl": ticket_url(ticket), "st_ticketUrl": ticket_url(ticket)}
        return wire.SignatureRequest(
            instance_id=instance_id,
            id=int(planned.key),
            reason=planned.caption,
            description=planned.description,
            signer_id=_int(planned.signer),
            sign_profile="CAdES" if planned.profile == "cades" else "PAdES",
            with_timestamp=planned.with_timestamp,
            declinable=planned.may_be_left_out,
            restrictions=[wire.Restriction(**r) for r in planned.wire.get("restrictions", [])],
            extra_data=planned.wire.get("extraData", {}) | ours,
        )

    def ticket(self, document: Document, key: str) -> tuple[str, bool]:
        """The uuid of a request's ticket, and whether the actor may see it."""
        for a in self.asked.get((document.pk, key), []):
            if a.pk in self.tickets:
                return self.tickets[a.pk], self.all_tickets or a.recipient_id in self.theirs
        return "", False

    def signatures(self, document: Document) -> Iterator[wire.Signature]:
        number = number_of(document)
        planned = self.plan.get(document.position)
        for request in planned.requests if planned else ():
            places = self.asked.get((document.pk, request.key), [])
            words = {_DONE.get(a.state) for a in places}
            if len(words) != 1 or None in words:
                continue
            (word,) = words
            assert word is not None
            last = max((a.settled_at for a in places if a.settled_at), default=None)
            ticket, shown = self.ticket(document, request.key)
            yield wire.Signature(
                instance_id=places[0].pk,
                document_id=number,
                signature_request_id=int(request.key),
                signed_at=when(last),
                declined_reason=(places[0].reason or "") if word == "declined" else None,
                status=word,
                extra_data={"st_uuid": ticket} if ticket and shown else {},
            )


_TYPES: dict[str, wire.FormType] = {
    "signature": "SignatureForm",
    "text": "TextForm",
    "clause": "ClauseForm",
}


def _int(key: str | None) -> int | None:
    return int(key) if key else None
