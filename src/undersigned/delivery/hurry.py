"""Sending at once what somebody waits for: the first attempts for one envelope, in the process that caused them.

What the worker does is done here too, by the same lease table, so nothing is sent twice and nothing is lost: whatever is not done in time,
or was begun by a process that died, is the worker's.
"""

from __future__ import annotations

import logging
import threading
from time import monotonic

from django.db import Error, connection
from django.db.models.functions import Now

from undersigned.jobs.leases import Leases
from undersigned.jobs.models import Job
from undersigned.jobs.run import claim_keyed, due, execute

from . import handlers  # noqa: F401 - makes the job known in a process that is no worker
from .models import Message
from .outbox import job_key

logger = logging.getLogger(__name__)
THREADS = 4
"""At most so many of a process hurry; who comes when all do leaves everything to the worker."""
MESSAGES = 50
"""At most so many of one envelope."""
_PAUSE, _PAUSE_MAX = 0.01, 0.1
_places = threading.BoundedSemaphore(THREADS)


def send_now(envelope_id: int, seconds: float = 3.0) -> None:
    """Try once all messages of the envelope that are due, and wait for it at most `seconds`. What could not be done stays queued.

    Call it after the transaction that posted them: in one that goes on there is nothing to be seen from outside yet, and nothing happens.
    """
    if connection.in_atomic_block:
        return
    keys = _keys(envelope_id)
    if not keys or not _places.acquire(blocking=False):
        return
    thread = threading.Thread(
        target=_work, args=(keys, monotonic() + seconds), name=f"hurry-{envelope_id}", daemon=True
    )
    try:
        thread.start()
    except RuntimeError:  # the system gives no more threads
        _places.release()
        return
    thread.join(seconds)


def _keys(envelope_id: int) -> list[str]:
    waiting = Message.objects.filter(
        envelope_id=envelope_id, state=Message.State.QUEUED, attempts=0, next_attempt_at__lte=Now()
    )
    return [job_key(pk) for pk in waiting.order_by("pk").values_list("pk", flat=True)[:MESSAGES]]


def _work(keys: list[str], until: float) -> None:
    """In a thread with a connection of its own. An attempt that was begun is ended, also when nobody waits for it any more."""
    leases = Leases()
    try:
        leases.start()
        pause = _PAUSE
        while monotonic() < until:
            run = claim_keyed(keys)
            if run is not None:
                with leases.renewing(run):
                    execute(run)
            elif not _others_are_at_it(keys):
                return
            else:
                threading.Event().wait(min(pause, max(until - monotonic(), 0)))
                pause = min(pause * 2, _PAUSE_MAX)
    except Error:
        logger.warning("messages are left to the worker", exc_info=True)
    finally:
        leases.stop()
        connection.close()
        _places.release()


def _others_are_at_it(keys: list[str]) -> bool:
    """Has a worker some of them in hand?"""
    waiting = Job.objects.filter(unique_key__in=keys, state=Job.State.WAITING)
    return waiting.filter(token__isnull=False).exists() or due().filter(unique_key__in=keys).exists()
