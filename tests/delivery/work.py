"""Running the outbox's jobs in the test's own process, and making time pass for them."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from tests.jobs.testing import run_due
from undersigned.delivery.models import Message
from undersigned.jobs.models import Job

__all__ = ["pass_time", "run_due"]


def pass_time(by: timedelta) -> None:
    """Everything that waits is due that much earlier."""
    Job.objects.filter(state=Job.State.WAITING).update(run_at=F("run_at") - by)
    Message.objects.filter(state=Message.State.QUEUED).update(next_attempt_at=F("next_attempt_at") - by)
