"""Put messages into the outbox, in the transaction of the change that causes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from undersigned.accounts import endpoints
from undersigned.accounts.models import Credential, Organization, User
from undersigned.base import clock
from undersigned.jobs import queue
from undersigned.jobs.models import Job

from . import texts
from .models import Message, WebhookEvent
from .params import Params

JOB = "deliver"
_ADDRESS = {
    # One mailbox, nothing that a header could read as two; whether it exists, its server says.
    Message.Channel.EMAIL: re.compile(r"[^\s,;:<>()\[\]\"\\@\x00-\x1f\x7f]+@[^\s,;:<>()\"\\@\x00-\x1f\x7f]+"),
    Message.Channel.SMS: re.compile(r"\+[1-9][0-9]{6,14}"),  # E.164
    Message.Channel.PUSH: re.compile(r"[^\x00-\x1f\x7f]{1,200}"),
}


@dataclass(frozen=True)
class Draft:
    """A message to be sent. `dedup_key` names the reason (such as "invitation:17:round-2"): the same key never sends twice.

    `not_before` is real time (the database's, not a sandbox's). `still_if` is a condition that `ports.Guard` understands.
    """

    organization: Organization
    purpose: str
    channel: str
    dedup_key: str
    address: str | None = None
    params: Params = field(default_factory=Params)
    language: str = "en"
    envelope_id: int | None = None
    recipient_id: int | None = None
    user: User | None = None
    webhook_event: WebhookEvent | None = None
    credential: Credential | None = None
    not_before: datetime | None = None
    still_if: str = ""


def post(draft: Draft) -> Message:
    """Insert the message and its job; both commit with the caller's transaction. A known `dedup_key` gives the existing message.

    Raises ValueError for an unknown purpose, for an address that is not exactly one mailbox, E.164 number or device, and for a line break in a
    value that is one line. The address of a message in the sender's own words is as they wrote it: what is none fails when it is sent.
    """
    if draft.channel == Message.Channel.WEBHOOK:
        if draft.webhook_event is None:
            raise ValueError("a webhook needs its event")
    elif draft.channel == Message.Channel.PUSH and draft.user is None:
        raise ValueError("a push message needs its user")
    elif draft.channel != Message.Channel.URL:
        texts.check_purpose(draft.channel, draft.purpose)
        if draft.purpose != texts.OWN_WORDS and not is_address(draft.channel, draft.address or ""):
            raise ValueError(f"not one {draft.channel} address")
    params = Params.model_validate(
        draft.params.model_dump()
    )  # again, since `model_copy(update=…)` checks nothing
    with transaction.atomic():
        due = max(draft.not_before, clock.now()) if draft.not_before else clock.now()
        message, created = Message.objects.get_or_create(
            dedup_key=draft.dedup_key,
            defaults={
                "organization": draft.organization,
                "envelope_id": draft.envelope_id,
                "recipient_id": draft.recipient_id,
                "user": draft.user,
                "webhook_event": draft.webhook_event,
                "credential": draft.credential,
                "purpose": draft.purpose,
                "channel": draft.channel,
                "address": draft.address,
                "params": params.model_dump_json(exclude_defaults=True),
                "language": draft.language,
                "not_before": draft.not_before,
                "still_if": draft.still_if,
                "next_attempt_at": due,
            },
        )
        if created:
            queue.enqueue(
                JOB,
                {"message": message.pk},
                run_at=due if draft.not_before else None,
                unique_key=job_key(message.pk),
                priority=_priority(draft),
            )
    return message


def job_key(message_id: int) -> str:
    """Of the job that first sends a message."""
    return f"{JOB}:{message_id}"


def _priority(draft: Draft) -> Job.Priority:
    """Somebody sits and waits for a code."""
    if draft.channel == Message.Channel.URL:
        return Job.Priority.NORMAL
    return Job.Priority.HIGH if texts.secret(draft.channel, draft.purpose) == "code" else Job.Priority.NORMAL


def is_address(channel: str, address: str) -> bool:
    """Is it exactly one mailbox (email), E.164 number (sms) or id of a device (push), such as `post` takes?"""
    return _ADDRESS[Message.Channel(channel)].fullmatch(address) is not None


def announce(event: WebhookEvent) -> list[Message]:
    """Post the event to every enabled credential of its owner, in its dialect, that has a webhook URL, and to the endpoint that the owner
    configured. Same event, same id to all."""
    credentials = Credential.objects.filter(
        user=event.owner_user_id, dialect=event.dialect, enabled=True
    ).exclude(webhook_url="")
    receivers: list[Credential | None] = list(credentials.order_by("pk"))
    if endpoints.has_address(event.owner_user_id, event.dialect):
        receivers.append(None)
    return [
        post(
            Draft(
                organization=event.organization,
                purpose="event",
                channel=Message.Channel.WEBHOOK,
                dedup_key=f"webhook:{event.pk}:{credential.pk if credential else 'endpoint'}",
                envelope_id=event.envelope_id,
                webhook_event=event,
                credential=credential,
            )
        )
        for credential in receivers
    ]


def send_again(message: Message) -> bool:
    """Queue a message that was sent, failed or dropped once more, with a full day of attempts; it keeps its id and history.

    False when it is on its way already.
    """
    with transaction.atomic():
        now = clock.now()
        again = Message.objects.filter(pk=message.pk).exclude(state=Message.State.QUEUED)
        queued = again.update(state=Message.State.QUEUED, attempts=0, next_attempt_at=now)
        if queued:
            queue.enqueue(JOB, {"message": message.pk})
    message.refresh_from_db()
    return bool(queued)


def set_aside(message: Message) -> bool:
    """A failed message is no longer wanted. False when it has not failed (any more)."""
    failed = Message.objects.filter(pk=message.pk, state=Message.State.FAILED)
    dropped = failed.update(state=Message.State.DROPPED)
    message.refresh_from_db()
    return bool(dropped)


def erase(envelope_id: int) -> None:
    """Delete all that was sent or is to be sent about an envelope, with its attempts and webhook events (they name persons)."""
    with transaction.atomic():
        _delete(Message.objects.filter(envelope_id=envelope_id))
        WebhookEvent.objects.filter(envelope_id=envelope_id).delete()


def erase_keyed(begins: str) -> None:
    """Delete all messages whose `dedup_key` begins like this."""
    with transaction.atomic():
        _delete(Message.objects.filter(dedup_key__startswith=begins))


def _delete(messages: QuerySet[Message]) -> None:
    """With jobs that died of them: what an error says may hold an address."""
    ids = list(messages.values_list("pk", flat=True))
    if ids:
        Job.objects.filter(kind=JOB, state=Job.State.DEAD, payload__message__in=ids).delete()
        messages.delete()
