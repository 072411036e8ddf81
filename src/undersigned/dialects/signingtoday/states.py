"""The word for how a transaction stands. Total: every state of the core has one."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from undersigned.envelopes.models import Assignment, Envelope, EnvelopeState, Phase
from undersigned.envelopes.plan import Plan, plan_of

from . import dst_wire as wire

STATUS: dict[EnvelopeState, wire.Status] = {
    EnvelopeState.DRAFT: "draft",
    EnvelopeState.OFFERED: "published",
    EnvelopeState.FETCHING: "downloadingInDraft",  # downloadingInPublished where it will be sent
    EnvelopeState.SENT: "toSign",  # published, toFill: by its phase
    EnvelopeState.SEALING: "toSign",
    EnvelopeState.ON_HOLD: "toSign",
    EnvelopeState.COMPLETED: "signed",
    EnvelopeState.DECLINED: "rejected",
    EnvelopeState.CANCELLED: "rejected",
    EnvelopeState.EXPIRED: "expired",
    EnvelopeState.FAILED: "error",
}
_SPLIT = (EnvelopeState.FETCHING, EnvelopeState.SENT)


def status(envelope: Envelope) -> wire.Status:
    """Never `toSign` while a ticket would refuse because pages are still being made final."""
    state = EnvelopeState(envelope.state)
    if state == EnvelopeState.FETCHING and envelope.send_when_ready:
        return "downloadingInPublished"
    if state == EnvelopeState.SENT:
        if envelope.phase == Phase.FILL:
            return "toFill"
        if envelope.phase == Phase.PREPARE:
            return "toFill" if asks_to_fill(plan_of(envelope)) else "published"
    return STATUS[state]


def asks_to_fill(plan: Plan) -> bool:
    """Must anybody fill in a text before signing begins?"""
    return any(f.to_fill for d in plan.documents or () for f in d.fields)


def with_status(word: str) -> Q:
    """Envelopes that have this word."""
    found = Q(state__in=[s for s, w in STATUS.items() if w == word and s not in _SPLIT])
    fills = Q(Exists(Assignment.objects.filter(envelope=OuterRef("pk"), action=Assignment.Action.FILL)))
    sent = Q(state=EnvelopeState.SENT)
    match word:
        case "downloadingInDraft":
            found |= Q(state=EnvelopeState.FETCHING, send_when_ready=False)
        case "downloadingInPublished":
            found |= Q(state=EnvelopeState.FETCHING, send_when_ready=True)
        case "toFill":
            found |= sent & (Q(phase=Phase.FILL) | Q(phase=Phase.PREPARE) & fills)
        case "published":
            found |= sent & Q(phase=Phase.PREPARE) & ~fills
        case "toSign":
            found |= sent & ~Q(phase__in=[Phase.FILL, Phase.PREPARE])
    return found
