"""One attempt: claiming a job, running its handler, writing down how it ended."""

from __future__ import annotations

import contextlib
import logging
import random
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from undersigned.base import db

from . import registry
from .models import Job
from .registry import GiveUp, Handler, LeaseLost, RetryLater

logger = logging.getLogger(__name__)
UNKNOWN_KIND_DELAY = timedelta(seconds=30)
_PRIORITIES = sorted(Job.Priority.values, reverse=True)


@dataclass(eq=False)
class Run:
    """A claimed job, as its handler sees it. `job_id` and `attempt` (from 1) may name effects that must happen once."""

    job_id: int
    payload: dict[str, Any]
    attempt: int
    token: uuid.UUID
    handler: Handler
    _finish_called: bool = field(default=False, init=False)
    _lost: bool = field(default=False, init=False)

    def finish(self) -> None:
        """Mark the job done, in the caller's transaction if there is one. Raises LeaseLost when it is no longer ours."""
        if not self._ours().update(state=Job.State.DONE, finished_at=Now(), error=""):
            self._lost = True
            raise LeaseLost(f"{self.handler.kind} {self.job_id}")
        self._finish_called = True

    def check(self) -> None:
        """Raise LeaseLost when renewal found that the job is no longer ours; for long handlers, between two steps. No query."""
        if self._lost:
            raise LeaseLost(f"{self.handler.kind} {self.job_id}")

    def renew(self) -> bool:
        """Extend the lease from now. False when the job is finished or no longer ours. Called by the worker's renewal thread."""
        if self._ours().update(run_at=Now() + _lease_length(self.handler)):
            return True
        # A handler's commit of `finish` also ends the lease.
        self._lost = not self._is_done()
        return False

    def _ours(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job_id, token=self.token, state=Job.State.WAITING)

    def _is_done(self) -> bool:
        return Job.objects.filter(pk=self.job_id, token=self.token, state=Job.State.DONE).exists()

    def complete(self) -> None:
        """After the handler returned: mark done unless its own transaction, committed, has."""
        if not (self._finish_called and self._is_done()):
            self.finish()

    def postpone(self, delay: timedelta, reason: str, *, count: bool) -> None:
        attempts = F("attempts") if count else F("attempts") - 1
        self._ours().update(run_at=Now() + delay, token=None, attempts=attempts, error=reason[:1000])

    def fail(self, reason: str) -> None:
        """Another attempt later, or dead when there were enough."""
        if self.attempt >= self.handler.max_attempts:
            self.bury(reason)
        else:
            self.postpone(timedelta(seconds=self.handler.backoff(self.attempt)), reason, count=True)

    def bury(self, reason: str) -> None:
        """Tell the job's owner and mark it dead, in one transaction; nothing of it stays when the job is no longer ours.

        The owner comes first: it locks what the work is about, and handlers lock that before `finish` locks the job. The other way
        round, a burial and a handler that lost its lease could wait for each other.
        """
        with contextlib.suppress(LeaseLost), db.atomic():
            if self.handler.on_dead is not None:
                try:
                    with transaction.atomic():
                        self.handler.on_dead(self.payload, reason)
                except Exception:
                    logger.exception("on_dead of job %s %s failed", self.handler.kind, self.job_id)
            if not self._ours().update(state=Job.State.DEAD, finished_at=Now(), error=reason[:1000]):
                raise LeaseLost(f"{self.handler.kind} {self.job_id}")
            logger.error("job %s %s is dead: %s", self.handler.kind, self.job_id, reason)


def due() -> QuerySet[Job]:
    """Waiting jobs whose time has come, by the database's clock."""
    return Job.objects.filter(state=Job.State.WAITING, priority__in=_PRIORITIES, run_at__lte=Now())


def claim() -> Run | None:
    """Lease the most urgent due job to the caller; None when there is none. Never more than one: who prefetches lets leases run out."""
    while due().exists():  # a look takes no write lock
        with db.atomic():
            job = _next_locked()
            if job is None:
                return None
            run = _lease(job)
        if run is None:
            continue
        if run.attempt <= run.handler.max_attempts:
            return run
        # The last attempt was never written down: the work kills its worker. Once more would be for ever.
        run.bury("worker lost")
    return None


def claim_keyed(keys: Collection[str]) -> Run | None:
    """Lease one due job with one of these unique keys, as `claim`; None when there is none that nobody else has."""
    theirs = due().filter(unique_key__in=keys)
    if not theirs.exists():
        return None
    with db.atomic():
        job = theirs.order_by("run_at", "pk").select_for_update(skip_locked=True).first()
        run = _lease(job) if job is not None else None
    if run is not None and run.attempt > run.handler.max_attempts:
        run.bury("worker lost")
        return None
    return run


def _next_locked() -> Job | None:
    for priority in _PRIORITIES:
        row = due().filter(priority=priority).order_by("run_at").select_for_update(skip_locked=True).first()
        if row is not None:
            return row
    return None


def _lease(job: Job) -> Run | None:
    handler = registry.find(job.kind)
    mine = Job.objects.filter(pk=job.pk)
    if handler is None:
        # An older release during a rolling deployment: leave it to a newer one.
        mine.update(run_at=Now() + UNKNOWN_KIND_DELAY, error=f"no handler for {job.kind}")
        return None
    run = Run(job.pk, job.payload, job.attempts + 1, uuid.uuid4(), handler)
    mine.update(token=run.token, run_at=Now() + _lease_length(handler), attempts=F("attempts") + 1)
    return run


def _lease_length(handler: Handler) -> timedelta:
    """A little more than `handler.lease`, at random: jobs that a worker took down with it must not all come back at one instant, or
    the one that killed it would take the same others down again."""
    return timedelta(seconds=handler.lease * random.uniform(1.0, 1.25))  # noqa: S311 - spreads load, guards nothing


def execute(run: Run) -> None:
    """Run the handler and write down how it ended. Database errors of the writing-down propagate; the lease then runs out."""
    try:
        run.handler.function(run.payload, run)
        run.complete()
    except LeaseLost:
        logger.warning("job %s %s: lease lost", run.handler.kind, run.job_id)
    except RetryLater as e:
        run.postpone(e.delay, e.reason, count=False)
    except GiveUp as e:
        run.bury(e.reason)
    except Exception as e:
        logger.warning(
            "job %s %s failed, attempt %s", run.handler.kind, run.job_id, run.attempt, exc_info=True
        )
        run.fail(f"{type(e).__name__}: {e}")
