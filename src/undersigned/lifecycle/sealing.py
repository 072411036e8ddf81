"""What the jobs that seal share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from undersigned.envelopes.models import Document, Envelope
from undersigned.envelopes.record import evidence_record
from undersigned.files import storage
from undersigned.files.models import Blob
from undersigned.files.store import StagedBlob, stage
from undersigned.sealing.evidence import SEAL_FIELD, build_evidence
from undersigned.sealing.prepare import seal_field
from undersigned.sealing.seal import SealRequest, seal_pdf


def seal_document(envelope: Envelope, document: Document, blob: Blob) -> StagedBlob:
    """A version of a document, sealed and closed."""
    with storage.local_path(blob) as source, storage.temporary_file(".pdf") as target:
        seal_pdf(source, target, request(envelope, seal_field(document.mark)))
        return stage(envelope.organization_id, target)


def seal_evidence(envelope: Envelope, sealed: Mapping[int, str]) -> tuple[StagedBlob, StagedBlob]:
    """The evidence as a sealed PDF and as JSON; `sealed` as `record.evidence_record` has it."""
    with ExitStack() as stack:

        def temporary(suffix: str) -> Path:
            return stack.enter_context(storage.temporary_file(suffix))

        plain, as_json, closed = temporary(".pdf"), temporary(".json"), temporary(".pdf")
        build_evidence(evidence_record(envelope, sealed), plain, as_json)
        seal_pdf(plain, closed, request(envelope, SEAL_FIELD))
        return (
            stage(envelope.organization_id, closed),
            stage(envelope.organization_id, as_json, media_type="application/json"),
        )


def request(envelope: Envelope, field: str) -> SealRequest:
    """The organisation's seal in a field."""
    return SealRequest(
        organization=str(envelope.organization_id), name=envelope.organization.name, field=field
    )
