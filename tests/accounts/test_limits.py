"""Limits are counted in the database: processes share them, they cost the same however much was counted, and an error lets nobody in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from tests.jobs.conftest import Installation, _admin, _url, wait_for
from tests.queries import Queries
from undersigned.accounts import limits
from undersigned.accounts.models import Attempt

pytestmark = pytest.mark.database
MINUTE = timedelta(minutes=1)
KNOCK = """
import django; django.setup()
import pathlib, sys, time
from datetime import timedelta
from undersigned.accounts import limits
pathlib.Path(sys.argv[1] + ".ready").touch()
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.005)
let_in = 0
for _ in range(15):
    try:
        limits.take("door", "somebody", 10, timedelta(minutes=5))
        let_in += 1
    except limits.LimitReached:
        pass
pathlib.Path(sys.argv[1]).write_text(str(let_in))
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A database of its own with the table of this room."""
    url, name = "", f"limits_{uuid.uuid4().hex[:12]}"
    if os.environ["UNDERSIGNED_TEST_DB"] == "postgresql":
        _admin(f'CREATE DATABASE "{name}"')
        url = _url(name)
    made = Installation(tmp_path, url)
    made.environment["DJANGO_SETTINGS_MODULE"] = "undersigned.app.django_settings"
    made.run("from django.core.management import call_command as c; c('migrate', 'accounts', verbosity=0)")
    yield made
    made.close()
    if url:
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_two_processes_share_the_count(installation: Installation, tmp_path: Path) -> None:
    go, told = tmp_path / "go", [tmp_path / "one", tmp_path / "two"]
    processes = [installation.python("-c", KNOCK, str(path), str(go)) for path in told]
    wait_for(lambda: all(path.with_name(path.name + ".ready").exists() for path in told))
    go.touch()
    assert [process.wait(60) for process in processes] == [0, 0]
    let_in = [int(path.read_text()) for path in told]
    # Two that count each other may both be refused, and knock again; more than the limit never get in.
    assert 5 <= sum(let_in) <= 10, let_in


@pytest.mark.django_db
def test_the_cost_does_not_grow() -> None:
    def cost() -> list[str]:
        with Queries(connection) as found:
            limits.take("door", "somebody", 10_000, MINUTE)
        return [q["sql"].split()[0] for q in found]

    first = cost()
    Attempt.objects.bulk_create(
        [Attempt(bucket="door", subject=a.subject, at=a.at) for a in Attempt.objects.all()] * 500
    )
    assert cost() == first
    assert len([word for word in first if word in ("INSERT", "SELECT", "DELETE")]) <= 4


@pytest.mark.django_db
@pytest.mark.parametrize("failing", ["create", "filter"])
def test_an_error_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Attempt.objects, failing, broken)
    with pytest.raises(DatabaseError):
        limits.take("door", "somebody", 10, MINUTE)


@pytest.mark.django_db
def test_whose_tries_they_were_cannot_be_read() -> None:
    limits.take("door", "198.51.100.7", 10, MINUTE)
    assert b"198.51" not in bytes(Attempt.objects.get().subject)


@pytest.mark.django_db
def test_refused_tries_do_not_prolong_the_wait() -> None:
    for _ in range(3):
        limits.take("door", "somebody", 3, MINUTE)
    waits = []
    for _ in range(5):
        with pytest.raises(limits.LimitReached) as e:
            limits.take("door", "somebody", 3, MINUTE)
        waits.append(e.value.retry_after)
    assert max(waits) <= 60
    assert Attempt.objects.count() == 3


def test_waits_in_minutes_are_rounded_up() -> None:
    assert [limits.LimitReached(s).minutes for s in (1, 60, 61)] == [1, 1, 2]
