"""The work that waits: does somebody do it, and does anything need a person?"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from undersigned.base import clock
from undersigned.envelopes import attention as needing
from undersigned.jobs.models import Job

from .findings import Finding, Look, fail, ok, warn

SILENT = timedelta(minutes=2)
"""A worker does its sign of life each minute (`jobs.handlers.heartbeat`)."""
LATE, TOO_LATE = timedelta(minutes=5), timedelta(hours=1)
COUNTED = 10_000
_START = "Start `undersigned serve` or `undersigned worker`, and look at the end of its log."


def worker(look: Look) -> list[Finding]:
    """Has anything been done lately?"""
    last = Job.objects.filter(state=Job.State.DONE).order_by("-finished_at").first()
    if last is None or last.finished_at is None:
        return [fail("worker", "No worker has done anything yet.", _START)]
    silent = clock.now() - last.finished_at
    if silent > SILENT:
        return [
            fail("worker", f"No worker has done anything for {_time(silent)}. What waits is kept.", _START)
        ]
    return [ok("worker", f"A worker did something {_time(silent)} ago.")]


def queue(look: Look) -> list[Finding]:
    """Does work wait longer than it should?"""
    due = Job.objects.filter(state=Job.State.WAITING, run_at__lte=Now())
    first = due.order_by("run_at").first()
    if first is None:
        return [ok("queue", "Nothing is due.")]
    number = len(due.values_list("pk")[: COUNTED + 1])
    late = clock.now() - first.run_at
    shown = f"more than {COUNTED}" if number > COUNTED else str(number)
    text = f"Jobs due: {shown}, the oldest ({first.kind}) since {_time(late)}."
    if late > TOO_LATE:
        return [fail("queue", text, _START)]
    fix = (
        "If it does not go down, raise UNDERSIGNED_WORKERS or start `undersigned worker` on another machine."
    )
    return [warn("queue", text, fix) if late > LATE else ok("queue", text)]


def attention(look: Look) -> list[Finding]:
    """What only a person can decide."""
    groups = [
        ("jobs that stopped", needing.dead_jobs()),
        ("messages that failed", needing.failed_messages()),
        ("envelopes that wait", needing.flagged()),
    ]
    counts = [(name, len(rows.values_list("pk")[:COUNTED])) for name, rows in groups]
    told = ", ".join(f"{name}: {number}" for name, number in counts if number)
    if not told:
        return [ok("attention", "Nothing needs a person.")]
    fix = f"Look at {look.settings.base_url}/console/attention, as an operator (`undersigned user operator`)."
    return [warn("attention", f"Nothing is lost, but there are {told}.", fix)]


def _time(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
