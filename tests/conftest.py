"""Fixtures that every room's tests may use."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from hypothesis import settings as hypothesis_settings

from undersigned.accounts.models import Organization, User

hypothesis_settings.load_profile("ci")
"""The same examples each time, and no fault because a machine is slow; also where CI is not set."""


@pytest.fixture(autouse=True)
def quick_passwords(settings: LazySettings) -> None:
    """Hashing that is slow on purpose takes a second on a busy machine; what is tested here is not the hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(slug="board", name="Board Oy", sandbox=True)


@pytest.fixture
def user(organization: Organization) -> User:
    return User.objects.create_user(
        organization,
        "anna",
        "correct horse battery",
        name="Anna",
        surname="Virtanen",
        email="anna@board.example",
        role=User.Role.ADMIN,
    )
