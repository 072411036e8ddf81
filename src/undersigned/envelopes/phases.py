"""Where people first fill in and then sign, it is told when each begins: in the trail, to the sender's program, to those who are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from undersigned.jobs.queue import enqueue

from . import audit, inbox, messages
from .models import Assignment, AuditEvent, Envelope, EnvelopeState, Phase
from .policy import Policy

_KINDS = {Phase.FILL: "filling", Phase.SIGN: "signing"}


def opened(envelope: Envelope, assignments: Sequence[Assignment], at: datetime) -> None:
    """What follows when something opens for people, or a phase begins: it is told, and who signs by itself does so. Caller holds the lock."""
    if not Policy.model_validate(envelope.policy).phases:
        return
    _note(envelope, at)
    rows = Assignment.objects.filter(pk__in=[a.pk for a in assignments], place=1)
    asked = list(rows.select_related("recipient__user", "document").order_by("document__position", "pk"))
    _ask(envelope, asked, at)
    _have_signed(envelope, asked)


def _note(envelope: Envelope, at: datetime) -> None:
    """Tell of the phase that the envelope is in, once each."""
    kind = _KINDS.get(Phase(envelope.phase))
    if envelope.state != EnvelopeState.SENT or kind is None:
        return
    if AuditEvent.objects.filter(envelope=envelope, kind=kind).exists():
        return
    audit.append(envelope, kind, at, by=None)
    messages.announce_event(envelope, kind, None, at)


def _ask(envelope: Envelope, asked: Sequence[Assignment], at: datetime) -> None:
    """What can be done since now: users among those who can hear of it, and so does the sender's program."""
    for action in (Assignment.Action.FILL, Assignment.Action.SIGN):
        of_kind = [a for a in asked if a.action == action]
        inbox.ask(envelope, action, [a.recipient for a in of_kind], at)
        for assignment in of_kind:
            messages.announce_event(envelope, "asked", assignment.recipient, at, [assignment])


def _have_signed(envelope: Envelope, asked: Sequence[Assignment]) -> None:
    """A user who signs by itself does so, by a job of this transaction."""
    for assignment in asked:
        user = assignment.recipient.user
        if assignment.action == Assignment.Action.SIGN and user is not None and user.automatic:
            enqueue(
                "auto_sign",
                {"envelope": envelope.pk, "assignment": assignment.pk},
                unique_key=f"auto_sign:{assignment.pk}:{envelope.round}",
            )
