"""What a signer is shown: which version of each document, and its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from undersigned.sealing.chain import canonical_json

from .errors import Conflict
from .models import Document, DocumentVersion, Envelope


@dataclass(frozen=True)
class Shown:
    """The heads of an envelope's documents at one moment. `revision` names them; `digest` is SHA-256 (hex) over theirs."""

    versions: tuple[DocumentVersion, ...]

    @property
    def revision(self) -> str:
        return "-".join(str(v.pk) for v in self.versions)

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical_json([v.sha256 for v in self.versions])).hexdigest()

    def as_record(self) -> list[dict[str, object]]:
        """As the consent keeps it."""
        return [
            {"document": v.document_id, "version": v.pk, "title": v.document.title, "sha256": v.sha256}
            for v in self.versions
        ]


def current(envelope: Envelope) -> Shown:
    """What would be shown now."""
    documents = (
        Document.objects.filter(envelope=envelope, removed_at=None)
        .select_related("head__file__blob", "head__document")
        .order_by("position")
    )
    return Shown(tuple(d.head for d in documents if d.head is not None))


def as_seen(envelope: Envelope, revision: str, digest: str) -> Shown:
    """What a page with this revision showed, if the documents still have those pages.

    Signatures of others since then change no page content, so an earlier version is accepted when only signatures follow it.
    Raises Conflict (moved).
    """
    heads = current(envelope).versions
    ids = revision.split("-")
    if len(ids) != len(heads):
        raise Conflict("moved")
    # Compared as text: what a browser sends may be a number that no database takes.
    seen = {
        str(v.pk): v
        for v in DocumentVersion.objects.filter(document__envelope=envelope).select_related("document")
    }
    for version_id, head in zip(ids, heads, strict=True):
        version = seen.get(version_id)
        if version is None or version.document_id != head.document_id:
            raise Conflict("moved")
        later = DocumentVersion.objects.filter(document=head.document_id, seq__gt=version.seq, voided_at=None)
        if version.voided_at is not None or later.exclude(kind=DocumentVersion.Kind.SIGNED).exists():
            raise Conflict("moved")
    shown = Shown(tuple(seen[i] for i in ids))
    if shown.digest != digest:
        raise Conflict("moved")
    return shown
