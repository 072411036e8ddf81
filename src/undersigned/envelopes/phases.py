"""Where people first fill in and then sign, it is told when each begins: in the trail, to the sender's program, to those who are asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from undersigned.jobs.queue import enqueue

from . import audit, inbox, messages
from .models import Assignment, AssignmentState, AuditEvent, Envelope, EnvelopeState, Phase, Recipient
from .policy import Policy

_KINDS = {Phase.FILL: "filling", Phase.SIGN: "signing"}


def opened(envelope: Envelope, recipients: list[Recipient], at: datetime) -> None:
    """What follows when something opens for people, or a phase begins: it is told, and who signs by itself does so. Caller holds the lock."""
    _note(envelope, at)
    _ask(envelope, recipients, at)
    _have_signed(envelope, recipients)


def _note(envelope: Envelope, at: datetime) -> None:
    """Tell of the phase that the envelope is in, once each. Caller holds the lock, and has recomputed."""
    if not Policy.model_validate(envelope.policy).phases or envelope.state != EnvelopeState.SENT:
        return
    kind = _KINDS.get(Phase(envelope.phase))
    if kind is None or AuditEvent.objects.filter(envelope=envelope, kind=kind).exists():
        return
    audit.append(envelope, kind, at, by=None)
    messages.announce_event(envelope, kind, None, at)


def _ask(envelope: Envelope, recipients: list[Recipient], at: datetime) -> None:
    """Users among those who can do something since now hear what it is."""
    if not recipients or not Policy.model_validate(envelope.policy).inbox:
        return
    open_now = Assignment.objects.filter(
        recipient__in=recipients, round=envelope.round, state=AssignmentState.OPEN
    )
    acts = dict(open_now.order_by("-action").values_list("recipient", "action"))  # fill, where there is some
    for action in (Assignment.Action.FILL, Assignment.Action.SIGN):
        inbox.ask(envelope, action, [r for r in recipients if acts.get(r.pk) == action], at)


def _have_signed(envelope: Envelope, recipients: Iterable[Recipient]) -> None:
    """Have signed what is open now for those of `recipients` who sign by themselves."""
    users = [r.pk for r in recipients if r.user_id is not None]
    if not users:
        return
    theirs = Assignment.objects.filter(
        recipient__in=users,
        recipient__user__automatic=True,
        recipient__user__disabled_at=None,
        round=envelope.round,
        action=Assignment.Action.SIGN,
        state=AssignmentState.OPEN,
        place=1,
    )
    for pk in theirs.values_list("pk", flat=True):
        enqueue("auto_sign", {"envelope": envelope.pk, "assignment": pk}, unique_key=f"auto_sign:{pk}:{envelope.round}")
