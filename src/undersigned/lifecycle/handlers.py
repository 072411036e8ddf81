"""The jobs and ticks of this room; imported by workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from undersigned.envelopes.attention import note_attention
from undersigned.envelopes.auto_sign import auto_sign
from undersigned.jobs.models import Job
from undersigned.jobs.queue import enqueue
from undersigned.jobs.registry import GiveUp, LeaseLost, Payload, handler
from undersigned.jobs.run import Run
from undersigned.jobs.ticks import every

from .expiry import expire_due, expire_due_envelopes
from .fetch_source import fetch_source, gave_up
from .notifications import send_due
from .package import package
from .prepare import prepare
from .reminders import remind_due
from .result import result
from .retention import BATCH, erase_due, sweep
from .seal import seal
from .send_batch import send_batch
from .session_files import close_expired

FOR_EVER = 1_000_000
"""What all have been promised waits with back-off until it works; the envelope says that it needs attention."""


def _note(payload: Payload, reason: str) -> None:
    note_attention(payload["envelope"], reason)


@contextmanager
def _noting(what: str, payload: Payload, run: Run) -> Iterator[None]:
    """Say on the envelope why it waits, from the third failure on."""
    try:
        yield
    except (LeaseLost, GiveUp):  # another worker has it; `on_dead` says it
        raise
    except Exception as e:
        if run.attempt >= 3:
            note_attention(payload["envelope"], f"{what} waits: {type(e).__name__}: {e}")
        raise


@handler("prepare", max_attempts=FOR_EVER, on_dead=_note)
def prepare_job(payload: Payload, run: Run) -> None:
    """Make the pages of an envelope's documents final."""
    with _noting("preparing", payload, run):
        prepare(payload["envelope"], run)


@handler("seal", max_attempts=FOR_EVER, on_dead=_note)
def seal_job(payload: Payload, run: Run) -> None:
    """Seal, time-stamp and complete an envelope on which all have agreed."""
    with _noting("sealing", payload, run):
        seal(payload["envelope"], run)


@handler("result", max_attempts=FOR_EVER, on_dead=_note)
def result_job(payload: Payload, run: Run) -> None:
    """Seal what one person has signed."""
    with _noting("sealing a result", payload, run):
        result(payload["recipient"], run)


@handler("auto_sign", max_attempts=FOR_EVER, on_dead=_note)
def auto_sign_job(payload: Payload, run: Run) -> None:
    """Sign for a user who signs by itself."""
    with _noting("signing by itself", payload, run):
        auto_sign(payload["assignment"])


@handler("package", max_attempts=FOR_EVER, on_dead=_note)
def package_job(payload: Payload, run: Run) -> None:
    """Put signed documents together into one sealed file."""
    with _noting("packaging", payload, run):
        package(payload["package"], run)


@handler("fetch_source", max_attempts=8, on_dead=lambda payload, reason: gave_up(payload["document"], reason))
def fetch_source_job(payload: Payload, run: Run) -> None:
    """Fetch a file that the sender named by its address."""
    fetch_source(payload["document"], run)


@handler("send_batch", max_attempts=FOR_EVER)
def send_batch_job(payload: Payload, run: Run) -> None:
    """Send the envelopes that were made of a sheet."""
    send_batch(payload["collection"], run)


ERASE_EVERY = 600
"""Seconds."""


@every(ERASE_EVERY, "erase")
def erase_tick() -> None:
    """Erase what is past its retention."""
    _erase_on()


@handler("erase")
def erase_job(_payload: Payload, _run: Run) -> None:
    """There was more than one run may take."""
    _erase_on()


def _erase_on() -> None:
    if erase_due() >= BATCH:
        enqueue("erase", {}, priority=Job.Priority.LOW)


@every(600, "remind")
def remind_tick() -> None:
    """Remind people when the sender's plan says so."""
    remind_due()


@every(60, "expire")
def expire_tick() -> None:
    """End the part of people whose time is over, and envelopes as a whole."""
    expire_due()
    expire_due_envelopes()


@every(60, "notify")
def notify_tick() -> None:
    """Send what the sender planned for now."""
    send_due()


@every(600, "session files")
def session_files_tick() -> None:
    """Close files that programs kept here for a while."""
    close_expired()


@every(3600, "sweep")
def sweep_tick() -> None:
    """Delete bytes that nothing refers to, old sittings' looks, counted attempts and idempotency records."""
    sweep()
