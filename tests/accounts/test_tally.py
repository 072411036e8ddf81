"""Limits that are counted in the process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Sum

from tests.queries import Queries
from undersigned.accounts import limits, tally
from undersigned.accounts.models import Attempt

pytestmark = [pytest.mark.database, pytest.mark.django_db]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def another_process() -> Iterator[None]:
    """Nothing is remembered from other tests, whose rows are gone."""
    tally._tallies.clear()
    yield
    tally._tallies.clear()


def admitted(limit: int, tries: int) -> int:
    """How many of so many tries are let through."""
    count = 0
    for _ in range(tries):
        try:
            tally.take("call", "key", limit, MINUTE)
        except limits.LimitReached:
            continue
        count += 1
    return count


def test_one_process_is_exact() -> None:
    assert admitted(10, 15) == 10
    assert admitted(12, 5) == 2  # refused tries were not counted
    with pytest.raises(limits.LimitReached) as refusal:
        tally.take("call", "key", 12, MINUTE)
    assert 1 <= refusal.value.retry_after <= 60


def test_most_tries_ask_nothing() -> None:
    admitted(100, 1)
    with Queries(connection) as asked:
        admitted(100, 50)
    assert len(asked) <= 4  # once, when a second has gone by meanwhile


def test_other_processes_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "SETTLE", 0.0)
    admitted(100, 4)
    admitted(100, 1)  # writes the four
    tally._tallies.clear()
    assert Attempt.objects.aggregate(n=Sum("count"))["n"] == 4
    assert admitted(10, 20) == 6


def test_subjects_and_buckets_are_apart() -> None:
    assert admitted(3, 5) == 3
    tally.take("call", "other key", 3, MINUTE)
    tally.take("other call", "key", 3, MINUTE)


def test_the_window_slides() -> None:
    assert admitted(3, 5) == 3
    Attempt.objects.update(at=tally.NEVER + 2 * MINUTE)
    assert admitted(3, 5) == 3
