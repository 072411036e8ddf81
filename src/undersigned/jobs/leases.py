"""Holding on to what is being worked at."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from time import monotonic

from django.db import Error, connection

from .run import Run

logger = logging.getLogger(__name__)


class Leases:
    """Renews the leases of running jobs, each after a third of its length, from one thread with its own connection."""

    def __init__(self) -> None:
        self._running: dict[Run, float] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    @contextlib.contextmanager
    def renewing(self, run: Run) -> Iterator[None]:
        with self._changed:
            self._running[run] = monotonic() + run.handler.lease / 3
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._running.pop(run, None)

    def _renew(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    break
                now = monotonic()
                due = [run for run, when in self._running.items() if when <= now]
                if not due:
                    self._changed.wait(min((when - now for when in self._running.values()), default=None))
                    continue
            for run in due:
                self._renew_one(run)
        connection.close()

    def _renew_one(self, run: Run) -> None:
        held = True
        try:
            held = run.renew()
        except Error:  # tried again at the next third
            logger.warning("lease of job %s %s not renewed", run.handler.kind, run.job_id, exc_info=True)
            connection.close()
        with self._changed:
            if run in self._running:
                if held:
                    self._running[run] = monotonic() + run.handler.lease / 3
                else:
                    del self._running[run]
