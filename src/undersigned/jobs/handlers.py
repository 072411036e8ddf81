"""The engine's own work."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from .models import Job
from .ticks import every

KEEP_DONE = timedelta(days=2)
_BATCH = 1000


@every(60, "heartbeat")
def heartbeat() -> None:
    """Nothing to do: that it was done is the sign that a worker lives, also when nobody has work for it."""


@every(3600, "prune_jobs")
def prune_jobs() -> None:
    """Delete jobs that were done more than two days ago, in small transactions. Dead ones stay until someone decides."""
    while True:
        old = Job.objects.filter(state=Job.State.DONE, finished_at__lt=Now() - KEEP_DONE)[:_BATCH]
        ids = list(old.values_list("pk", flat=True))
        Job.objects.filter(pk__in=ids).delete()
        if len(ids) < _BATCH:
            return
