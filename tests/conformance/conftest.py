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
from undersigned.identity.models import Provider

from .caller import Caller
from .signicat_caller import Orders
from .signspace_caller import Space, robot_of
from .today_caller import Today


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


@pytest.fixture
def space(organization: Organization, user: User, settings: LazySettings) -> Space:
    """A SignSpace client with its robot, in the organisation of `user`; it may call as often as it likes."""
    settings.API_CALLS_PER_MINUTE = 100_000
    return Space.of(robot_of(organization))


@pytest.fixture
def space_colleague(organization: Organization) -> Space:
    """A client of another robot of the same organisation."""
    return Space.of(robot_of(organization, "other.robot@domain.com", "other"))


@pytest.fixture
def space_stranger(db: None) -> Space:
    """A client of another organisation."""
    elsewhere = Organization.objects.create(slug="far", name="Far")
    return Space.of(robot_of(elsewhere, "far.robot@domain.com"))


@pytest.fixture
def orders(organization: Organization, user: User, settings: LazySettings) -> Orders:
    """A Signicat client in the organisation of `user`, which has a provider; it may call as often as it likes."""
    settings.API_CALLS_PER_MINUTE = 100_000
    Provider.objects.create(
        organization=organization,
        key="nbid",
        asked_as=["nbid-sign"],
        name="BankID",
        issuer="https://nbid.example",
        client_id="tests",
    )
    return Orders.of(user)


@pytest.fixture
def orders_colleague(organization: Organization, user: User) -> Orders:
    """Another client of the same user."""
    return Orders.of(user)


@pytest.fixture
def orders_stranger(db: None) -> Orders:
    """A client of another organisation."""
    elsewhere = Organization.objects.create(slug="away", name="Away")
    return Orders.of(User.objects.create_user(elsewhere, "eve", name="Eve", email="eve@away.example"))


@pytest.fixture
def today(user: User, settings: LazySettings) -> Today:
    """A Signing Today client with a session of `user`, an administrator; it may call as often as it likes."""
    settings.API_CALLS_PER_MINUTE = 100_000
    return Today.of(user)


@pytest.fixture
def today_colleague(organization: Organization, today: Today) -> Today:
    """A session of another user of the same organisation, who makes envelopes and is no administrator."""
    return today.as_user(
        User.objects.create_user(
            organization, "carl", "carl has a password", name="Carl", surname="Ek", email="carl@board.example"
        )
    )


@pytest.fixture
def today_stranger(db: None) -> Today:
    """An administrator of another organisation."""
    elsewhere = Organization.objects.create(slug="abroad", name="Abroad")
    return Today.of(
        User.objects.create_user(
            elsewhere, "eve", name="Eve", email="eve@abroad.example", role=User.Role.ADMIN
        )
    )
