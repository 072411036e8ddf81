"""`base.db.atomic`: one writer at a time on SQLite, a plain transaction elsewhere."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from undersigned.base import db
from undersigned.jobs.models import Job

pytestmark = pytest.mark.database


def _second_writer_enters(seconds: float) -> bool:
    """Whether another thread gets past the queue for the writer within `seconds`. It opens no transaction of its own."""
    entered = threading.Event()

    def write() -> None:
        if db._writer.acquire(timeout=seconds):
            entered.set()
            db._writer.release()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    return entered.is_set()


@pytest.mark.django_db(transaction=True)
def test_writers_queue_on_sqlite_alone() -> None:
    with db.atomic():
        assert _second_writer_enters(0.1) is (connection.vendor != "sqlite")
    assert _second_writer_enters(0.1)


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_is_queued_for() -> None:
    with transaction.atomic(), db.atomic():
        assert _second_writer_enters(0.1)


@pytest.mark.django_db(transaction=True)
def test_failure_rolls_back_and_lets_the_next_writer_in() -> None:
    def fail() -> None:
        with db.atomic():
            Job.objects.create(kind="k")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not Job.objects.exists()
    assert _second_writer_enters(0.1)
