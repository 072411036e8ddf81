"""What delivery asks of the core: is the message still wanted, which link or code belongs in it, and who hears of the outcome."""

from __future__ import annotations

from django.conf import settings

from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.delivery.ports import Ports

from . import audit, links
from .errors import NotFound
from .locks import lock_envelope
from .messages import WHILE_OPEN
from .models import Envelope, Recipient
from .signer import waits


def _recipient(message: Message) -> Recipient | None:
    if message.recipient_id is None:
        return None
    return Recipient.objects.filter(pk=message.recipient_id).select_related("envelope__organization").first()


class Guard:
    """Evaluates `still_if`."""

    def still_wanted(self, message: Message) -> bool:
        if message.still_if != WHILE_OPEN:
            return False
        recipient = _recipient(message)
        return recipient is not None and waits(recipient.envelope, recipient)


class Renderer:
    """Gives link or code at the moment of sending; they are in no message row."""

    def secrets(self, message: Message) -> dict[str, str]:
        recipient = _recipient(message)
        if message.purpose == "signer_code":
            return {"code": recipient.code} if recipient is not None and recipient.code else {}
        if recipient is not None:
            return {"url": links.url(recipient)}
        return {"url": f"{settings.PUBLIC_URL}/console/envelopes/{message.envelope_id}"}


class Outcome:
    """Writes into the envelope's audit trail what became of a mail or SMS."""

    def sent(self, message: Message) -> None:
        self._append(message, "message_sent")

    def failed(self, message: Message, error: str) -> None:
        self._append(message, "message_failed", error[:300])

    def _append(self, message: Message, kind: str, error: str | None = None) -> None:
        if message.channel == Message.Channel.WEBHOOK or message.envelope_id is None:
            return
        try:
            envelope: Envelope = lock_envelope(message.envelope_id)
        except NotFound:
            return
        recipient = _recipient(message)
        at = now(envelope.organization.clock_offset)
        audit.append(
            envelope,
            kind,
            at,
            by=None,
            recipient=recipient,
            purpose=message.purpose,
            channel=message.channel,
            name=message.user.full_name if message.user else None,
            error=error,
        )


PORTS = Ports(guard=Guard(), renderer=Renderer(), outcome=Outcome())
