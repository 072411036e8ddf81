"""Work that comes back: a function registered with `every` runs once a period, on however many machines."""

from __future__ import annotations

from collections.abc import Callable

from undersigned.base import clock

from .queue import enqueue
from .registry import LEASE, Payload, handler
from .run import Run

DAY = 86400
_periods: dict[str, int] = {}
_last_slot: dict[str, int] = {}

Function = Callable[[], None]


def every(
    seconds: int, name: str, *, max_attempts: int = 3, lease: float = LEASE
) -> Callable[[Function], Function]:
    """Register a function without arguments to run once in each period of `seconds` (1 to a day) since the epoch, in UTC.

    The period's number is part of a unique key, so that of all workers that see a new period one adds the job. Periods in which no
    worker lived are not made up for: the function looks at what is due, not at how often it was called.
    """
    if not 1 <= seconds <= DAY:
        raise ValueError("a period is 1 second to a day long: keys are kept for two days")
    kind = f"tick.{name}"

    def register(function: Function) -> Function:
        def call(_payload: Payload, _run: Run) -> None:
            function()

        handler(kind, max_attempts=max_attempts, lease=lease)(call)
        _periods[kind] = seconds
        return function

    return register


def enqueue_due() -> float:
    """Add the jobs of periods that have begun; return seconds until the next period begins (at most a day)."""
    now = clock.now().timestamp()
    for kind, seconds in _periods.items():
        slot = int(now // seconds)
        if _last_slot.get(kind) != slot:
            enqueue(kind, {}, unique_key=f"{kind}:{seconds}:{slot}")
            _last_slot[kind] = slot
    return min((seconds - now % seconds for seconds in _periods.values()), default=DAY)
