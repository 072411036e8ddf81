"""Invite people when their turn comes: the link, and the code where it goes by SMS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from . import messages
from .models import Envelope, Recipient
from .plan import plan_of
from .policy import Policy


def invite(
    envelope: Envelope,
    recipients: Iterable[Recipient],
    at: datetime,
    *,
    first: bool,
    purpose: str = "",
) -> None:
    """Write to people who can do something now and have not been written to. Their links are issued already.

    `first`: at sending; later ones hear that it is their turn, or what `purpose` says. Caller holds the envelope's lock.
    """
    policy = Policy.model_validate(envelope.policy)
    days = plan_of(envelope).remind_days
    for recipient in recipients:
        if not (policy.invitation or _named_here(recipient)) or recipient.invited_at is not None:
            continue
        messages.invite(envelope, recipient, at, purpose=purpose or ("invitation" if first else "your_turn"))
        if recipient.code is not None and recipient.code_by_sms:
            messages.send_code(envelope, recipient, at)
        recipient.invited_at = at
        recipient.remind_at = at + timedelta(days=days) if days else None
        recipient.save(update_fields=["invited_at", "remind_at"])


def _named_here(recipient: Recipient) -> bool:
    """Did another person of the envelope name them? The sender's program does not know of them, so it is ours to write."""
    return bool(recipient.channels) and hasattr(recipient, "forwarded_by")
