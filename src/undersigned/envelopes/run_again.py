"""Run work again that stopped, or that waits for its next attempt."""

from __future__ import annotations

import logging

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.jobs import queue
from undersigned.jobs.models import Job

from . import audit
from .actor import Actor
from .errors import Conflict, NotFound
from .locks import lock_envelope

logger = logging.getLogger(__name__)


def run_again(by: Actor, job: Job) -> None:
    """Put the job at the front with all its attempts; written into its envelope's audit trail, if it has one, and into the log.

    Raises Conflict (not_waiting) when it is done, or runs just now.
    """
    with atomic():
        _note(by, job)
        if not queue.rerun(job):
            raise Conflict("not_waiting")
    logger.info("job %s %s runs again, asked by user %s", job.kind, job.pk, by.user.pk)


def _note(by: Actor, job: Job) -> None:
    envelope_id = job.payload.get("envelope")
    if envelope_id is None:
        return
    try:
        envelope = lock_envelope(envelope_id)
    except NotFound:  # erased: the job will find nothing to do
        return
    at = now(envelope.organization.clock_offset)
    audit.append(envelope, "work_run_again", at, by=by, work=job.kind)
