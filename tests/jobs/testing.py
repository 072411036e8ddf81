"""For tests only: run what is due, here and now."""

from __future__ import annotations

from undersigned.jobs import registry
from undersigned.jobs.run import claim, execute


def run_due(limit: int = 1000) -> int:
    """Run due jobs in this thread until none is left; return how many ran. Errors are written to their rows, as by a worker."""
    registry.discover()
    for count in range(limit):
        run = claim()
        if run is None:
            return count
        execute(run)
    raise AssertionError(f"more than {limit} jobs: one enqueues itself for ever?")
