"""Seal an envelope on which all have agreed, and close it with its evidence."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from undersigned.base.db import atomic
from undersigned.envelopes.complete import Sealed, complete
from undersigned.envelopes.models import Document, Envelope, EnvelopeState
from undersigned.envelopes.record import evidence_record
from undersigned.files import storage
from undersigned.files.store import StagedBlob, stage
from undersigned.jobs.run import Run
from undersigned.sealing.evidence import SEAL_FIELD, build_evidence
from undersigned.sealing.prepare import seal_field
from undersigned.sealing.seal import SealRequest, seal_pdf


def seal(envelope_id: int, run: Run) -> None:
    """Make sealed files and evidence outside any lock, then complete in one transaction. Repeatable: a finished or erased envelope is left alone."""
    envelope = (
        Envelope.objects.filter(pk=envelope_id, state=EnvelopeState.SEALING, erased_at=None)
        .select_related("organization", "owner_user")
        .first()
    )
    if envelope is None:
        return
    documents: dict[int, StagedBlob] = {}
    for document in Document.objects.filter(envelope=envelope, removed_at=None).select_related(
        "head__file__blob"
    ):
        head = document.head
        if head is None or head.file.blob is None:
            raise RuntimeError("a document without its bytes")
        with storage.local_path(head.file.blob) as source, storage.temporary_file(".pdf") as target:
            seal_pdf(source, target, _request(envelope, seal_field(document.original_sha256)))
            documents[document.pk] = stage(envelope.organization_id, target)
        run.check()
    evidence, evidence_json = _evidence(envelope, {pk: staged.sha256 for pk, staged in documents.items()})
    with atomic():
        complete(envelope_id, Sealed(documents, evidence, evidence_json))
        run.finish()


def _request(envelope: Envelope, field: str) -> SealRequest:
    return SealRequest(
        organization=str(envelope.organization_id), name=envelope.organization.name, field=field
    )


def _evidence(envelope: Envelope, sealed: dict[int, str]) -> tuple[StagedBlob, StagedBlob]:
    with ExitStack() as stack:

        def temporary(suffix: str) -> Path:
            return stack.enter_context(storage.temporary_file(suffix))

        plain, as_json, closed = temporary(".pdf"), temporary(".json"), temporary(".pdf")
        build_evidence(evidence_record(envelope, sealed), plain, as_json)
        seal_pdf(plain, closed, _request(envelope, SEAL_FIELD))
        return (
            stage(envelope.organization_id, closed),
            stage(envelope.organization_id, as_json, media_type="application/json"),
        )
