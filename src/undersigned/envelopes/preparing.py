"""Which documents wait for their pages to be made final, and having that done by a job (`lifecycle.prepare`).

A document is prepared once it has its file, somebody signs it, and nobody still has to bring or fill it in. A declaration is prepared
when all other documents that its signer signs are. What nobody signs is never prepared: it is read as it came.
"""

from __future__ import annotations

from collections import defaultdict

from undersigned.jobs.queue import enqueue

from .models import Assignment, AssignmentState, Document, DocumentVersion, Envelope, Phase
from .models.steps import LIVE, SATISFIED

_FIRST = (Assignment.Action.UPLOAD, Assignment.Action.FILL)
_GONE = (AssignmentState.VOID, AssignmentState.REFUSED, AssignmentState.LAPSED, AssignmentState.WAIVED)


def unprepared(document: Document) -> bool:
    """Are its pages not final? `document` with its head."""
    head = document.head
    return head is None or head.kind == DocumentVersion.Kind.ORIGINAL


def waiting(envelope: Envelope) -> list[Document]:
    """The documents that can be prepared now, in order."""
    documents = {
        d.pk: d
        for d in envelope.documents.filter(removed_at=None)
        .select_related("head", "original__blob")
        .order_by("position")
    }
    signers: dict[int, set[int]] = defaultdict(set)
    signs: dict[int, set[int]] = defaultdict(set)
    hindered: set[int] = set()
    for a in Assignment.objects.filter(envelope=envelope, round=envelope.round):
        if a.action in _FIRST and a.state not in SATISFIED:
            hindered.add(a.document_id)
        if a.action == Assignment.Action.SIGN and a.state not in _GONE:
            signers[a.document_id].add(a.recipient_id)
            signs[a.recipient_id].add(a.document_id)
    found = []
    for pk, document in documents.items():
        if not unprepared(document) or not signers[pk] or pk in hindered:
            continue
        if document.format == Document.Format.DECLARATION:
            others = {d for person in signers[pk] for d in signs[person] if d != pk and d in documents}
            if all(not unprepared(documents[d]) for d in others):
                found.append(document)
        elif document.original_id is not None:
            found.append(document)
    return found


def settled_phase(envelope: Envelope) -> Phase:
    """What is waited for when no pages are to be made final."""
    fills = Assignment.objects.filter(
        envelope=envelope, round=envelope.round, action=Assignment.Action.FILL, state__in=LIVE
    )
    return Phase.FILL if fills.exists() else Phase.SIGN


def ask(envelope: Envelope, *, first: bool = False) -> None:
    """Set the phase, and queue the job when there is work for it. Caller holds the lock and saves the envelope.

    `first`: of a round. Later ones have a key of their own, since a job that is done keeps its key for two days.
    """
    documents = waiting(envelope)
    envelope.phase = Phase.PREPARE if documents else settled_phase(envelope)
    if documents:
        key = f"prepare:{envelope.pk}:{envelope.round}"
        enqueue(
            "prepare",
            {"envelope": envelope.pk},
            unique_key=key if first else f"{key}:{envelope.audit_seq}",
        )
