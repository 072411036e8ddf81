"""What the sender's program is told: how a transaction stands, and what became of each thing that was asked of a person.

The envelope of these messages is that of the vendor's older pages, their content that of its second version.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from undersigned.envelopes.models import Assignment, AssignmentState, Envelope, EnvelopeState, Field
from undersigned.envelopes.plan import PlannedDocument, plan_of
from undersigned.envelopes.ports import WebhookDraft

from . import mapping

DST_STATUS = "DST_STATUS_CHANGED"
SIGNATURE_STATUS = "SIGNATURE_STATUS_CHANGED"
_STATUS = {
    "filling": "toFill",
    "signing": "toSign",
    "completed": "performed",
    "cancelled": "error",
    "failed": "error",
}
_ENDED = {EnvelopeState.EXPIRED: "expired", EnvelopeState.DECLINED: "error"}
_REASON = {EnvelopeState.DECLINED: "rejected", EnvelopeState.CANCELLED: "cancelled"}
_DONE = {
    "asked": "pending",
    "filled": "performed",
    "signed": "performed",
    "left_out": "declined",
    "declined": "declined",
}


def drafts_of(envelope: Envelope, event: str, assignments: Sequence[Assignment]) -> list[WebhookDraft]:
    """The messages for an event of the core, in order; none for what this API has no word for."""
    found = []
    if (status := _DONE.get(event)) is not None:
        found += [_draft(SIGNATURE_STATUS, _signature(envelope, a, status)) for a in _firsts(assignments)]
    if event == "ended" and envelope.state == EnvelopeState.EXPIRED:
        lapsed = Assignment.objects.filter(
            envelope=envelope, round=envelope.round, state=AssignmentState.LAPSED, place=1
        )
        rows = lapsed.select_related("document", "recipient__user").order_by("document__position", "pk")
        found += [_draft(SIGNATURE_STATUS, _signature(envelope, a, "expired")) for a in rows]
    word = _ENDED.get(EnvelopeState(envelope.state)) if event == "ended" else _STATUS.get(event)
    if word is not None:
        reason = envelope.error or _REASON.get(EnvelopeState(envelope.state))
        found.append(_draft(DST_STATUS, {"status": word, "dst": envelope.pub, "reason": reason}))
    return found


def _firsts(assignments: Sequence[Assignment]) -> Iterator[Assignment]:
    """One of several places of a signature."""
    seen = set()
    for a in assignments:
        if (mark := (a.document_id, a.key, a.action)) not in seen:
            seen.add(mark)
            yield a


def _draft(message: str, data: dict[str, Any]) -> WebhookDraft:
    body = json.dumps({"message": message, "data": data}).encode()
    return WebhookDraft(str(uuid.uuid4()), str(uuid.uuid4()), message, body)


def _signature(envelope: Envelope, assignment: Assignment, status: str) -> dict[str, Any]:
    document, person = assignment.document, assignment.recipient
    sign = assignment.action == Assignment.Action.SIGN
    plans = {d.document: d for d in plan_of(envelope).documents or ()}
    planned = plans.get(document.position) or PlannedDocument(document=document.position)
    row = None if sign else _text_of(assignment)
    form = next(
        (f for f in planned.fields if row is not None and f.key == row.wire.get("key", row.key)), None
    )
    asked = next((r for r in planned.requests if sign and r.key == assignment.key), None)
    place = next((f for f in planned.fields if f.kind == "signature" and f.request == assignment.key), None)
    signer = asked.signer if asked is not None else form.signer if form is not None else None
    shown = place if sign else form
    return {
        "status": status,
        "group": next(
            (n for n, g in enumerate(planned.groups) if any(s.key == signer for s in g.signers)), None
        ),
        "action": "sign" if sign else "fill",
        "dst": {"id": envelope.pub, "title": envelope.title},
        "fillableForm": (
            mapping.form(document, form, planned.fields.index(form), row).model_dump(by_alias=True)
            if form
            else None
        ),
        "signature": int(assignment.key) if sign else None,
        "signer": person.email or person.full_name,
        "document": {
            "display_name": document.title,
            "id": mapping.number_of(document),
            "order": document.position - 1,
        },
        "automatic": bool(person.user and person.user.automatic),
        "page": shown.page if shown is not None else None,
    }


def _text_of(assignment: Assignment) -> Field | None:
    """The first text that somebody has to fill in; what they do with a document is one thing, however many there are."""
    texts = Field.objects.filter(
        document=assignment.document, recipient=assignment.recipient, kind=Field.Kind.TEXT
    )
    return texts.order_by("-required", "pk").first()
