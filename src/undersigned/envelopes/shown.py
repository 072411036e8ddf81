"""What one person is shown: which documents, which version of each, and its digest. The one place that says so."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from undersigned.sealing.chain import canonical_json

from .errors import Conflict
from .models import Assignment, AssignmentState, Document, DocumentVersion, Recipient
from .statement import offered

_SAME_PAGES = (DocumentVersion.Kind.SIGNED, DocumentVersion.Kind.RESULT)
"""Versions that change no page of what they were made from."""


@dataclass(frozen=True)
class Shown:
    """The heads of somebody's documents at one moment. `revision` names them; `digest` is SHA-256 (hex) over theirs."""

    versions: tuple[DocumentVersion, ...]

    @property
    def revision(self) -> str:
        return "-".join(str(v.pk) for v in self.versions)

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical_json([v.sha256 for v in self.versions])).hexdigest()

    def without(self, documents: Collection[int]) -> Shown:
        """The same but for some documents, by id."""
        return Shown(tuple(v for v in self.versions if v.document_id not in documents))

    def as_record(self) -> list[dict[str, object]]:
        """As the consent keeps it; with a page about a file, also the file that was offered with it."""
        return [
            {
                "document": v.document_id,
                "version": v.pk,
                "title": v.document.title,
                "sha256": v.sha256,
                **offered(v.document),
            }
            for v in self.versions
        ]


def documents_of(recipient: Recipient) -> QuerySet[Document]:
    """What one person is shown, in order, and may fetch by any address: who signs, fills in or reads something for the sender, that alone;
    who only looks on, and who is looked at in a draft, all there is."""
    envelope = recipient.envelope
    found = Document.objects.filter(envelope=envelope, removed_at=None).order_by("position")
    if recipient.kind != Recipient.Kind.SIGNER or envelope.sent_at is None:
        return found
    return found.filter(pk__in=_theirs(recipient).values("document"))


def assignments_of(recipient: Recipient) -> list[Assignment]:
    """What one person is asked to do, has done or refused, in document order, each with its document; what was made void is left out."""
    return list(
        _theirs(recipient)
        .select_related("document__head__file__blob", "document__original__blob")
        .order_by("document__position", "pk")
    )


def asked_and_shown(recipient: Recipient) -> tuple[list[Assignment], list[Document]]:
    """What `assignments_of` and `documents_of` say, with the documents' heads and originals, in one query where they say the same."""
    asked = assignments_of(recipient) if recipient.kind == Recipient.Kind.SIGNER else []
    if asked and recipient.envelope.sent_at is not None:
        return asked, list({a.document_id: a.document for a in asked}.values())
    return asked, list(documents_of(recipient).select_related("head__file__blob", "original__blob"))


def _theirs(recipient: Recipient) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(
        recipient=recipient, round=recipient.envelope.round, document__removed_at=None
    )
    return mine.exclude(state=AssignmentState.VOID)


def current(recipient: Recipient, only: int | None = None) -> Shown:
    """What this person would be shown now; of all documents, or `only` of the one with this row id."""
    documents = _of(recipient, only).select_related("head__file__blob", "head__document__original__blob")
    return Shown(tuple(d.head for d in documents if d.head is not None))


def _of(recipient: Recipient, only: int | None) -> QuerySet[Document]:
    documents = documents_of(recipient)
    return documents if only is None else documents.filter(pk=only)


def as_seen(recipient: Recipient, revision: str, digest: str, only: int | None = None) -> Shown:
    """What a page with this revision showed to this person, if the documents still have those pages. `only` as `current`.

    Signatures of others since then change no page content, so an earlier version is accepted when only signatures follow it.
    Raises Conflict (moved).
    """
    ids = revision.split("-")
    versions = list(
        DocumentVersion.objects.filter(document__in=_of(recipient, only))
        .select_related("document__original__blob")
        .order_by("document__position", "seq")
    )
    heads = [v for v in versions if v.pk == v.document.head_id]
    if len(ids) != len(heads):
        raise Conflict("moved")
    # Compared as text: what a browser sends may be a number that no database takes.
    seen = {str(v.pk): v for v in versions}
    for version_id, head in zip(ids, heads, strict=True):
        version = seen.get(version_id)
        if version is None or version.document_id != head.document_id or version.voided_at is not None:
            raise Conflict("moved")
        later = [v for v in versions if v.document_id == head.document_id and v.seq > version.seq]
        if any(v.voided_at is None and v.kind not in _SAME_PAGES for v in later):
            raise Conflict("moved")
    shown = Shown(tuple(seen[i] for i in ids))
    if shown.digest != digest:
        raise Conflict("moved")
    return shown
