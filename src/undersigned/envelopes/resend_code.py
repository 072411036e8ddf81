"""Send a signer their code by SMS again."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.delivery.models import Message

from . import audit, messages
from .errors import Conflict
from .locks import lock_envelope
from .models import Recipient
from .signer import standing


def resend_code(recipient: Recipient) -> None:
    """Queue the SMS once more; at most one a minute, ten a day.

    Raises Conflict: no_phone, or the signer's standing when nothing is to be done; LimitReached.
    """
    with atomic():
        envelope = lock_envelope(recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        recipient.refresh_from_db()
        if not recipient.code_by_sms or recipient.code is None:
            raise Conflict("no_phone")
        where = standing(envelope, recipient, at)
        if not where.may_decline:
            raise Conflict(where.value)
        if messages.repeated_lately(recipient, Message.Channel.SMS):
            return
        messages.send_code(envelope, recipient, at, again=messages.again(at))
        audit.append(envelope, "code_sent_again", at, by=recipient)
