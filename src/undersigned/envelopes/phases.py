"""Where people first fill in and then sign, it is told when each begins: in the trail, to the sender's program, to those who are asked."""

from __future__ import annotations

from datetime import datetime

from . import audit, inbox, messages
from .models import Assignment, AssignmentState, AuditEvent, Envelope, EnvelopeState, Phase, Recipient
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


def ask(envelope: Envelope, recipients: list[Recipient], at: datetime) -> None:
    """Users among those who can do something since now hear what it is."""
    open_now = Assignment.objects.filter(
        recipient__in=recipients, round=envelope.round, state=AssignmentState.OPEN
    )
    acts = dict(open_now.order_by("-action").values_list("recipient", "action"))  # fill, where there is some
    for action in (Assignment.Action.FILL, Assignment.Action.SIGN):
        inbox.ask(envelope, action, [r for r in recipients if acts.get(r.pk) == action], at)
