"""Documents as robots bring them: each with its file inside (Base64), or with the address that it is fetched from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from undersigned.base.clock import now
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.upload import Uploads
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.draft_content import DraftDocument
from undersigned.envelopes.ports import dialect
from undersigned.files import intake, store
from undersigned.files.models import File
from undersigned.files.store import StagedBlob

from . import members
from .dst_reading import draft_document
from .planning import ReadDocument
from .port import DIALECT

TYPES = ("Embedded", "URL")
NAME_MAX = 255


@dataclass(frozen=True)
class _Staged:
    blob: StagedBlob
    pages: int


@dataclass(frozen=True)
class Brought:
    """A document whose file lies in the store, or will be fetched from `url`."""

    read: ReadDocument
    name: str
    title: str
    url: str = ""
    staged: _Staged | None = None

    def document(self, actor: Actor) -> DraftDocument:
        """For a draft, in the caller's transaction."""
        if self.staged is None:
            return DraftDocument(
                title=self.title or self.name,
                number=self.read.number,
                source_url=self.url,
                wire={"extraData": self.read.extra} if self.read.extra else {},
            )
        file = store.new_file(
            store.adopt(self.staged.blob),
            File.Kind.RESOURCE,
            self.name,
            title=self.title,
            pages=self.staged.pages,
            media_type="application/pdf",
            pub=dialect(DIALECT).new_public_id("file", now(actor.organization.clock_offset)),
            created_by_user=actor.user,
            created_by_credential=actor.credential,
        )
        return draft_document(self.read, file)


@dataclass(frozen=True)
class Documents:
    """All of a body."""

    brought: tuple[Brought, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    """Of files that will be fetched, by position."""

    def drafted(self, actor: Actor) -> tuple[DraftDocument, ...]:
        """In the caller's transaction."""
        return tuple(one.document(actor) for one in self.brought)


def bring(actor: Actor, read: Sequence[ReadDocument], uploads: Uploads) -> Documents:
    """Check and store what came inside; faults are noted. Before any transaction.

    Raises scan.Infected, scan.ScannerUnavailable.
    """
    found = tuple(_one(actor, one, uploads) for one in read)
    names = {position: one.name for position, one in enumerate(found, start=1) if one.url}
    return Documents(found, names)


def _one(actor: Actor, read: ReadDocument, uploads: Uploads) -> Brought:
    resource = read.fields.object("resource")
    if resource is None:
        read.fields.fault("resource", "Required")
        return Brought(read, "", "")
    _type(resource)
    title = resource.text("title", most=NAME_MAX).strip()
    name = resource.text("filename", most=NAME_MAX).strip() or title or "document.pdf"
    source = resource.object("source")
    if source is None:
        resource.fault("source", "Required")
        return Brought(read, name, title)
    match source.choice("type", TYPES, required=True):
        case "URL":
            return Brought(read, name, title, url=_address(source))
        case "Embedded":
            return Brought(read, name, title, staged=_embedded(actor, source, uploads))
        case _:
            return Brought(read, name, title)


def _type(resource: Fields) -> None:
    """Samples send a word, the SDK a list of words."""
    value: Any = resource.data.get("resourceType")
    words = value if isinstance(value, list) else [value] if value is not None else []
    if any(word != "PDF_Document" for word in words):
        resource.fault("resourceType", "Must be PDF_Document")


def _address(source: Fields) -> str:
    url = members.url(source, "sourceURL") or ""
    if not url:
        source.text("sourceURL", required=True)
    return url


def _embedded(actor: Actor, source: Fields, uploads: Uploads) -> _Staged | None:
    number = source.text("embeddedData", required=True)
    # What stands in the file's place is its number among those that were cut out of this body.
    if not number.isdecimal() or int(number) >= len(uploads.files):
        source.fault("embeddedData", "Required" if not number else "Not valid Base64")
        return None
    received = uploads.files[int(number)]
    if not uploads.valid[int(number)]:
        source.fault("embeddedData", "Not valid Base64")
        return None
    if not received.size:
        source.fault("embeddedData", "Required")
        return None
    try:
        facts = intake.check(received.path)
    except intake.Refused as e:
        source.fault("embeddedData", e.code.replace("_", " ").capitalize())
        return None
    return _Staged(store.take_in(actor.organization.pk, received), facts.pages)
