"""Invite people when their turn comes: the link, and the code where it goes by SMS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from . import messages
from .models import Assignment, AssignmentState, Envelope, Recipient
from .plan import plan_of
from .policy import Policy

HERE = timedelta(minutes=5)


def invite(
    envelope: Envelope,
    recipients: Iterable[Recipient],
    at: datetime,
    *,
    first: bool,
    purpose: str = "",
) -> None:
    """Write to people who can do something now and have not been written to. Their links are issued already.

    `first`: at sending; later ones hear that it is their turn, or what `purpose` says. Where each signature is dealt with by itself, who
    was written to hears again when something else is asked of them, unless they have the page open. Caller holds the envelope's lock.
    """
    policy = Policy.model_validate(envelope.policy)
    days = plan_of(envelope).remind_days
    for recipient in {r.pk: r for r in recipients}.values():
        if not (policy.invitation or _named_here(recipient)):
            continue
        said = purpose or _asked(envelope, recipient, first=first)
        if recipient.invited_at is not None:
            if policy.sitting == "one" and not _is_here(recipient, at):
                messages.invite(envelope, recipient, at, f":turn:{at:%Y%m%d%H%M%S%f}", said)
            continue
        messages.invite(envelope, recipient, at, purpose=said)
        if recipient.code is not None and recipient.code_by_sms:
            messages.send_code(envelope, recipient, at)
        recipient.invited_at = at
        recipient.remind_at = at + timedelta(days=days) if days else None
        recipient.save(update_fields=["invited_at", "remind_at"])


def _asked(envelope: Envelope, recipient: Recipient, *, first: bool) -> str:
    """The purpose of what they are written."""
    fills = Assignment.objects.filter(recipient=recipient, action=Assignment.Action.FILL)
    if plan_of(envelope).documents is not None and fills.filter(state=AssignmentState.OPEN).exists():
        return "fill_in"
    return "invitation" if first else "your_turn"


def _is_here(recipient: Recipient, at: datetime) -> bool:
    """Did they do something in the room just now? It leads them on by itself."""
    return recipient.sittings.filter(ended_at=None, last_seen__gte=at - HERE).exists()


def _named_here(recipient: Recipient) -> bool:
    """Did another person of the envelope name them? The sender's program does not know of them, so it is ours to write."""
    return bool(recipient.channels) and hasattr(recipient, "forwarded_by")
