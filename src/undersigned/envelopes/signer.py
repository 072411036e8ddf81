"""Where one person stands: decides which page they see and what they may do."""

from __future__ import annotations

from collections.abc import Collection
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
    FORWARDED = "forwarded"
    STOPPED = "stopped"
    COMPLETED = "completed"
    SIGNED = "signed"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"
    EXPIRED = "expired"
    PREPARING = "preparing"
    NOT_YOUR_TURN = "not_your_turn"
    VIEWING = "viewing"
    OPEN = "open"

    @property
    def may_sign(self) -> bool:
        """Is there something that they can do now: sign, or what comes before it?"""
        return self is Standing.OPEN

    @property
    def may_decline(self) -> bool:
        return self in (Standing.OPEN, Standing.PREPARING, Standing.NOT_YOUR_TURN)

    @property
    def is_over(self) -> bool:
        """Nothing can be done any more and nothing is shown: called off, refused, too late, replaced, erased."""
        return self in (
            Standing.ERASED,
            Standing.SUPERSEDED,
            Standing.CANCELLED,
            Standing.DECLINED,
            Standing.FORWARDED,
            Standing.STOPPED,
            Standing.ON_HOLD,
            Standing.PAST_DUE,
            Standing.EXPIRED,
        )


def removed(envelope: Envelope) -> bool:
    """Is there nothing left to be seen of it: erased, without its content, or in the days before its erasure?"""
    return (
        envelope.erased_at is not None
        or envelope.deleted_at is not None
        or envelope.content_erased_at is not None
        or (envelope.collection is not None and envelope.collection.marked_deleted_at is not None)
    )


def waits(envelope: Envelope, recipient: Recipient) -> bool:
    """Is there something to sign for this person, now or when others have done their part?"""
    return standing(envelope, recipient, now(envelope.organization.clock_offset)).may_decline


def standing(
    envelope: Envelope, recipient: Recipient, at: datetime, states: Collection[str] | None = None
) -> Standing:
    """The signer's standing at `at`; at most one query, none when the `states` of their assignments are known."""
    if removed(envelope):
        return Standing.ERASED
    if envelope.superseded_at is not None:
        return Standing.SUPERSEDED
    if (ended := _ended(envelope, recipient)) is not None:
        return ended
    if recipient.kind != Recipient.Kind.SIGNER:
        return Standing.PREPARING if envelope.phase == "prepare" else Standing.VIEWING
    policy = Policy.model_validate(envelope.policy)
    if envelope.due_at is not None and at >= envelope.due_at and policy.past_due == "refuse":
        return Standing.PAST_DUE
    if (
        recipient.expires_at is not None
        and at >= recipient.expires_at
        and policy.past_expires == "recipient_lapses"
    ):
        return Standing.EXPIRED
    if (
        envelope.expires_at is not None
        and at >= envelope.expires_at
        and policy.past_expires == "envelope_expires"
    ):
        return Standing.EXPIRED
    if states is None:
        mine = Assignment.objects.filter(recipient=recipient, round=envelope.round)
        states = set(mine.values_list("state", flat=True))
    if AssignmentState.OPEN in states:
        return Standing.OPEN
    return Standing.PREPARING if envelope.phase == "prepare" else Standing.NOT_YOUR_TURN


def _ended(envelope: Envelope, recipient: Recipient) -> Standing | None:
    """Standing of somebody for whom nothing is left to do."""
    match recipient.state:
        case RecipientState.DECLINED:
            return Standing.DECLINED
        case RecipientState.FORWARDED:
            return Standing.FORWARDED
        case RecipientState.EXPIRED:
            return Standing.EXPIRED
        case RecipientState.REMOVED:
            return Standing.CANCELLED
    done = recipient.state == RecipientState.DONE
    match envelope.state:
        case EnvelopeState.CANCELLED | EnvelopeState.FAILED:
            return Standing.CANCELLED
        case EnvelopeState.DECLINED | EnvelopeState.EXPIRED if done and _each_for_themselves(envelope):
            return Standing.SIGNED
        case EnvelopeState.DECLINED:
            return Standing.STOPPED
        case EnvelopeState.EXPIRED:
            return Standing.EXPIRED
        case EnvelopeState.SEALING | EnvelopeState.COMPLETED:
            return Standing.COMPLETED
        case EnvelopeState.ON_HOLD:
            return Standing.SIGNED if done else Standing.ON_HOLD
    return Standing.SIGNED if done else None


def _each_for_themselves(envelope: Envelope) -> bool:
    return Policy.model_validate(envelope.policy).on_decline == "isolate"
