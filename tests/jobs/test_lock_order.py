"""A burial and a handler that lost its lease want the same two rows; neither may wait for the other."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from undersigned.jobs import registry
from undersigned.jobs.models import Job
from undersigned.jobs.queue import enqueue
from undersigned.jobs.registry import handler
from undersigned.jobs.run import claim

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        os.environ.get("UNDERSIGNED_TEST_DB") == "sqlite", reason="SQLite has one writer and no row locks"
    ),
]


def _lock(pk: int) -> bool:
    """Whether another connection can have the row at once."""
    free: list[bool] = []

    def attempt() -> None:
        try:
            with transaction.atomic():
                Job.objects.select_for_update(nowait=True).get(pk=pk)
                free.append(True)
        except OperationalError:
            free.append(False)
        finally:
            connection.close()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return free[0]


@pytest.mark.parametrize("at_the_claim", [False, True])
def test_the_owner_is_told_before_the_job_is_locked(
    at_the_claim: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    free: list[bool] = []

    def on_dead(payload: dict[str, Any], reason: str) -> None:
        free.append(_lock(Job.objects.get().pk))

    handler("k", max_attempts=1, on_dead=on_dead)(lambda payload, run: None)
    enqueue("k", {})
    run = claim()
    assert run is not None
    if at_the_claim:
        Job.objects.update(run_at=Now() - timedelta(seconds=1))
        assert claim() is None
    else:
        run.bury("no use")
    assert free == [True]
    assert Job.objects.get().state == "dead"
