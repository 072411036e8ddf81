"""Whose time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from undersigned.base import clock

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_it_goes_on_between_two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SYNC", 3600.0)
    clock.now()
    with CaptureQueriesContext(connection) as asked:
        moments = [clock.now() for _ in range(50)]
    assert not asked.captured_queries
    assert moments == sorted(moments)
    assert len(set(moments)) > 1


def test_it_is_the_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_synced", None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=30)
    if connection.vendor == "postgresql":
        monkeypatch.setattr(clock, "_database_time", lambda: datetime(2030, 1, 1, tzinfo=UTC))
        assert clock.now(timedelta(days=1)) == datetime(2030, 1, 2, tzinfo=UTC)
