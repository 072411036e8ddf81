"""Send the envelopes of a batch, one after the other."""

from __future__ import annotations

from undersigned.envelopes.make_batch import send_one, unsent
from undersigned.jobs.run import Run


def send_batch(collection_id: int, run: Run) -> None:
    """Each in a transaction of its own. Whoever is killed in between leaves the rest to the next run; none is sent twice."""
    for envelope_id in unsent(collection_id):
        send_one(envelope_id)
        run.check()
