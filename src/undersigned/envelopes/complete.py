"""The commit half of the job that seals."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from undersigned.base.clock import now
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt, new_file

from . import audit, inbox, messages
from .locks import lock_envelope
from .models import Document, DocumentVersion, Envelope, EnvelopeState, Signature
from .ports import dialect


@dataclass(frozen=True)
class Sealed:
    """Staged results: document id to sealed bytes, and the evidence."""

    documents: dict[int, StagedBlob]
    evidence: StagedBlob
    evidence_json: StagedBlob


def signed_documents(envelope: Envelope) -> QuerySet[Document]:
    """Those that somebody signed, in order: the others stay as they came."""
    live = Signature.objects.filter(assignment__document=OuterRef("pk"), voided_at=None)
    return Document.objects.filter(Exists(live), envelope=envelope, removed_at=None).order_by("position")


def complete(envelope_id: int, sealed: Sealed) -> None:
    """Adopt the sealed files, end the envelope and send the copies. Caller holds the transaction; no effect the second time."""
    envelope = lock_envelope(envelope_id)
    if envelope.state != EnvelopeState.SEALING:
        return
    at = now(envelope.organization.clock_offset)
    port = dialect(envelope.dialect)
    versions = []
    for document in signed_documents(envelope).select_related("head__file"):
        staged, head = sealed.documents[document.pk], document.head
        assert head is not None
        file = new_file(
            adopt(staged),
            File.Kind.VERSION,
            document.signed_name,
            media_type=document.signed_type,
            pages=None if document.detached else head.file.pages,
            pub=port.new_public_id("file", at) if port.names_files else None,
        )
        version = DocumentVersion.objects.create(
            document=document,
            seq=document.next_seq(),
            kind=DocumentVersion.Kind.SEALED,
            parent=head,
            file=file,
            sha256=staged.sha256,
            created_at=at,
        )
        document.head = version
        document.epoch += 1
        document.save(update_fields=["head", "epoch"])
        audit.append(
            envelope, "sealed", at, by=None, document_id=document.pk, sha256=staged.sha256, level="B-LTA"
        )
        versions.append(version)
    name = f"{envelope.title} - evidence"
    envelope.evidence = new_file(
        adopt(sealed.evidence), File.Kind.EVIDENCE, f"{name}.pdf", media_type="application/pdf"
    )
    envelope.evidence_json = new_file(
        adopt(sealed.evidence_json), File.Kind.EVIDENCE, f"{name}.json", media_type="application/json"
    )
    envelope.state, envelope.completed_at, envelope.needs_attention = EnvelopeState.COMPLETED, at, ""
    envelope.save()
    audit.append(envelope, "completed", at, by=None, evidence=sealed.evidence.sha256)
    messages.send_copies(envelope, versions, at)
    messages.announce_event(envelope, "completed", None, at)
    inbox.tell_of_state(envelope, at)
