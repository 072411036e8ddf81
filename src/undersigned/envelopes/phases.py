"""Where people first fill in and then sign, it is told when each begins: in the trail, to the sender's program, to those who are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from undersigned.jobs.queue import enqueue

from . import audit, inbox, messages
from .models import Assignment, AssignmentState, AuditEvent, Envelope, EnvelopeState, Phase
from .policy import Policy

_KINDS = {Phase.FILL: "filling", Phase.SIGN: "signing"}


def opened(envelope: Envelope, assignments: Sequence[Assignment], at: datetime) -> None:
    """What follows when something opens for people, or a phase begins: it is told, and who signs by itself does so. Caller holds the lock.

    `assignments`: those that can be done since now.
    """
    _note(envelope, at)
    _ask(envelope, assignments, at)
    _have_signed(envelope, assignments)


def _note(envelope: Envelope, at: datetime) -> None:
    """Tell of the phase that the envelope is in, once each. Caller holds the lock, and has recomputed."""
    if not Policy.model_validate(envelope.policy).phases or envelope.state != EnvelopeState.SENT:
        return
    kind = _KINDS.get(Phase(envelope.phase))
    if kind is None or AuditEvent.objects.filter(envelope=envelope, kind=kind).exists():
        return
    audit.append(envelope, kind, at, by=None)
    messages.announce_event(envelope, kind, None, at)


def _ask(envelope: Envelope, assignments: Sequence[Assignment], at: datetime) -> None:
    """Users among those who can do something since now hear what it is, and so does the sender's program."""
    if not assignments or not Policy.model_validate(envelope.policy).phases:
        return
    rows = Assignment.objects.filter(pk__in=[a.pk for a in assignments], place=1)
    asked = list(rows.select_related("recipient__user", "document").order_by("document__position", "pk"))
    for action in (Assignment.Action.FILL, Assignment.Action.SIGN):
        of_kind = [a for a in asked if a.action == action]
        inbox.ask(envelope, action, [a.recipient for a in of_kind], at)
        for assignment in of_kind:
            messages.announce_event(envelope, "asked", assignment.recipient, at, [assignment])


def _have_signed(envelope: Envelope, assignments: Sequence[Assignment]) -> None:
    """Have signed what has opened for those who sign by themselves."""
    users = [a.pk for a in assignments if a.recipient.user_id is not None]
    if not users:
        return
    theirs = Assignment.objects.filter(
        pk__in=users,
        recipient__user__automatic=True,
        recipient__user__disabled_at=None,
        round=envelope.round,
        action=Assignment.Action.SIGN,
        state=AssignmentState.OPEN,
        place=1,
    )
    for pk in theirs.values_list("pk", flat=True):
        enqueue("auto_sign", {"envelope": envelope.pk, "assignment": pk}, unique_key=f"auto_sign:{pk}:{envelope.round}")
