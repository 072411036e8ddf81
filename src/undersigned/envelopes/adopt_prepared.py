"""The commit half of the job that makes a document's pages final."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt, new_file

from . import audit
from .graph import recompute
from .locks import lock_envelope
from .models import Document, DocumentVersion, EnvelopeState, Phase


def adopt_prepared(envelope_id: int, prepared: dict[int, tuple[StagedBlob, int]]) -> None:
    """Make staged bytes the prepared versions (document id to bytes and number of pages) and open what waited for them.

    Caller holds the transaction. No effect when the envelope has ended or been prepared meanwhile.
    """
    envelope = lock_envelope(envelope_id)
    if envelope.state != EnvelopeState.SENT or envelope.phase != Phase.PREPARE:
        return
    at = now(envelope.organization.clock_offset)
    for document in Document.objects.filter(envelope=envelope, removed_at=None).select_related("head"):
        staged, pages = prepared[document.pk]
        head = document.head
        assert head is not None
        file = new_file(
            adopt(staged), File.Kind.VERSION, document.title, media_type="application/pdf", pages=pages
        )
        document.head = DocumentVersion.objects.create(
            document=document,
            seq=head.seq + 1,
            kind=DocumentVersion.Kind.PREPARED,
            parent=head,
            file=file,
            sha256=staged.sha256,
            created_at=at,
        )
        document.epoch += 1
        document.save(update_fields=["head", "epoch"])
        audit.append(
            envelope, "prepared", at, by=None, document_id=document.pk, sha256=staged.sha256, pages=pages
        )
    envelope.phase = Phase.SIGN
    recompute(envelope, at)
    envelope.needs_attention = ""
    envelope.save()
