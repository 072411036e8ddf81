"""Fixtures that every room's tests may use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import settings as hypothesis_settings
from whitenoise.middleware import WhiteNoiseMiddleware

from undersigned.accounts.models import Organization, User

hypothesis_settings.load_profile("ci")
"""The same examples each time, and no fault because a machine is slow; also where CI is not set."""


QUICK_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def quick_passwords(settings: LazySettings) -> None:
    """Hashing that is slow on purpose takes a second on a busy machine; what is tested here is not the hash."""
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once() -> Iterator[None]:
    """Each test client loads the middleware anew; a server does it once, when it starts. The files of the source stay as they are."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files |= found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


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
