"""From a transaction on the wire to what a draft says; every fault is noted under its path.

What only the server says (`status`, `signatures`, ids of filled files, dates of what happened) is passed over: clients send back what
they were given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from undersigned.accounts.models import Group, Organization, User
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.access import visible_files
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.draft_content import (
    TAG_MAX,
    TAGS_MAX,
    DraftContent,
    DraftDocument,
    faults_of,
)
from undersigned.envelopes.grants import NewGrant
from undersigned.envelopes.models import Envelope
from undersigned.files.models import File

from . import members
from .planning import ReadDocument, documents_of
from .signers import Accounts

TITLE_MAX = 1000
_NAMES = {
    "groups": "signerGroups",
    "requests": "signatureRequests",
    "fields": "forms",
    "file": "plainDocumentUuid",
    "signer": "signerId",
    "request": "extraData.signatureRequestId",
    "key": "id",
    "profile": "signProfile",
    "expires_at": "expiresAt",
}
"""What the core calls otherwise."""
_SENTENCES = {
    "required": "Required",
    "too_long": "Too long",
    "too_many": "Too many",
    "invalid": "Not valid",
    "already_used": "Used twice",
    "unknown": "Not known",
    "past": "In the past",
    "no_such_page": "The document has no such page",
    "mixed": "Another profile than the document's first signature",
    "not_offered": "Only PAdES is offered",
    "unprintable": "Contains characters that cannot be printed",
}


def draft_of(actor: Actor, fields: Fields, envelope: Envelope | None = None) -> DraftContent:
    """What a POST says, or a PUT of `envelope`. Faults are in `fields`; nothing may be done while there are any."""
    read = documents_of(Accounts(actor.organization, fields.data), fields)
    documents = _with_files(actor, read, envelope)
    return content_of(actor.organization, fields, read, documents, envelope)


def content_of(
    organization: Organization,
    fields: Fields,
    read: Sequence[ReadDocument],
    documents: Sequence[DraftDocument],
    envelope: Envelope | None = None,
) -> DraftContent:
    """All of a draft, with documents whose files the caller has found or will fetch."""
    extra = members.free(fields, "extraData")
    within = Fields(extra, f"{fields.at('extraData')}.", fields.faults)
    fields.text("domain")
    readers = users_of(organization, fields, "visibleTo")
    copies = [*users_of(organization, fields, "ccUsers"), *groups_of(organization, fields, "ccGroups")]
    tags = fields.texts("tags", most=TAGS_MAX)
    content = DraftContent(
        title=fields.text("title", required=True, most=TITLE_MAX),
        documents=tuple(documents),
        plan=tuple(one.at(position) for position, one in enumerate(read, start=1)),
        tags=tuple(dict.fromkeys(tag for tag in tags if len(tag) <= TAG_MAX)),
        readers=tuple(readers),
        copies=tuple(copies),
        expires_at=members.moment(fields, "expiresAt"),
        template=_flag(fields, "template", envelope.template if envelope else None),
        public=_flag(fields, "publicTemplate", envelope.public if envelope else None),
        urgent=fields.boolean("urgent"),
        return_url=members.url(within, "dst_urlback") or "",
        policy={"invitation": False, "copy_to": ()} if within.boolean("email_disabled") else {},
        sealed=json.dumps({"extraData": extra}) if extra else None,
    )
    for number, tag in enumerate(fields.data["tags"] if tags else ()):
        if isinstance(tag, str) and len(tag) > TAG_MAX:
            fields.fault(f"tags.{number}", f"At most {TAG_MAX} characters")
    note(fields, faults_of(content))
    return content


def note(fields: Fields, of_core: dict[str, list[str]]) -> None:
    """Say what the core finds, where this reader has said nothing."""
    for name, codes in of_core.items():
        if fields.at(name) not in fields.faults:
            for code in codes:
                fields.fault(name, _sentence(code))


def in_our_words(of_core: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The core's paths and fault codes as they are called here."""
    return {
        ".".join(_NAMES.get(part, part) for part in name.split(".")): [_sentence(code) for code in codes]
        for name, codes in of_core.items()
    }


def _sentence(code: str) -> str:
    return _SENTENCES.get(code) or code.replace("_", " ").capitalize()


def _flag(fields: Fields, name: str, kept: bool | None) -> bool:
    """A switch that stays as it is where a PUT leaves it out."""
    return fields.boolean(name, default=bool(kept))


def _with_files(actor: Actor, read: Sequence[ReadDocument], envelope: Envelope | None) -> list[DraftDocument]:
    """Each document with its file. An unknown one is passed over in a POST, whose samples name some; in a PUT it is a fault."""
    given = [one.fields.text("plainDocumentUuid") for one in read]
    found = _files(actor, {pub for g in given if (pub := members.uuid_of(g))}, envelope)
    documents = []
    for one, name in zip(read, given, strict=True):
        file = found.get(members.uuid_of(name)) if name else None
        if name and file is None and envelope is not None:
            one.fields.fault("plainDocumentUuid", "No such resource")
        documents.append(draft_document(one, file))
    return documents


def draft_document(one: ReadDocument, file: File | None, source_url: str = "") -> DraftDocument:
    """A document of a draft."""
    wire = {"extraData": one.extra} if one.extra else {}
    return DraftDocument(file=file, number=one.number, source_url=source_url, wire=wire)


def _files(actor: Actor, pubs: set[str], envelope: Envelope | None) -> dict[str, File]:
    if not pubs:
        return {}
    found = {f.pub: f for f in visible_files(actor).filter(pub__in=pubs).exclude(blob=None)}
    if envelope is not None:  # also what was taken out of it before
        own = File.objects.filter(
            pk__in=envelope.documents.values("original"), pub__in=pubs, erased_at=None
        ).exclude(blob=None)
        found |= {f.pub: f for f in own}
    return {pub: file for pub, file in found.items() if pub}


def users_of(organization: Organization, fields: Fields, name: str) -> list[NewGrant]:
    """Users by id."""
    given = list(dict.fromkeys(fields.texts(name)))
    pubs = {pub for g in given if (pub := members.uuid_of(g))}
    users = User.objects.filter(organization=organization, pub__in=pubs) if pubs else ()
    known = {str(u.pub): u for u in users}
    return list(_granted(fields, name, given, {g: known.get(members.uuid_of(g)) for g in given}))


def groups_of(organization: Organization, fields: Fields, name: str) -> list[NewGrant]:
    """Groups by name."""
    given = list(dict.fromkeys(fields.texts(name)))
    known = {g.name: g for g in Group.objects.filter(organization=organization, name__in=given)}
    return list(_granted(fields, name, given, {g: known.get(g) for g in given}))


def _granted(fields: Fields, name: str, given: Iterable[str], known: dict[str, Any]) -> Iterable[NewGrant]:
    for raw in given:
        found = known[raw]
        if found is None:
            fields.fault(name, f"Not known: {raw[:64]}")
        elif isinstance(found, User):
            yield NewGrant(raw, user=found)
        else:
            yield NewGrant(raw, group=found)
