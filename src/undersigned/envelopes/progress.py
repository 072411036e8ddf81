"""What follows whenever somebody has done their part, or never will: steps open, people are done, packages are built, the envelope ends."""

from __future__ import annotations

from datetime import datetime

from undersigned.jobs.queue import enqueue

from . import audit, clocks, inbox, messages, notify, phases
from .graph import Outcome, lapse_open, recompute
from .invitations import invite
from .models import (
    Assignment,
    AssignmentState,
    Envelope,
    EnvelopeState,
    NotificationPlan,
    Phase,
    Recipient,
)
from .policy import Policy

_Trigger = NotificationPlan.Trigger


_MOVED = ["state", "phase", "signed_count", "agreed_at", "content_erase_at", "erase_at", "updated_at"]
"""Columns of an envelope that change when it goes on. Whoever changed another saves it."""


def advance(envelope: Envelope, at: datetime) -> None:
    """Recompute and do what follows. Caller holds the lock; where the envelope stands is saved here."""
    follow(envelope, recompute(envelope, at), at)


def follow(envelope: Envelope, outcome: Outcome, at: datetime) -> None:
    """Do what follows from a recomputation. Caller holds the lock; where the envelope stands is saved here."""
    policy = Policy.model_validate(envelope.policy)
    for person in outcome.done:
        if policy.sealed_unit == "people" and _has_signed(person, envelope):
            enqueue(
                "result",
                {"envelope": envelope.pk, "recipient": person.pk},
                unique_key=f"result:{person.pk}:{envelope.round}",
            )
        notify.happened(envelope, _Trigger.COMPLETED, at, recipient=person)
    for person in outcome.turn_of:
        notify.happened(envelope, _Trigger.CREATED, at, recipient=person)
    if outcome.agreed:
        agree(envelope, at)
    elif outcome.stuck is not None and policy.on_decline in ("isolate", "waive"):
        lapse_open(envelope, at)
        envelope.state, envelope.phase = outcome.stuck, Phase.NONE
        audit.append(envelope, "ended", at, by=None, state=envelope.state)
        messages.announce_event(envelope, "ended", None, at)
        inbox.tell_of_state(envelope, at)
    envelope.save(update_fields=_MOVED)
    phases.opened(envelope, outcome.opened, at)
    invite(envelope, [*outcome.turn_of, *outcome.opened_for], at, first=False)


def agree(envelope: Envelope, at: datetime) -> None:
    """All have agreed: the job that seals is a row of this transaction and cannot be lost. Caller holds the lock and saves."""
    envelope.state, envelope.phase, envelope.agreed_at = EnvelopeState.SEALING, Phase.NONE, at
    clocks.wind(envelope, at)
    audit.append(envelope, "agreed", at, by=None)
    messages.announce_event(envelope, "agreed", None, at)
    notify.happened(envelope, _Trigger.COMPLETED, at)
    enqueue("seal", {"envelope": envelope.pk}, unique_key=f"seal:{envelope.pk}:{envelope.round}")


def _has_signed(person: Recipient, envelope: Envelope) -> bool:
    return Assignment.objects.filter(
        recipient=person,
        round=envelope.round,
        action=Assignment.Action.SIGN,
        state=AssignmentState.DONE,
    ).exists()
