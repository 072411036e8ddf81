"""A signer signs.

The signatures are made outside any lock, against a known epoch of each document, and committed only if every document is still at that
epoch; else those that moved are made again, with new one-time keys. All documents of a sitting commit together or none does.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import prefetch_related_objects

from undersigned.base.clock import iso_ms, now
from undersigned.base.db import atomic
from undersigned.files.scan import Infected, ensure_clean
from undersigned.sealing.chain import canonical_json

from . import audit, focus, messages, proofs
from .errors import Conflict, NotFound
from .graph import recompute
from .locks import lock_envelope
from .make_signature import Made, make_signature, signature_file
from .models import (
    Assignment,
    AssignmentState,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    Field,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
)
from .models.steps import SATISFIED
from .open_sitting import again
from .progress import follow
from .shown import Shown, as_seen, documents_of
from .signer import standing

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
    accepted: frozenset[int] = frozenset()
    """Row ids of the clauses that the person accepted; each stands word for word in `consent_text`."""
    automatic: bool = False
    """Nobody looked: a user who signs by itself (`auto_sign`)."""


@dataclass
class _Work:
    """One assignment with the document as it was when the signature was begun."""

    assignment: Assignment
    epoch: int
    before: DocumentVersion
    made: Made | None = None


class _Lost(Exception):
    """A document moved on, or somebody else has reserved it."""


def sign(sitting: Sitting, request: SignRequest) -> None:
    """Sign all that the sitting's recipient is to sign, once they have done the rest of what they were asked. A repeated `request_key` has
    no further effect. A declaration that the way they chose does not ask for is waived. `sitting` was read just now, with its person and
    their envelope (`open_sitting.find_sitting`).

    Raises Conflict: the signer's standing (superseded, past_due, signed…), not_identified, unfinished (something is still to be brought,
    filled in or looked at), preparing (pages of what they sign are not final yet), no_appearance, moved (other pages than those shown),
    clause (one was not accepted), identity (the key that they chose can be used no more), busy, on_hold (a file is infected), erased; NotFound when it was erased meanwhile; `sealing.errors.TimestampUnavailable` when no trusted time is to be had,
    `files.scan.ScannerUnavailable`. Nothing is signed then.
    """
    if sitting.identified_at is None or sitting.ended_at is not None:
        raise Conflict("not_identified")
    try:
        if not proofs.may_sign(sitting):
            raise Conflict("not_identified")
        _sign(sitting, request)
    except Conflict:  # as it is for whoever presses the button again
        if not _already(sitting, request):
            raise
    except ObjectDoesNotExist as e:  # rows that were there when the signature was begun
        if Envelope.objects.filter(pk=sitting.recipient.envelope_id, erased_at=None).exists():
            raise
        raise NotFound from e


def _sign(sitting: Sitting, request: SignRequest) -> None:
    at = now(sitting.recipient.envelope.organization.clock_offset)
    work: list[_Work] = []
    reserved = False
    try:
        for losses in range(GIVE_UP_AFTER):
            if losses >= RESERVE_AFTER:
                reserved = True
                _reserve(sitting)
            if losses:
                sitting = again(sitting)
            shown, work = _begin(sitting, request, at, work)
            _refuse_unscanned(shown)
            _make_missing(sitting, work, at)
            try:
                _commit(sitting, request, shown, work, at)
            except _Lost:
                time.sleep(0.01 + secrets.randbelow(50 * (losses + 1)) / 1000)
                continue
            return
    finally:
        if reserved:
            _release(sitting)
    raise Conflict("busy")


def _refuse_unscanned(shown: Shown) -> None:
    """What somebody uploaded is scanned again; all later versions were made of it here."""
    for version in shown.versions:
        if version.document.source is not None:
            try:
                ensure_clean(version.document.source)
            except Infected as e:
                raise Conflict("on_hold") from e


def _already(sitting: Sitting, request: SignRequest) -> bool:
    return Signature.objects.filter(
        assignment__recipient=sitting.recipient_id, request_key=request.request_key, voided_at=None
    ).exists()


def _begin(
    sitting: Sitting, request: SignRequest, at: datetime, former: list[_Work]
) -> tuple[Shown, list[_Work]]:
    """Read, without a lock, what is to be signed; work on documents that have not moved is kept."""
    recipient, envelope = sitting.recipient, sitting.recipient.envelope
    assignments, _waived = _to_sign(sitting, envelope, recipient, at)
    prefetch_related_objects(assignments, "fields")
    _refuse_unaccepted(request, assignments)
    shown = as_seen(recipient, request.revision, request.digest, focus.document_on_table(sitting))
    if sitting.appearance is None and any(not a.document.detached for a in assignments):
        raise Conflict("no_appearance")
    done = {(w.assignment.pk, w.epoch): w for w in former}
    work = []
    for assignment in assignments:
        assignment.envelope = envelope
        document, head = assignment.document, assignment.document.head
        assert head is not None  # an open sign assignment has a prepared version
        work.append(done.get((assignment.pk, document.epoch)) or _Work(assignment, document.epoch, head))
    return shown, work


def _to_sign(
    sitting: Sitting, envelope: Envelope, recipient: Recipient, at: datetime
) -> tuple[list[Assignment], list[Assignment]]:
    """What is signed now, in order, and what the way chosen leaves out. Raises Conflict when the person cannot sign."""
    mine = list(
        Assignment.objects.filter(recipient=recipient, round=envelope.round)
        .select_related("document__head__file__blob", "step")
        .order_by("document__position", "pk")
    )
    if focus.one_at_a_time(envelope):
        table = {a.pk for a in focus.on_table(sitting)}
        mine = [a for a in mine if a.pk in table]
        if mine and all(a.state in SATISFIED for a in mine):
            raise Conflict("signed" if mine[0].state == AssignmentState.DONE else "declined")
    _refuse_unless_open(envelope, recipient, at, {a.state for a in mine})
    rest = [a for a in mine if a.state not in SATISFIED]
    if any(a.action != Assignment.Action.SIGN for a in rest):
        raise Conflict("unfinished")
    way = proofs.signing_way(sitting)
    unasked = way is not None and not way.statement
    waived = [a for a in rest if unasked and a.document.format == Document.Format.DECLARATION]
    signing = [a for a in rest if a not in waived]
    if not signing or any(a.state != AssignmentState.OPEN for a in signing):
        raise Conflict("preparing")
    return signing, waived


def _refuse_unaccepted(request: SignRequest, signing: list[Assignment]) -> None:
    """What is signed together with a clause needs its acceptance, word for word. Raises Conflict (clause)."""
    clauses = [f for a in signing for f in a.fields.all() if f.kind == Field.Kind.CLAUSE]
    if any(c.pk not in request.accepted or c.label not in request.consent_text for c in clauses):
        raise Conflict("clause")


def _refuse_unless_open(
    envelope: Envelope, recipient: Recipient, at: datetime, states: Collection[str]
) -> None:
    where = standing(envelope, recipient, at, states)
    if not where.may_sign:
        raise Conflict(where.value)


def _make_missing(sitting: Sitting, work: list[_Work], at: datetime) -> None:
    """Several signatures on one document follow each other: each is made on the result of the one before it."""
    results: dict[int, Made] = {}
    for item in work:
        document_id = item.assignment.document_id
        if item.made is None:
            item.made = make_signature(sitting, item.assignment, item.before, results.get(document_id), at)
        results[document_id] = item.made


def _commit(sitting: Sitting, request: SignRequest, shown: Shown, work: list[_Work], at: datetime) -> None:
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        if _already(sitting, request):
            return
        committed_at = now(envelope.organization.clock_offset)
        signing, waived = _to_sign(sitting, envelope, recipient, committed_at)
        if {w.assignment.pk for w in work} != {a.pk for a in signing}:
            raise _Lost
        documents = {a.document_id: a.document for a in signing}  # one object each
        for item in work:
            document = documents[item.assignment.document_id]
            if document.removed_at or document.epoch != item.epoch or _reserved_by_other(document, sitting):
                raise _Lost
        shown = shown.without({a.document_id for a in waived})
        consent = _record_consent(sitting, recipient, request, shown, committed_at)
        proof = proofs.proof_of_signature(sitting)
        for left_out in waived:
            left_out.state, left_out.settled_at = AssignmentState.WAIVED, committed_at
            left_out.save(update_fields=["state", "settled_at"])
        signed = [
            _record_signature(
                documents[item.assignment.document_id], item, request, consent, proof, committed_at
            )
            for item in work
        ]
        if not recipient.full_name:  # the record says who signed
            recipient.name = sitting.recipient.name = proofs.signing_name(sitting).name
            recipient.save(update_fields=["name"])
        audit.append(
            envelope,
            "signed",
            committed_at,
            by=sitting,
            document_id=signing[0].document_id if focus.one_at_a_time(envelope) else None,
            assignment_id=signing[0].pk if focus.one_at_a_time(envelope) else None,
            consent=consent.digest,
            documents=[
                {
                    "document": s.assignment.document_id,
                    "before": s.version_before.sha256,
                    "after": s.version_after.sha256,
                    "certificate": s.serial,
                    **({"key": s.own_key} if s.own_key else {}),
                }
                for s in signed
            ],
        )
        outcome = recompute(envelope, committed_at)
        messages.announce_event(envelope, "signed", recipient, committed_at, [w.assignment for w in work])
        follow(envelope, outcome, committed_at)


def _record_consent(
    sitting: Sitting, recipient: Recipient, request: SignRequest, shown: Shown, at: datetime
) -> Consent:
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
        automatic=request.automatic,
    )


def _record_signature(
    document: Document,
    item: _Work,
    request: SignRequest,
    consent: Consent,
    proof: IdentityProof | None,
    at: datetime,
) -> Signature:
    """The version and the signature; the document's head moves on, unless the signature is apart from it."""
    made = item.made
    assert made is not None
    before = document.head
    assert before is not None  # at the same epoch as when the signature was begun, or made by the former item
    version = DocumentVersion.objects.create(
        document=document,
        seq=document.next_seq(),
        kind=DocumentVersion.Kind.SIGNED,
        parent=before,
        file=signature_file(item.assignment, made, item.before.file.pages),
        sha256=made.staged.sha256,
        created_at=at,
    )
    signature = Signature.objects.create(
        assignment=item.assignment,
        consent=consent,
        proof=proof,
        version_before=before,
        version_after=version,
        certificate=made.result.certificate,
        serial=made.result.serial,
        own_key=made.own_key,
        level=made.result.level,
        at=at,
        request_key=request.request_key,
    )
    document.reserved_by = document.reserved_until = None
    if not document.detached:
        document.head = version
        document.epoch += 1
    document.save(update_fields=["head", "epoch", "reserved_by", "reserved_until"])
    Assignment.objects.filter(pk=item.assignment.pk).update(state=AssignmentState.DONE, settled_at=at)
    return signature


def _reserved_by_other(document: Document, sitting: Sitting) -> bool:
    return (
        document.reserved_by_id not in (None, sitting.pk)
        and document.reserved_until is not None
        and document.reserved_until > now()
    )


def _reserve(sitting: Sitting) -> None:
    """Take the turn at all their documents if nobody else has it; it lapses by itself."""
    with atomic():
        lock_envelope(sitting.recipient.envelope_id)
        documents = list(documents_of(sitting.recipient))
        if not any(_reserved_by_other(d, sitting) for d in documents):
            Document.objects.filter(pk__in=[d.pk for d in documents]).update(
                reserved_by=sitting, reserved_until=now() + RESERVATION
            )


def _release(sitting: Sitting) -> None:
    """Whoever could not sign after all keeps nobody waiting."""
    Document.objects.filter(reserved_by=sitting.pk).update(reserved_by=None, reserved_until=None)
