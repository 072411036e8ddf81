"""The commit half of the job that makes documents' pages final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from undersigned.base.clock import now
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt, new_file

from . import audit, phases, preparing
from .graph import recompute
from .locks import lock_envelope
from .models import DocumentVersion, EnvelopeState, Field, Phase
from .ports import dialect


@dataclass(frozen=True)
class Prepared:
    """Staged pages of a document that was at this epoch. `invisible`: the file came signed, so signatures get no picture."""

    document_id: int
    epoch: int
    staged: StagedBlob
    pages: int
    invisible: bool = False


def adopt_prepared(envelope_id: int, prepared: Sequence[Prepared]) -> bool:
    """Make staged bytes the prepared versions and open what waited for them; true when more can be prepared now.

    Caller holds the transaction. No effect when the envelope has ended, or what was to be prepared is not what it was: all of it is
    adopted or none. A repetition has no effect either.
    """
    envelope = lock_envelope(envelope_id)
    if envelope.state != EnvelopeState.SENT or envelope.phase != Phase.PREPARE:
        return False
    at = now(envelope.organization.clock_offset)
    done = {p.document_id: p for p in prepared}
    documents = preparing.waiting(envelope)
    port = dialect(envelope.dialect)
    if any(d.pk not in done or done[d.pk].epoch != d.epoch for d in documents):
        return False  # other files meanwhile; they have a job of their own
    for document in documents:
        one = done[document.pk]
        file = new_file(
            adopt(one.staged),
            File.Kind.VERSION,
            document.pdf_name,
            media_type="application/pdf",
            pages=one.pages,
            pub=port.new_public_id("file", at) if port.names_files else None,
        )
        document.head = DocumentVersion.objects.create(
            document=document,
            seq=document.next_seq(),
            kind=DocumentVersion.Kind.PREPARED,
            parent=document.head,
            file=file,
            sha256=one.staged.sha256,
            created_at=at,
        )
        document.epoch += 1
        document.save(update_fields=["head", "epoch"])
        if one.invisible:
            Field.objects.filter(document=document, kind=Field.Kind.SIGNATURE).update(invisible=True)
        audit.append(
            envelope,
            "prepared",
            at,
            by=None,
            document_id=document.pk,
            sha256=one.staged.sha256,
            pages=one.pages,
        )
    more = bool(preparing.waiting(envelope))
    envelope.phase = Phase.PREPARE if more else preparing.settled_phase(envelope)
    outcome = recompute(envelope, at)
    envelope.needs_attention = ""
    envelope.save()
    phases.opened(envelope, outcome.opened, at)
    return more
