"""/healthz: 200 only when this process can serve."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from undersigned.public import health

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # or WhiteNoise warns
    monkeypatch.setattr(health, "_migrated", False)


def test_ok(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_missing_migration(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'jobs'")
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})


def test_no_database(client: Client) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise OperationalError("connection refused")

    assert client.get("/healthz").status_code == 200
    with connection.execute_wrapper(refuse):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert "refused" not in response.content.decode()
