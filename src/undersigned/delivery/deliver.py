"""One attempt to send a message, and writing down how it ended.

Sending is at least once: a worker that is killed between the server's answer and the commit sends again, with the same Message-ID or
webhook-id. No lock is held while sending.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from undersigned.base import clock, db

from . import callback, ports, push, sms, smtp, webhook
from .errors import ANSWER_LIMIT, Rejected, SendingFailed, Unwanted
from .models import Message, MessageAttempt
from .outbox import is_address
from .render import render

logger = logging.getLogger(__name__)

_S, _M, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DELAYS = (5 * _S, 30 * _S, 2 * _M, 10 * _M, 30 * _M, 1 * _H, 2 * _H, 4 * _H, 8 * _H, 8 * _H)
"""Pauses after the first, second… failed attempt: eleven attempts in 23.7 hours."""

Outcome = MessageAttempt.Outcome


@dataclass(frozen=True)
class Result:
    """How an attempt ended. `answer`: the server's own words."""

    outcome: MessageAttempt.Outcome
    answer: str
    transport: str
    at: datetime
    duration_ms: int


class Superseded(Exception):
    """The message was sent, erased or tried by another worker since it was read."""


CUT_OFF = "an earlier attempt was cut off and may have arrived"


def attempt(message: Message, *, cut_off: bool = False) -> Result:
    """Send the message once, if it is still wanted. Everything but a bug ends as a Result.

    `cut_off`: an earlier attempt began and nobody knows how it ended, so that "dropped" alone would say too much.
    """
    port = ports.registered()  # asked before anything goes out: what cannot be recorded must not be sent
    at, began = clock.now(), time.monotonic()
    transport = _transport(message)
    try:
        if message.still_if and not port.guard.still_wanted(message):
            raise Unwanted("no longer wanted")
        outcome, answer = Outcome.SENT, _send(message, transport)
    except Unwanted as e:
        outcome, answer = Outcome.DROPPED, f"{e.answer}; {CUT_OFF}" if cut_off else e.answer
    except Rejected as e:
        outcome, answer = Outcome.FAILED, e.answer
    except SendingFailed as e:
        outcome, answer = (Outcome.RETRY if message.attempts < len(DELAYS) else Outcome.FAILED), e.answer
    return Result(outcome, answer[:ANSWER_LIMIT], transport, at, round((time.monotonic() - began) * 1000))


def _transport(message: Message) -> Message.Transport:
    if message.channel in (Message.Channel.WEBHOOK, Message.Channel.URL):
        return Message.Transport.HTTP
    transport, service = {
        Message.Channel.SMS: (Message.Transport.SMS, settings.SMS_URL),
        Message.Channel.PUSH: (Message.Transport.PUSH, settings.PUSH_URL),
    }.get(Message.Channel(message.channel), (Message.Transport.SMTP, settings.MAIL_URL))
    return Message.Transport.OUTBOX if settings.DEMO and not service else transport


def _send(message: Message, transport: Message.Transport) -> str:
    if message.channel == Message.Channel.URL:
        return callback.send(message)
    if transport == Message.Transport.HTTP:
        return webhook.send(message)
    if not is_address(message.channel, message.address or ""):
        raise Rejected(f"not one {message.channel} address")
    rendered = render(message, sending=transport == Message.Transport.SMTP)
    match transport:
        case Message.Transport.SMTP:
            return smtp.send(message, rendered)
        case Message.Transport.SMS:
            return sms.send(message.address or "", rendered.text)
        case Message.Transport.PUSH:
            return push.send(message, rendered.text)
    return ""


def record(message: Message, result: Result, finish: Callable[[], None] = lambda: None) -> timedelta | None:
    """Write down how the attempt ended, tell the core, and call `finish` if it was the last, in one transaction. Returns the
    pause before the next attempt, None when there is none.

    Raises Superseded, with nothing written, when the message is not as it was read. The core is told first: it locks the envelope, and
    whoever erases an envelope locks that before its messages.
    """
    seen = message.attempts
    message.attempts = seen + 1
    pause = DELAYS[seen] if result.outcome == Outcome.RETRY else None
    message.next_attempt_at = clock.now() + pause if pause else None
    message.transport = result.transport
    message.last_error = result.answer if result.outcome != Outcome.SENT else None
    if pause is None:
        message.state = Message.State(result.outcome.value)
    with db.atomic():
        if result.outcome == Outcome.SENT:
            message.sent_at = clock.now()
            ports.registered().outcome.sent(message)
        elif result.outcome == Outcome.FAILED:
            ports.registered().outcome.failed(message, result.answer)
        changed = ("attempts", "next_attempt_at", "transport", "last_error", "state", "sent_at")
        if not Message.objects.filter(pk=message.pk, state=Message.State.QUEUED, attempts=seen).update(
            **{name: getattr(message, name) for name in changed}
        ):
            raise Superseded(message.pk)
        MessageAttempt.objects.create(
            message=message,
            at=result.at,
            outcome=result.outcome,
            answer=result.answer,
            duration_ms=result.duration_ms,
        )
        if pause is None:
            finish()
    logger.info("message %s %s by %s: %s", message.pk, message.purpose, result.transport, result.outcome)
    return pause
