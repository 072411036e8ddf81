"""What delivery asks of the core: is the message still wanted, which link or code belongs in it, and who hears of the outcome."""

from __future__ import annotations

from django.conf import settings

from undersigned.base.clock import now
from undersigned.delivery import account
from undersigned.delivery.models import Message
from undersigned.delivery.ports import Ports
from undersigned.identity import one_time_code

from . import audit, discussion, links, notify, variables
from .actor import Actor
from .errors import NotFound
from .locks import lock_envelope
from .messages import WHILE_CODE_WORKS, WHILE_OPEN, WHILE_TALKING, one_time_code_of
from .models import Collection, Envelope, Recipient
from .ports import dialect
from .removal_notice import WHILE_MARKED
from .signer import waits


def _recipient(message: Message) -> Recipient | None:
    if message.recipient_id is None:
        return None
    found = Recipient.objects.filter(pk=message.recipient_id)
    return found.select_related("envelope__organization", "envelope__collection").first()


class Guard:
    """Evaluates `still_if`."""

    def still_wanted(self, message: Message) -> bool:
        recipient = _recipient(message)
        if message.still_if == WHILE_TALKING:
            return _talked_about(message, recipient)
        if message.still_if == WHILE_MARKED:
            return Collection.objects.filter(
                envelopes=message.envelope_id, marked_deleted_at__isnull=False
            ).exists()
        if message.still_if == WHILE_CODE_WORKS:
            return one_time_code.works(one_time_code_of(message))
        if message.still_if == account.WHILE_LINK_WORKS:
            return account.still_wanted(message)
        if message.still_if == notify.WHILE_PLANNED:
            return notify.still_wanted(message)
        if message.still_if != WHILE_OPEN:
            return False
        return recipient is not None and waits(recipient.envelope, recipient)


def _talked_about(message: Message, recipient: Recipient | None) -> bool:
    if message.envelope_id is None:
        return False
    envelope = Envelope.objects.select_related("collection").filter(pk=message.envelope_id).first()
    if envelope is None:
        return False
    place = discussion.place_of(envelope)
    if recipient is not None and not discussion.recipients_in(place).filter(pk=recipient.pk).exists():
        return False
    return discussion.is_open(place) and discussion.on(place).filter(deleted_at=None).exists()


class Renderer:
    """Gives link or code at the moment of sending; they are in no message row."""

    def secrets(self, message: Message) -> dict[str, str]:
        if message.purpose in account.PURPOSES:
            return {"url": account.link(message)}
        recipient = _recipient(message)
        if message.purpose == "signer_code":
            return {"code": recipient.code} if recipient is not None and recipient.code else {}
        if message.purpose == "code":
            code = one_time_code_of(message)
            return {"code": one_time_code.digits(code)} if code is not None else {"code": ""}
        if recipient is not None:
            return {"url": links.url(recipient)}
        about = f"envelopes/{message.envelope_id}" if message.envelope_id is not None else ""
        return {"url": f"{settings.PUBLIC_URL}/console/{about}"}

    def expand(self, message: Message, text: str) -> str:
        return variables.expand(text, _values(message))

    def callback(self, message: Message) -> str:
        address = variables.expand(message.address or "", _values(message), in_url=True)
        plan = notify.plan_of(message)
        if plan is None:
            return address
        port = dialect(plan.envelope.dialect)
        return port.notification_url(address, plan.envelope, plan.recipient, plan.package)


def _values(message: Message) -> dict[str, str]:
    """For the variables of the sender's own words; none of an envelope that is gone."""
    if message.envelope_id is None:
        return {}
    envelope = Envelope.objects.select_related("organization").filter(pk=message.envelope_id).first()
    return variables.of(envelope, _recipient(message)) if envelope is not None else {}


class Outcome:
    """Writes into the envelope's audit trail what became of a mail, an SMS, or a call of somebody's address."""

    def sent(self, message: Message) -> None:
        note(message, "notification_sent" if notify.is_planned(message) else "message_sent")

    def failed(self, message: Message, error: str) -> None:
        kind = "notification_failed" if notify.is_planned(message) else "message_failed"
        note(message, kind, error=error[:300])


def note(message: Message, kind: str, by: Actor | None = None, error: str | None = None) -> None:
    """Write into the audit trail what became of a mail or SMS; in the caller's transaction, before it locks the message.

    Webhooks and push messages have a record of their own, and an erased envelope has none.
    """
    unnoted = (Message.Channel.WEBHOOK, Message.Channel.PUSH)
    if message.channel in unnoted or message.envelope_id is None:
        return
    try:
        envelope: Envelope = lock_envelope(message.envelope_id)
    except NotFound:
        return
    audit.append(
        envelope,
        kind,
        now(envelope.organization.clock_offset),
        by=by,
        recipient=_recipient(message),
        purpose=message.purpose,
        channel=message.channel,
        address=message.address if notify.is_planned(message) else None,
        name=message.user.full_name if message.user else None,
        error=error,
    )


PORTS = Ports(guard=Guard(), renderer=Renderer(), outcome=Outcome())
