"""What the jobs that seal share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.db.models import Max

from undersigned.base.clock import now
from undersigned.envelopes import detached
from undersigned.envelopes.models import Document, DocumentVersion, Envelope, Signature
from undersigned.envelopes.record import evidence_record
from undersigned.files import storage
from undersigned.files.models import Blob
from undersigned.files.store import StagedBlob, stage
from undersigned.sealing.asic import manifest
from undersigned.sealing.evidence import SEAL_FIELD, build_evidence
from undersigned.sealing.prepare import seal_field
from undersigned.sealing.seal import SealRequest, seal_pdf
from undersigned.sealing.seal_container import seal_container

PATIENCE = timedelta(hours=24)
"""For so long after the last signature the authorities of keys that people brought are waited for; then the document is closed without
what they would have said."""


class SealedDocument(NamedTuple):
    """`unproven`: SHA-256 of certificates that people brought and about which nobody says whether they still stand."""

    staged: StagedBlob
    unproven: list[str]


def seal_document(
    envelope: Envelope, document: Document, version: DocumentVersion, blob: Blob
) -> SealedDocument:
    """A version of a document, of these bytes, sealed and closed."""
    if document.detached:
        return _seal_container(envelope, document, version)
    with storage.local_path(blob) as source, storage.temporary_file(".pdf") as target:
        unproven = seal_pdf(source, target, request(envelope, seal_field(document.mark)))
        return SealedDocument(stage(envelope.organization_id, target), unproven)


def _seal_container(envelope: Envelope, document: Document, version: DocumentVersion) -> SealedDocument:
    """The prepared PDF with all signatures over it, or with the one that made `version`."""
    prepared, signatures = detached.signatures_of(document, version)
    blob = prepared.file.blob
    if blob is None:
        raise RuntimeError("a document without its bytes")
    with storage.local_path(blob) as source, storage.temporary_file(manifest.ENDING) as target:
        unproven = seal_container(
            source, detached.reference_to(prepared), signatures, target, request(envelope, "")
        )
        staged = stage(envelope.organization_id, target, media_type=manifest.MEDIA_TYPE)
        return SealedDocument(staged, unproven)


def seal_evidence(
    envelope: Envelope, sealed: Mapping[int, str], unproven: Collection[str] = ()
) -> tuple[StagedBlob, StagedBlob]:
    """The evidence as a sealed PDF and as JSON; `sealed` and `unproven` as `record.evidence_record` has them."""
    with ExitStack() as stack:

        def temporary(suffix: str) -> Path:
            return stack.enter_context(storage.temporary_file(suffix))

        plain, as_json, closed = temporary(".pdf"), temporary(".json"), temporary(".pdf")
        build_evidence(evidence_record(envelope, sealed, unproven), plain, as_json)
        seal_pdf(plain, closed, request(envelope, SEAL_FIELD))
        return (
            stage(envelope.organization_id, closed),
            stage(envelope.organization_id, as_json, media_type="application/json"),
        )


def request(envelope: Envelope, field: str) -> SealRequest:
    """The organisation's seal in a field."""
    since = Signature.objects.filter(assignment__envelope=envelope, voided_at=None).aggregate(at=Max("at"))[
        "at"
    ]
    return SealRequest(
        organization=str(envelope.organization_id),
        name=envelope.organization.name,
        field=field,
        patient=since is None or now(envelope.organization.clock_offset) - since < PATIENCE,
    )
