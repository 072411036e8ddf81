"""Kinds of work that the tests' worker processes know. Each start and end is a line in a file."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from undersigned.jobs.models import Job
from undersigned.jobs.registry import handler
from undersigned.jobs.run import Run
from undersigned.jobs.ticks import every


def note(line: str) -> None:
    with Path(settings.DATA_DIR / "effects").open("a") as f:
        f.write(line + "\n")


@handler("test.note", lease=5)
def note_once(payload: dict[str, Any], run: Run) -> None:
    note(f"note {payload['n']}")


@handler("test.slow", lease=1.5)
def slow(payload: dict[str, Any], run: Run) -> None:
    note(f"start {os.getpid()}")
    time.sleep(payload["seconds"])
    note("end")


@handler("test.crash", lease=0.4, max_attempts=2)
def crash(payload: dict[str, Any], run: Run) -> None:
    note(f"start {run.attempt}")
    os.kill(os.getpid(), signal.SIGKILL)


@handler("test.crash_before_commit", lease=0.5)
def crash_before_commit(payload: dict[str, Any], run: Run) -> None:
    note(f"start {run.attempt}")
    with transaction.atomic():
        Job.objects.create(kind="test.effect", state=Job.State.DONE)
        run.finish()
        if run.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)


@every(1, "test_tick")
def tick() -> None:
    note(f"tick {int(time.time())}")
