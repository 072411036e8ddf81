"""A worker process: some threads that run jobs, one that renews their leases, and the main one, which waits for a reason to wake them."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import threading

from django.db import Error, connection

from undersigned.base import clock

from . import registry, ticks
from .leases import Leases
from .models import Job
from .queue import POLL
from .run import claim, execute
from .wake import NotifyListener, PipeListener, listener

logger = logging.getLogger(__name__)
_PAUSE_WITHOUT_DATABASE = 1.0


class Worker:
    """Runs jobs until told to stop; `threads` of them at a time, so that one slow receiver does not hold up the rest."""

    def __init__(self, threads: int = 4) -> None:
        self._stop = threading.Event()
        self._waking_read, self._waking_write = os.pipe()
        os.set_blocking(self._waking_write, False)
        os.set_blocking(self._waking_read, False)
        # A token in the queue is a reason to look at the table; more tokens than threads say nothing new.
        self._tokens: queue.Queue[None] = queue.Queue(maxsize=threads)
        self._leases = Leases()
        self._threads = [threading.Thread(target=self._work, name=f"jobs-{n}") for n in range(threads)]

    def stop(self) -> None:
        """Take no new job; `run` returns when those begun have ended. May be called from any thread or signal handler."""
        self._stop.set()
        with contextlib.suppress(BlockingIOError):
            os.write(self._waking_write, b"s")

    def run(self) -> None:
        """Run until `stop` or, when called in the main thread, SIGTERM or SIGINT."""
        registry.discover()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop())
        self._leases.start()
        for thread in self._threads:
            thread.start()
        while not self._stop.is_set():
            try:
                self._watch()
            except Error:
                logger.warning("the database is away", exc_info=True)
                connection.close()
                self._stop.wait(_PAUSE_WITHOUT_DATABASE)
        for _ in self._threads:
            self._hint()
        for thread in self._threads:
            thread.join()
        self._leases.stop()
        connection.close()

    def _watch(self) -> None:
        """Wait for news; hand out reasons to look. Returns when told to stop."""
        news = listener()
        try:
            while not self._stop.is_set():
                self._hint()
                self._wait(news, min(ticks.enqueue_due(), _seconds_to_next(), POLL.total_seconds()))
        finally:
            news.close()

    def _wait(self, news: NotifyListener | PipeListener, seconds: float) -> None:
        ready, _, _ = select.select([news, self._waking_read], [], [], max(seconds, 0) + 0.001)
        if news in ready:
            news.drain()

    def _hint(self) -> None:
        with contextlib.suppress(queue.Full):
            self._tokens.put_nowait(None)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                run = claim()
                if run is not None:
                    self._hint()  # where there was one there may be another
                    with self._leases.renewing(run):
                        execute(run)
                    continue
            except Error:
                logger.warning("a job's state could not be read or written", exc_info=True)
                connection.close()
                self._stop.wait(_PAUSE_WITHOUT_DATABASE)
            with contextlib.suppress(queue.Empty):
                self._tokens.get(timeout=POLL.total_seconds())
        connection.close()


def _seconds_to_next() -> float:
    """Seconds until the next waiting job is due or a lease ends; may be negative or infinite."""
    waiting = Job.objects.filter(state=Job.State.WAITING)
    first = (
        waiting.filter(priority=p).order_by("run_at").values_list("run_at", flat=True).first()
        for p in Job.Priority.values
    )
    moments = [moment for moment in first if moment is not None]
    if not moments:
        return float("inf")
    seconds = (min(moments) - clock.now()).total_seconds()
    # Already due: a thread has just been told; if all are busy they look again by themselves.
    return seconds if seconds > 0 else float("inf")
