"""Callers of the APIs, as programs see them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Organization, User
from undersigned.files import storage

from .caller import Caller


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGE_URL = (tmp_path / "files").as_uri()
    yield
    storage._store.cache_clear()


def caller_of(user: User, webhook_url: str = "") -> Caller:
    _, key = create_api_key(user, "signsquid", "tests", webhook_url)
    return Caller("Basic " + base64.b64encode(f"{key}:".encode()).decode())


@pytest.fixture
def api(user: User) -> Caller:
    """A program with an API key of `user` that has a webhook."""
    return caller_of(user, "https://receiver.example/hook")


@pytest.fixture
def colleague(organization: Organization) -> Caller:
    """A program of another user of the same organisation."""
    return caller_of(
        User.objects.create_user(
            organization, "bo", name="Bo", email="bo@board.example", role=User.Role.ADMIN
        )
    )


@pytest.fixture
def stranger(db: None) -> Caller:
    """A program of another organisation."""
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    return caller_of(User.objects.create_user(elsewhere, "eve", name="Eve", email="eve@elsewhere.example"))
