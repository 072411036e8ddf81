"""The job that sends a message."""

from __future__ import annotations

from datetime import timedelta

from undersigned.base import clock
from undersigned.jobs.registry import Payload, RetryLater, handler
from undersigned.jobs.run import Run

from . import deliver
from .models import Message
from .outbox import JOB

ATTEMPTS = 32
"""As many as fit into a day: 85 minutes for the first ten, then one an hour."""


def _failed(payload: Payload, reason: str) -> None:
    """Not the server but our own work failed, for a day: the message must not look as if it were on its way."""
    message = Message.objects.filter(pk=payload["message"], state=Message.State.QUEUED).first()
    if message is not None:
        result = deliver.Result(deliver.Outcome.FAILED, reason[:500], message.transport, clock.now(), 0)
        deliver.record(message, result)


@handler(JOB, max_attempts=ATTEMPTS, on_dead=_failed)
def send(payload: Payload, run: Run) -> None:
    """Send the message if it is due; come back when its next attempt is."""
    queued = Message.objects.filter(pk=payload["message"], state=Message.State.QUEUED)
    message = queued.select_related("organization", "credential", "webhook_event").first()
    if message is None or message.next_attempt_at is None:
        return
    early = message.next_attempt_at - clock.now()
    if early > timedelta():
        raise RetryLater(early, "not due yet")
    try:
        pause = deliver.record(message, deliver.attempt(message, cut_off=run.attempt > 1), run.finish)
    except deliver.Superseded:
        return
    if pause is not None:
        raise RetryLater(pause, "see the message")
