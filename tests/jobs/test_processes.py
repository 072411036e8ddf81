"""The engine with real processes on both databases: nothing lost, nothing run twice without a crash."""

from __future__ import annotations

import signal
import time

import pytest

from .conftest import Installation, wait_for

pytestmark = pytest.mark.database


def test_three_workers_run_each_job_exactly_once(installation: Installation) -> None:
    installation.run("[enqueue('test.note', {'n': n}) for n in range(200)]")
    for _ in range(3):
        installation.worker(threads=2)
    wait_for(lambda: installation.states() == ["done"] * 200)
    assert sorted(installation.effects()) == sorted(f"note {n}" for n in range(200))


def test_job_whose_worker_was_killed_runs_again(installation: Installation) -> None:
    installation.run("enqueue('test.slow', {'seconds': 1})")
    first = installation.worker()
    wait_for(lambda: installation.effects() == [f"start {first.pid}"])
    first.kill()
    second = installation.worker()
    wait_for(lambda: installation.states() == ["done"])
    assert installation.effects() == [f"start {first.pid}", f"start {second.pid}", "end"]


def test_job_longer_than_its_lease_runs_once(installation: Installation) -> None:
    installation.run("enqueue('test.slow', {'seconds': 4})")
    for _ in range(2):
        installation.worker(threads=2)
    wait_for(lambda: installation.states() == ["done"])
    assert [line.split()[0] for line in installation.effects()] == ["start", "end"]
    assert installation.rows("SELECT attempts FROM jobs_job WHERE kind = 'test.slow'") == [(1,)]


def test_job_that_kills_its_worker_dies_after_its_attempts(installation: Installation) -> None:
    installation.run("enqueue('test.crash', {})")
    for _ in range(2):
        assert installation.worker().wait(60) == -signal.SIGKILL
    installation.worker()
    wait_for(lambda: installation.states() == ["dead"])
    assert installation.effects() == ["start 1", "start 2"]
    assert installation.rows("SELECT error FROM jobs_job WHERE kind = 'test.crash'") == [("worker lost",)]


def test_kill_between_finish_and_commit_leaves_neither_mark_nor_rows(installation: Installation) -> None:
    installation.run("enqueue('test.crash_before_commit', {})")
    assert installation.worker().wait(60) == -signal.SIGKILL
    assert installation.states() == ["waiting"]
    installation.worker()
    wait_for(lambda: installation.states() == ["done", "done"])
    assert installation.effects() == ["start 1", "start 2"]


def test_sigterm_ends_the_running_job_first_and_takes_no_other(installation: Installation) -> None:
    installation.run("[enqueue('test.slow', {'seconds': 1}) for _ in range(2)]")
    worker = installation.worker(threads=1)
    wait_for(lambda: len(installation.effects()) == 1)
    worker.terminate()
    assert worker.wait(30) == 0
    assert installation.effects() == [f"start {worker.pid}", "end"]
    assert installation.states() == ["done", "waiting"]
    assert installation.rows(
        "SELECT attempts FROM jobs_job WHERE kind = 'test.slow' AND state = 'waiting'"
    ) == [(0,)]


def test_idle_worker_ends_promptly(installation: Installation) -> None:
    worker = installation.worker()
    wait_for(lambda: bool(installation.ticks()))
    begun = time.monotonic()
    worker.terminate()
    assert worker.wait(30) == 0
    assert time.monotonic() - begun < 4  # it waits for up to five seconds unless it is woken


def test_idle_worker_wakes_for_a_new_job(installation: Installation) -> None:
    installation.worker(threads=2)
    wait_for(lambda: bool(installation.ticks()))
    installation.run(
        "import time\nfrom undersigned.jobs.models import Job\nworst = []\n"
        "for n in range(8):\n"
        "    begun = time.monotonic()\n"
        "    enqueue('test.note', {'n': n}, unique_key=f'n{n}')\n"
        "    while not Job.objects.filter(unique_key=f'n{n}', state='done').exists():\n"
        "        time.sleep(0.002)\n"
        "    worst.append(time.monotonic() - begun)\n"
        "assert sorted(worst)[4] < 0.25, worst\n"  # far below the polling interval of 5 s, with room for a busy machine
    )


def test_ticks_run_once_a_period_on_all_workers_together(installation: Installation) -> None:
    for _ in range(3):
        installation.worker()
    wait_for(lambda: len(installation.ticks()) >= 3)
    keys = installation.rows(
        "SELECT count(*), count(distinct unique_key) FROM jobs_job WHERE kind = 'tick.test_tick'"
    )
    assert keys[0][0] == keys[0][1]
    ran = installation.ticks()
    assert len(ran) <= keys[0][0] + 1
    assert len(set(ran)) >= len(ran) - 1  # one may have started in the second after its own


def test_rolled_back_work_does_not_exist(installation: Installation) -> None:
    installation.run(
        "from django.db import transaction\n"
        "try:\n"
        "    with transaction.atomic():\n"
        "        enqueue('test.note', {'n': 1})\n"
        "        raise KeyError\n"
        "except KeyError: pass"
    )
    assert installation.states() == []


def test_idle_poll_with_many_future_jobs_uses_the_index(installation: Installation) -> None:
    installation.run(
        "from datetime import timedelta\nfrom django.db import connection\nfrom undersigned.base import clock\n"
        "from undersigned.jobs.models import Job\nfrom undersigned.jobs.run import due\n"
        "later = clock.now() + timedelta(days=30)\n"
        "Job.objects.bulk_create([Job(kind='test.note', run_at=later) for _ in range(5000)])\n"
        "connection.cursor().execute('ANALYZE')\n"
        "plan = due()[:1].explain()\n"
        "assert 'job_waiting' in plan, plan\n"
    )
