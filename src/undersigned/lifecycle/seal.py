"""Seal an envelope on which all have agreed, and close it with its evidence."""

from __future__ import annotations

from undersigned.base.db import atomic
from undersigned.envelopes.complete import Sealed, complete, signed_documents
from undersigned.envelopes.models import Envelope, EnvelopeState
from undersigned.files.store import StagedBlob
from undersigned.jobs.run import Run

from .sealing import seal_document, seal_evidence


def seal(envelope_id: int, run: Run) -> None:
    """Make sealed files and evidence outside any lock, then complete in one transaction. Repeatable: a finished or erased envelope is left alone."""
    envelope = (
        Envelope.objects.filter(
            pk=envelope_id, state=EnvelopeState.SEALING, content_erased_at=None, erased_at=None
        )
        .select_related("organization", "owner_user")
        .first()
    )
    if envelope is None:
        return
    documents: dict[int, StagedBlob] = {}
    unproven: set[str] = set()
    for document in signed_documents(envelope).select_related("head__file__blob"):
        head = document.head
        if head is None or head.file.blob is None:
            raise RuntimeError("a document without its bytes")
        sealed = seal_document(envelope, document, head, head.file.blob)
        documents[document.pk] = sealed.staged
        unproven.update(sealed.unproven)
        run.check()
    digests = {pk: staged.sha256 for pk, staged in documents.items()}
    evidence, evidence_json = seal_evidence(envelope, digests, unproven)
    with atomic():
        complete(envelope_id, Sealed(documents, evidence, evidence_json))
        run.finish()
