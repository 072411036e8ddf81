"""Where people first fill in and then sign, it is told when each begins: in the trail, to the sender's program, to those who are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from . import audit, inbox, messages
from .models import Assignment, AuditEvent, Envelope, EnvelopeState, Phase
from .policy import Policy

_KINDS = {Phase.FILL: "filling", Phase.SIGN: "signing"}


def note(envelope: Envelope, at: datetime) -> None:
    """Tell of the phase that the envelope is in, once each. Caller holds the lock, and has recomputed."""
    if not Policy.model_validate(envelope.policy).phases or envelope.state != EnvelopeState.SENT:
        return
    kind = _KINDS.get(Phase(envelope.phase))
    if kind is None or AuditEvent.objects.filter(envelope=envelope, kind=kind).exists():
        return
    audit.append(envelope, kind, at, by=None)
    messages.announce_event(envelope, kind, None, at)


def ask(envelope: Envelope, opened: Sequence[Assignment], at: datetime) -> None:
    """What can be done since now: users among those who can hear of it, and so does the sender's program."""
    if not Policy.model_validate(envelope.policy).phases:
        return
    rows = Assignment.objects.filter(pk__in=[a.pk for a in opened], place=1)
    asked = list(rows.select_related("recipient__user", "document").order_by("document__position", "pk"))
    for action in (Assignment.Action.FILL, Assignment.Action.SIGN):
        of_kind = [a for a in asked if a.action == action]
        inbox.ask(envelope, action, [a.recipient for a in of_kind], at)
        for assignment in of_kind:
            messages.announce_event(envelope, "asked", assignment.recipient, at, [assignment])
