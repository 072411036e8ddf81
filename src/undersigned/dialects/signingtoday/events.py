"""What the sender's program is told: how a transaction stands, and what became of each thing that was asked of a person.

The envelope of these messages is that of the vendor's older pages, their content that of its second version.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from undersigned.envelopes.models import Assignment, AssignmentState, Envelope, EnvelopeState, Field
from undersigned.envelopes.plan import plan_of
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
    planned = next((d for d in plan_of(envelope).documents or () if d.document == document.position), None)
    fields = planned.fields if planned is not None else ()
    wanted = next((r for r in planned.requests if r.key == assignment.key), None) if planned else None
    theirs = {
        s.key
        for g in (planned.groups if planned else ())
        for s in g.signers
        if s.user and s.user == person.user_id
    } | ({wanted.signer} if wanted is not None and sign else set())
    groups = planned.groups if planned is not None else ()
    group = next((n for n, g in enumerate(groups) if any(s.key in theirs for s in g.signers)), None)
    place = next((f for f in fields if f.request == assignment.key and f.kind == "signature"), None)
    form = None
    if not sign:
        place = next((f for f in fields if f.kind == "text" and f.signer in theirs), None)
        row = (
            Field.objects.filter(document=document, kind=Field.Kind.TEXT, key=place.key).first()
            if place
            else None
        )
        form = (
            mapping.form(document, place, fields.index(place), row).model_dump(by_alias=True)
            if place
            else None
        )
    return {
        "status": status,
        "group": group,
        "action": "sign" if sign else "fill",
        "dst": {"id": envelope.pub, "title": envelope.title},
        "fillableForm": form,
        "signature": int(assignment.key) if sign else None,
        "signer": person.email or person.full_name,
        "document": {
            "display_name": document.title,
            "id": mapping.number_of(document),
            "order": document.position - 1,
        },
        "automatic": bool(person.user and person.user.automatic),
        "page": place.page if place is not None else None,
    }
