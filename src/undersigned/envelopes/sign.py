"""A signer signs.

The signatures are made outside any lock, against a known epoch of each document, and committed only if every document is still at that
epoch; else those that moved are made again, with new one-time keys. All documents of a sitting commit together or none does.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from undersigned.base.clock import iso_ms, now
from undersigned.base.db import atomic
from undersigned.files.models import File
from undersigned.files.storage import local_path, temporary_file
from undersigned.files.store import StagedBlob, adopt, new_file, stage
from undersigned.jobs.queue import enqueue
from undersigned.sealing.chain import canonical_json
from undersigned.sealing.sign import SignResult, sign_pdf

from . import audit, messages
from .appearance import drawn_for
from .errors import Conflict
from .graph import recompute
from .locks import lock_envelope
from .models import (
    Assignment,
    AssignmentState,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    IdentityProof,
    Phase,
    Recipient,
    Signature,
    Sitting,
)
from .policy import Policy
from .shown import Shown, as_seen
from .signer import standing
from .signing_request import pdf_request

RESERVE_AFTER = 2
"""Lost races after which the signer's turn at the documents is reserved (n signers at once would cost n(n+1)/2 signatures)."""
RESERVATION = timedelta(minutes=2)
GIVE_UP_AFTER = 40


@dataclass(frozen=True)
class SignRequest:
    """What the person agreed to: the text word for word, what the page showed, and a key made when the page was built."""

    consent_text: str
    language: str
    revision: str
    digest: str
    request_key: str


@dataclass
class _Work:
    """One assignment with the document as it was when the signature was begun."""

    assignment: Assignment
    epoch: int
    before: DocumentVersion
    staged: StagedBlob | None = None
    result: SignResult | None = None


class _Lost(Exception):
    """A document moved on, or somebody else has reserved it."""


def sign(sitting: Sitting, request: SignRequest) -> None:
    """Sign every open assignment of the sitting's recipient. A repeated `request_key` has no further effect.

    Raises Conflict: the signer's standing (superseded, past_due, signed…), not_identified, no_appearance, moved (other pages than those
    shown), busy; `sealing.errors.TimestampUnavailable` when no trusted time is to be had. Nothing is signed then.
    """
    if sitting.identified_at is None or sitting.ended_at is not None:
        raise Conflict("not_identified")
    if _already(sitting, request):
        return
    at = now(sitting.recipient.envelope.organization.clock_offset)
    work: list[_Work] = []
    try:
        for losses in range(GIVE_UP_AFTER):
            if losses >= RESERVE_AFTER:
                _reserve(sitting)
            shown, work = _begin(sitting, request, at, work)
            for item in work:
                if item.staged is None:
                    _make(sitting, item, at)
            try:
                _commit(sitting, request, shown, work, at)
            except _Lost:
                time.sleep(0.01 + secrets.randbelow(50 * (losses + 1)) / 1000)
                continue
            return
    finally:
        _release(sitting)
    raise Conflict("busy")


def _already(sitting: Sitting, request: SignRequest) -> bool:
    return Signature.objects.filter(
        assignment__recipient=sitting.recipient_id, request_key=request.request_key, voided_at=None
    ).exists()


def _begin(
    sitting: Sitting, request: SignRequest, at: datetime, former: list[_Work]
) -> tuple[Shown, list[_Work]]:
    """Read, without a lock, what is to be signed; work on documents that have not moved is kept."""
    envelope = Envelope.objects.select_related("organization", "owner_user").get(
        pk=sitting.recipient.envelope_id
    )
    recipient = Recipient.objects.get(pk=sitting.recipient_id)
    _refuse_unless_open(envelope, recipient, at)
    shown = as_seen(envelope, request.revision, request.digest)
    if Sitting.objects.filter(pk=sitting.pk, appearance=None).exists():
        raise Conflict("no_appearance")
    done = {(w.assignment.pk, w.epoch): w for w in former}
    assignments = (
        Assignment.objects.filter(
            recipient=recipient,
            round=envelope.round,
            state=AssignmentState.OPEN,
            action=Assignment.Action.SIGN,
        )
        .select_related("document__head__file__blob", "step")
        .order_by("document__position")
    )
    work = []
    for assignment in assignments:
        document, head = assignment.document, assignment.document.head
        assert head is not None  # an open sign assignment has a prepared version
        work.append(done.get((assignment.pk, document.epoch)) or _Work(assignment, document.epoch, head))
    return shown, work


def _refuse_unless_open(envelope: Envelope, recipient: Recipient, at: datetime) -> None:
    where = standing(envelope, recipient, at)
    if not where.may_sign:
        raise Conflict(where.value)


def _make(sitting: Sitting, item: _Work, at: datetime) -> None:
    """Make the signature on a copy of the head and bring it to the store. No lock is held."""
    sitting.refresh_from_db(fields=["appearance"])
    envelope = item.assignment.envelope
    blob = item.before.file.blob
    if blob is None:
        raise Conflict("erased")
    with (
        local_path(blob) as source,
        temporary_file(".pdf") as target,
        drawn_for(sitting) as appearance,
    ):
        item.result = sign_pdf(source, target, pdf_request(sitting, item.assignment, appearance, at))
        item.staged = stage(envelope.organization_id, target)


def _commit(sitting: Sitting, request: SignRequest, shown: Shown, work: list[_Work], at: datetime) -> None:
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        if _already(sitting, request):
            return
        committed_at = now(envelope.organization.clock_offset)
        _refuse_unless_open(envelope, recipient, committed_at)
        documents = {d.pk: d for d in Document.objects.filter(envelope=envelope, removed_at=None)}
        still_open = set(
            Assignment.objects.filter(
                recipient=recipient, round=envelope.round, state=AssignmentState.OPEN
            ).values_list("pk", flat=True)
        )
        if {w.assignment.pk for w in work} != still_open:
            raise _Lost
        for item in work:
            document = documents.get(item.assignment.document_id)
            if document is None or document.epoch != item.epoch or _reserved_by_other(document, sitting):
                raise _Lost
        consent = _record_consent(sitting, recipient, request, shown, committed_at)
        proof = IdentityProof.objects.filter(sitting=sitting).order_by("-pk").first()
        for item in work:
            _record_signature(
                documents[item.assignment.document_id], item, request, consent, proof, committed_at
            )
        audit.append(
            envelope,
            "signed",
            committed_at,
            by=sitting,
            consent=consent.digest,
            documents=[
                {
                    "document": w.assignment.document_id,
                    "before": w.before.sha256,
                    "after": w.staged.sha256,
                    "certificate": w.result.serial,
                }
                for w in work
                if w.staged and w.result
            ],
        )
        outcome = recompute(envelope, committed_at)
        messages.announce_event(envelope, "signed", recipient, committed_at)
        if outcome.agreed:
            agree(envelope, committed_at)
        envelope.save()
        if Policy.model_validate(envelope.policy).invitation:
            for opened in outcome.opened_for:
                messages.invite(envelope, opened, committed_at)


def agree(envelope: Envelope, at: datetime) -> None:
    """All have agreed: the job that seals is a row of this transaction and cannot be lost. Caller holds the lock and saves."""
    envelope.state, envelope.phase, envelope.agreed_at = EnvelopeState.SEALING, Phase.NONE, at
    audit.append(envelope, "agreed", at, by=None)
    messages.announce_event(envelope, "agreed", None, at)
    enqueue("seal", {"envelope": envelope.pk}, unique_key=f"seal:{envelope.pk}:{envelope.round}")


def _record_consent(
    sitting: Sitting, recipient: Recipient, request: SignRequest, shown: Shown, at: datetime
) -> Consent:
    sitting.refresh_from_db(fields=["pages_seen"])
    record = {
        "text": request.consent_text,
        "language": request.language,
        "shown": shown.as_record(),
        "pages_seen": sitting.pages_seen,
        "at": iso_ms(at),
    }
    return Consent.objects.create(
        sitting=sitting,
        recipient=recipient,
        text=request.consent_text,
        language=request.language,
        shown=record["shown"],
        pages_seen=sitting.pages_seen,
        at=at,
        digest=hashlib.sha256(canonical_json(record)).hexdigest(),
    )


def _record_signature(
    document: Document,
    item: _Work,
    request: SignRequest,
    consent: Consent,
    proof: IdentityProof | None,
    at: datetime,
) -> None:
    assert item.staged is not None
    assert item.result is not None
    file = new_file(
        adopt(item.staged),
        File.Kind.VERSION,
        document.title,
        media_type="application/pdf",
        pages=item.before.file.pages,
    )
    version = DocumentVersion.objects.create(
        document=document,
        seq=item.before.seq + 1,
        kind=DocumentVersion.Kind.SIGNED,
        parent=item.before,
        file=file,
        sha256=item.staged.sha256,
        created_at=at,
    )
    Signature.objects.create(
        assignment=item.assignment,
        consent=consent,
        proof=proof,
        version_before=item.before,
        version_after=version,
        certificate=item.result.certificate,
        serial=item.result.serial,
        level=item.result.level,
        at=at,
        request_key=request.request_key,
    )
    document.head, document.reserved_by, document.reserved_until = version, None, None
    document.epoch += 1
    document.save(update_fields=["head", "epoch", "reserved_by", "reserved_until"])
    Assignment.objects.filter(pk=item.assignment.pk).update(state=AssignmentState.DONE, settled_at=at)


def _reserved_by_other(document: Document, sitting: Sitting) -> bool:
    return (
        document.reserved_by_id not in (None, sitting.pk)
        and document.reserved_until is not None
        and document.reserved_until > now()
    )


def _reserve(sitting: Sitting) -> None:
    """Take the turn at all documents if nobody else has it; it lapses by itself."""
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        documents = list(Document.objects.filter(envelope=envelope, removed_at=None))
        if not any(_reserved_by_other(d, sitting) for d in documents):
            Document.objects.filter(pk__in=[d.pk for d in documents]).update(
                reserved_by=sitting, reserved_until=now() + RESERVATION
            )


def _release(sitting: Sitting) -> None:
    """Whoever could not sign after all keeps nobody waiting."""
    if Document.objects.filter(reserved_by=sitting.pk).exists():
        Document.objects.filter(reserved_by=sitting.pk).update(reserved_by=None, reserved_until=None)
