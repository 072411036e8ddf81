"""Send somebody a one-time code, by mail or by SMS as their policy asks."""

from __future__ import annotations

from typing import Literal

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.identity import one_time_code

from . import audit, messages, proofs
from .errors import Conflict
from .locks import lock_envelope
from .models import Recipient, Sitting
from .signer import standing

CHANNELS: dict[str, Literal["email", "sms"]] = {"mail_code": "email", "sms_code": "sms"}
SUBJECT = "sitting"
"""A code belongs to the browser that asked for it: what was sent to one opens nothing in another."""


def address(recipient: Recipient, channel: str) -> str:
    """Where codes go; empty when it is not known."""
    return (recipient.email or "") if channel == "email" else recipient.phone


def send_one_time_code(sitting: Sitting) -> None:
    """Make a code for the next method of the policy and queue it; a former one stops working.

    Raises Conflict: not_asked (another method is next), no_address, or the signer's standing when there is nothing for them to do;
    LimitReached, and `one_time_code.TooSoon` within a minute of the last one.
    """
    method = proofs.asked(sitting)
    channel = CHANNELS.get(method or "")
    if channel is None:
        raise Conflict("not_asked")
    to = address(sitting.recipient, channel)
    if not to:
        raise Conflict("no_address")
    last = one_time_code.latest(SUBJECT, sitting.pk, channel)
    if last is not None and now() < last.created_at + one_time_code.AGAIN_AFTER:
        raise one_time_code.TooSoon(last.created_at + one_time_code.AGAIN_AFTER)
    one_time_code.count(str(sitting.recipient_id), channel, to)
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        recipient = Recipient.objects.get(pk=sitting.recipient_id)
        where = standing(envelope, recipient, at)
        if where.is_over:
            raise Conflict(where.value)
        code = one_time_code.issue(SUBJECT, sitting.pk, channel)
        messages.send_one_time_code(envelope, recipient, code)
        audit.append(envelope, "one_time_code_sent", at, by=sitting, channel=channel)
