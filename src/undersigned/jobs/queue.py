"""Putting work into the table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from undersigned.base import clock

from .models import Job
from .wake import wake

POLL = timedelta(seconds=5)
"""Longest time between two looks at the table; jobs due later need no wake-up."""


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    priority: int = Job.Priority.NORMAL,
) -> None:
    """Add a job in the caller's transaction: it exists when, and only when, that commits.

    `payload` is JSON: ids rather than copies, no personal data, no secrets. `run_at` is database time; None is now. A `unique_key` that
    any kept row has (done rows are kept for two days, dead ones until someone decides) makes the call do nothing. `priority` is one of
    `Job.Priority`.
    """
    job = Job(kind=kind, payload=payload, unique_key=unique_key, priority=Job.Priority(priority))
    if run_at is not None:
        job.run_at = run_at
    if unique_key is None:
        job.save(force_insert=True)
    else:
        Job.objects.bulk_create([job], ignore_conflicts=True)
    if run_at is None or run_at - clock.now() < POLL:
        wake()


def rerun(job: Job) -> bool:
    """Run a job now that is dead or waits for its next attempt, with all its attempts. False when it is done, due or running."""
    stopped = Q(state=Job.State.DEAD) | Q(state=Job.State.WAITING, token=None, run_at__gt=Now())
    revived = Job.objects.filter(stopped, pk=job.pk).update(
        state=Job.State.WAITING, run_at=Now(), attempts=0, token=None, finished_at=None
    )
    if revived:
        wake()
    return bool(revived)
