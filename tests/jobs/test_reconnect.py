"""A database server that restarts under a worker."""

from __future__ import annotations

import os

import pytest

from .conftest import Installation, wait_for

pytestmark = pytest.mark.skipif(
    os.environ.get("UNDERSIGNED_TEST_DB") == "sqlite", reason="SQLite has no connections to lose"
)


def test_worker_survives_the_loss_of_its_connections(installation: Installation) -> None:
    worker = installation.worker(threads=2)
    wait_for(lambda: bool(installation.ticks()))
    others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert len(installation.rows(f"SELECT pg_terminate_backend(pid) FROM {others}")) >= 2
    installation.run("enqueue('test.note', {'n': 1})")
    wait_for(lambda: installation.effects() == ["note 1"])
    assert worker.poll() is None
