"""Where one signer stands: decides which page they see and what they may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from undersigned.base.clock import now

from .models import Assignment, AssignmentState, Envelope, EnvelopeState, Recipient, RecipientState
from .policy import Policy


class Standing(StrEnum):
    """One word for a signer's situation, worst news first where several are true."""

    ERASED = "erased"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    STOPPED = "stopped"
    COMPLETED = "completed"
    SIGNED = "signed"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"
    EXPIRED = "expired"
    PREPARING = "preparing"
    NOT_YOUR_TURN = "not_your_turn"
    OPEN = "open"

    @property
    def may_sign(self) -> bool:
        return self is Standing.OPEN

    @property
    def may_decline(self) -> bool:
        return self in (Standing.OPEN, Standing.PREPARING, Standing.NOT_YOUR_TURN)


def waits(envelope: Envelope, recipient: Recipient) -> bool:
    """Is there something to sign for this person, now or when others have done their part?"""
    return standing(envelope, recipient, now(envelope.organization.clock_offset)).may_decline


def standing(envelope: Envelope, recipient: Recipient, at: datetime) -> Standing:
    """The signer's standing at `at`; at most one query."""
    if envelope.erased_at is not None:
        return Standing.ERASED
    if envelope.superseded_at is not None:
        return Standing.SUPERSEDED
    if (ended := _ended(envelope, recipient)) is not None:
        return ended
    policy = Policy.model_validate(envelope.policy)
    if envelope.due_at is not None and at >= envelope.due_at and policy.past_due == "refuse":
        return Standing.PAST_DUE
    if (
        recipient.expires_at is not None
        and at >= recipient.expires_at
        and policy.past_expires == "recipient_lapses"
    ):
        return Standing.EXPIRED
    states = set(
        Assignment.objects.filter(recipient=recipient, round=envelope.round).values_list("state", flat=True)
    )
    if AssignmentState.OPEN in states:
        return Standing.OPEN
    return Standing.PREPARING if envelope.phase == "prepare" else Standing.NOT_YOUR_TURN


def _ended(envelope: Envelope, recipient: Recipient) -> Standing | None:
    """Standing of somebody for whom nothing is left to do."""
    if recipient.state == RecipientState.DECLINED:
        return Standing.DECLINED
    match envelope.state:
        case EnvelopeState.CANCELLED | EnvelopeState.FAILED:
            return Standing.CANCELLED
        case EnvelopeState.DECLINED:
            return Standing.STOPPED
        case EnvelopeState.EXPIRED:
            return Standing.EXPIRED
        case EnvelopeState.SEALING | EnvelopeState.COMPLETED:
            return Standing.COMPLETED
        case EnvelopeState.ON_HOLD:
            return Standing.SIGNED if recipient.state == RecipientState.DONE else Standing.ON_HOLD
    if recipient.state == RecipientState.DONE:
        return Standing.SIGNED
    if recipient.state in (RecipientState.EXPIRED, RecipientState.FORWARDED, RecipientState.REMOVED):
        return Standing.EXPIRED if recipient.state == RecipientState.EXPIRED else Standing.CANCELLED
    return None
