"""Ends of an attempt, in one thread: done, later, failed, dead, unknown, lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from undersigned.base import clock
from undersigned.jobs import handlers, registry, ticks
from undersigned.jobs.models import Job
from undersigned.jobs.queue import enqueue, rerun
from undersigned.jobs.registry import GiveUp, LeaseLost, RetryLater, handler
from undersigned.jobs.run import Run, claim, execute

from .testing import run_due

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "discover", lambda: None)
    monkeypatch.setattr(ticks, "_periods", {})
    monkeypatch.setattr(ticks, "_last_slot", {})
    return


def only() -> Job:
    return Job.objects.get()


def make_due() -> None:
    Job.objects.update(run_at=clock.now() - timedelta(seconds=1))


def test_payload_reaches_the_handler_once() -> None:
    seen: list[Any] = []
    handler("k")(lambda payload, run: seen.append((payload, run.attempt)))
    enqueue("k", {"a": [1, "é"]})
    assert run_due() == 1
    assert run_due() == 0
    assert seen == [({"a": [1, "é"]}, 1)]
    assert only().state == "done"
    assert only().finished_at is not None


def test_future_job_waits() -> None:
    handler("k")(lambda payload, run: None)
    enqueue("k", {}, run_at=clock.now() + timedelta(seconds=60))
    assert run_due() == 0


def test_unique_key_keeps_one_row_even_when_done() -> None:
    handler("k")(lambda payload, run: None)
    enqueue("k", {"n": 1}, unique_key="x")
    enqueue("k", {"n": 2}, unique_key="x")
    run_due()
    enqueue("k", {"n": 3}, unique_key="x")
    assert only().payload == {"n": 1}


def test_priority_goes_first_then_the_oldest() -> None:
    seen: list[Any] = []
    handler("k")(lambda payload, run: seen.append(payload["n"]))
    now = clock.now()
    for n, (priority, age) in enumerate([(-1, 9), (0, 5), (0, 7), (1, 1)]):
        enqueue("k", {"n": n}, priority=priority, run_at=now - timedelta(seconds=age))
    run_due()
    assert seen == [3, 2, 1, 0]


def test_unknown_priority_is_refused() -> None:
    with pytest.raises(ValueError, match="5"):
        enqueue("k", {}, priority=5)


def test_failure_backs_off_and_ends_dead_with_the_owner_told_once() -> None:
    told: list[Any] = []

    @handler(
        "k",
        max_attempts=2,
        backoff=lambda n: 100.0 * n,
        on_dead=lambda payload, reason: told.append((payload, reason)),
    )
    def fail(payload: dict[str, Any], run: Run) -> None:
        raise OSError("no route")

    enqueue("k", {"id": 7})
    assert run_due() == 1
    job = only()
    assert (job.state, job.attempts, job.error) == ("waiting", 1, "OSError: no route")
    assert 90 < (job.run_at - clock.now()).total_seconds() < 101
    assert told == []
    make_due()
    assert run_due() == 1
    job = only()
    assert (job.state, job.attempts) == ("dead", 2)
    assert told == [({"id": 7}, "OSError: no route")]
    make_due()
    assert run_due() == 0
    assert rerun(job) is True
    assert rerun(job) is False
    assert run_due() == 1
    assert only().attempts == 1


def test_failing_owner_does_not_keep_the_job_alive() -> None:
    def refuse(payload: dict[str, Any], reason: str) -> None:
        Job.objects.create(kind="half done")
        raise KeyError

    @handler("k", on_dead=refuse)
    def give_up(payload: dict[str, Any], run: Run) -> None:
        raise GiveUp("gone")

    enqueue("k", {})
    run_due()
    assert (only().state, only().error) == ("dead", "gone")


def test_retry_later_is_not_counted() -> None:
    @handler("k", max_attempts=1)
    def later(payload: dict[str, Any], run: Run) -> None:
        raise RetryLater(timedelta(minutes=5), "no timestamp authority")

    enqueue("k", {})
    for _ in range(3):
        assert run_due() == 1
        assert only().attempts == 0
        assert 290 < (only().run_at - clock.now()).total_seconds() < 301
        make_due()
    assert only().error == "no timestamp authority"


def test_rows_of_a_failed_handler_are_rolled_back_with_its_finish() -> None:
    @handler("k")
    def half(payload: dict[str, Any], run: Run) -> None:
        with transaction.atomic():
            Job.objects.create(kind="effect", state="done")
            run.finish()
            raise OSError

    enqueue("k", {})
    run_due()
    assert (only().kind, only().state) == ("k", "waiting")


def test_finish_undone_by_a_rollback_that_the_handler_swallowed_is_made_again() -> None:
    @handler("k")
    def swallow(payload: dict[str, Any], run: Run) -> None:
        try:
            with transaction.atomic():
                run.finish()
                raise OSError
        except OSError:
            pass

    enqueue("k", {})
    run_due()
    assert only().state == "done"


def test_unknown_kind_stays_queued_with_an_error_and_blocks_nobody() -> None:
    seen: list[int] = []
    handler("k")(lambda payload, run: seen.append(1))
    enqueue("new.kind", {}, priority=1)
    enqueue("k", {})
    assert run_due() == 1
    job = Job.objects.get(kind="new.kind")
    assert (job.state, job.attempts, job.error) == ("waiting", 0, "no handler for new.kind")
    assert seen == [1]
    handler("new.kind")(lambda payload, run: None)
    make_due()
    run_due()
    assert Job.objects.get(kind="new.kind").state == "done"


def test_who_lost_the_lease_writes_nothing() -> None:
    handler("k")(lambda payload, run: None)
    enqueue("k", {})
    old = claim()
    assert old is not None
    make_due()
    new = claim()
    assert new is not None
    assert new.attempt == 2
    with pytest.raises(LeaseLost):
        old.finish()
    old.fail("late")
    old.bury("late")
    assert old.renew() is False
    with pytest.raises(LeaseLost):
        old.check()
    assert (only().state, only().error) == ("waiting", "")
    assert new.renew() is True
    new.check()
    execute(new)
    assert only().state == "done"
    assert new.renew() is False
    new.check()  # finished is not lost


def test_who_lost_the_lease_tells_nobody_that_the_job_is_dead() -> None:
    handler("k", on_dead=lambda payload, reason: Job.objects.create(kind="told", state="done"))(
        lambda payload, run: None
    )
    enqueue("k", {})
    old = claim()
    make_due()
    assert claim() is not None
    assert old is not None
    old.bury("late")
    assert only().state == "waiting"


def test_jobs_lost_together_come_back_one_by_one() -> None:
    handler("k", lease=60)(lambda payload, run: None)
    for _ in range(8):
        enqueue("k", {})
    while claim() is not None:
        pass
    ends = sorted(Job.objects.values_list("run_at", flat=True))
    assert (ends[0] - clock.now()).total_seconds() + 1 > 60
    assert (ends[-1] - ends[0]).total_seconds() > 1


def test_attempt_limit_holds_at_the_claim() -> None:
    told: list[str] = []
    handler("k", max_attempts=2, on_dead=lambda payload, reason: told.append(reason))(
        lambda payload, run: None
    )
    enqueue("k", {})
    for _ in range(2):
        assert claim() is not None
        make_due()
    assert claim() is None
    assert (only().state, only().attempts, told) == ("dead", 3, ["worker lost"])


def test_two_functions_for_one_kind_are_refused() -> None:
    handler("k")(lambda payload, run: None)
    with pytest.raises(ValueError, match="k"):
        handler("k")(lambda payload, run: None)


def test_tick_runs_once_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    ticks.every(60, "t")(lambda: seen.append(1))
    start = clock.now().replace(second=10, microsecond=0)
    monkeypatch.setattr(ticks.clock, "now", lambda: start)
    assert ticks.enqueue_due() == 50
    monkeypatch.setattr(ticks, "_last_slot", {})  # another worker
    ticks.enqueue_due()
    assert run_due() == 1
    monkeypatch.setattr(ticks.clock, "now", lambda: start + timedelta(seconds=49))
    ticks.enqueue_due()
    assert run_due() == 0
    monkeypatch.setattr(ticks.clock, "now", lambda: start + timedelta(seconds=50))
    ticks.enqueue_due()
    assert run_due() == 1
    assert seen == [1, 1]


@pytest.mark.parametrize("seconds", [0, ticks.DAY + 1])
def test_period_must_fit_the_kept_keys(seconds: int) -> None:
    with pytest.raises(ValueError, match="day"):
        ticks.every(seconds, "t")


def test_pruning_keeps_recent_and_dead_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_BATCH", 2)
    now = clock.now()
    for days, state in [(3, "done")] * 5 + [(1, "done"), (30, "dead")]:
        Job.objects.create(kind="k", state=state, finished_at=now - timedelta(days=days))
    handlers.prune_jobs()
    assert sorted(Job.objects.values_list("state", flat=True)) == ["dead", "done"]
