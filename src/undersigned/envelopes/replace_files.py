"""Replace the files of an envelope that was sent. Signatures covered the former set, so they no longer count and people are asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File

from . import add_document, audit, messages
from .actor import Actor
from .compile_plan import assign
from .compose import DOCUMENTS_MAX
from .errors import Conflict, Invalid
from .invitations import invite
from .locks import lock_envelope
from .models import (
    Assignment,
    AssignmentState,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    Recipient,
    RecipientState,
    Signature,
    Step,
)
from .ports import dialect
from .send import begin_round, turn

_PARKED = 1_000_000
"""Added to positions while they change: no database defers a partial unique index."""
_ENDED = (EnvelopeState.CANCELLED, EnvelopeState.ON_HOLD)


def replace_files(actor: Actor, envelope_id: int, files: Sequence[File]) -> Envelope:
    """Make `files` the documents, in this order. The same set has no effect but for the order.

    One that is on hold or called off stays so. Raises Invalid (documents required, too_many, already_used), Conflict: not_allowed (the
    API has no word for it), or the state that does not allow it (sealing, completed…); NotFound.
    """
    if faults := _faults(files):
        raise Invalid({"documents": [faults]})
    with atomic():
        envelope = lock_envelope(envelope_id)
        if "replace_files" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        if envelope.state not in (EnvelopeState.DRAFT, EnvelopeState.SENT, *_ENDED):
            raise Conflict(envelope.state)
        at = now(envelope.organization.clock_offset)
        former = {
            d.brought.pk: d for d in envelope.documents.filter(removed_at=None).select_related("original")
        }
        changed = set(former) != {f.pk for f in files}
        documents = _arrange(actor, envelope, former, files, at)
        if changed and envelope.sent_at is not None:
            audit.append(envelope, "files_replaced", at, by=actor)
            _begin_again(envelope, documents, at)
        envelope.save()
    return envelope


def _faults(files: Sequence[File]) -> str:
    if not files:
        return "required"
    if len(files) > DOCUMENTS_MAX:
        return "too_many"
    return "already_used" if len({f.pk for f in files}) < len(files) else ""


def _arrange(
    actor: Actor, envelope: Envelope, former: dict[int, Document], files: Sequence[File], at: datetime
) -> list[Document]:
    kept = {f.pk for f in files}
    for document in former.values():
        if document.original_id not in kept:
            document.removed_at = at
            document.save(update_fields=["removed_at"])
            audit.append(
                envelope, "document_removed", at, by=actor, document_id=document.pk, filename=document.title
            )
    envelope.documents.filter(removed_at=None).update(position=F("position") + _PARKED)
    documents = []
    for position, file in enumerate(files, start=1):
        known = former.get(file.pk)
        if known is None:
            documents.append(add_document.put(actor, envelope, file, at, position))
        else:
            Document.objects.filter(pk=known.pk).update(position=position)
            documents.append(known)
    return documents


def _begin_again(envelope: Envelope, documents: list[Document], at: datetime) -> None:
    """No signature counts, every document is as it came, and everybody's part is still to be done."""
    live = Signature.objects.filter(assignment__envelope=envelope, voided_at=None)
    live.update(voided_at=at, void_reason="files replaced")
    for document in documents:
        _back_to_original(document, at)
    former = Assignment.objects.filter(envelope=envelope, round=envelope.round)
    former.update(state=AssignmentState.VOID)
    envelope.round += 1
    steps = {step.position: step for step in Step.objects.filter(envelope=envelope)}
    Step.objects.filter(envelope=envelope).update(opened_at=None)
    signers = envelope.recipients.filter(kind=Recipient.Kind.SIGNER)
    signers.filter(state__in=[RecipientState.DONE, RecipientState.DECLINED]).update(
        state=RecipientState.ACTIVE, reason="", settled_at=None
    )
    told = set(signers.exclude(invited_at=None).values_list("pk", flat=True))
    signers.update(invited_at=None, remind_at=None)
    for signer in signers.filter(state=RecipientState.ACTIVE).order_by("position"):
        for document in documents:
            assign(envelope, steps[signer.position], signer, document)
    envelope.signed_count = 0
    if envelope.state in _ENDED:  # opening it again begins the work
        return
    begin_round(envelope, at)
    now_asked = list(turn(envelope))
    invite(envelope, [p for p in now_asked if p.pk in told], at, first=True, purpose="files_replaced")
    invite(envelope, [p for p in now_asked if p.pk not in told], at, first=True)
    messages.announce_event(envelope, "files_replaced", None, at)


def _back_to_original(document: Document, at: datetime) -> None:
    """Its pages are made anew: with other documents beside it, nobody may sign it before those are ready, too."""
    versions = DocumentVersion.objects.filter(document=document)
    original = versions.get(kind=DocumentVersion.Kind.ORIGINAL)
    versions.filter(voided_at=None).exclude(pk=original.pk).update(voided_at=at)
    document.head, document.reserved_by, document.reserved_until = original, None, None
    document.epoch += 1
    document.save(update_fields=["head", "epoch", "reserved_by", "reserved_until"])
