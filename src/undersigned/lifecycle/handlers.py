"""The jobs and ticks of this room; imported by workers."""

from __future__ import annotations

from undersigned.envelopes.attention import note_attention
from undersigned.jobs.registry import LeaseLost, Payload, handler
from undersigned.jobs.run import Run
from undersigned.jobs.ticks import every

from .prepare import prepare
from .retention import erase_due, sweep
from .seal import seal

FOR_EVER = 1_000_000
"""Sealing waits with back-off until it works; the envelope says that it needs attention."""


def _note(payload: Payload, reason: str) -> None:
    note_attention(payload["envelope"], reason)


@handler("prepare", max_attempts=20, lease=60, on_dead=_note)
def prepare_job(payload: Payload, run: Run) -> None:
    """Make the pages of an envelope's documents final."""
    prepare(payload["envelope"], run)


@handler("seal", max_attempts=FOR_EVER, lease=120, on_dead=_note)
def seal_job(payload: Payload, run: Run) -> None:
    """Seal, time-stamp and complete an envelope on which all have agreed."""
    try:
        seal(payload["envelope"], run)
    except LeaseLost:  # another worker has it
        raise
    except Exception as e:
        if run.attempt >= 3:
            note_attention(payload["envelope"], f"sealing waits: {type(e).__name__}: {e}")
        raise


@every(600, "erase")
def erase_tick() -> None:
    """Erase what is past its retention."""
    erase_due()


@every(3600, "sweep")
def sweep_tick() -> None:
    """Delete bytes that nothing refers to, old sittings' looks, counted attempts and idempotency records."""
    sweep()
