"""What the attacks are made on."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from tests.conftest import QUICK_HASHERS

from . import files
from . import world as worlds
from .files import Sealed
from .world import World


@pytest.fixture(scope="session")
def contract(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Sealed:
    """A sealed contract, made once. Tests that take it need the mark django_db: without one in the run there is no database to make it in."""
    with django_db_blocker.unblock():
        return files.make(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module")
def common_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once a module, in a transaction around those of its tests, which roll back to it."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    with (
        django_db_blocker.unblock(),
        override_settings(PASSWORD_HASHERS=QUICK_HASHERS),
        transaction.atomic(),
    ):
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(common_world: World, db: None) -> World:
    """A copy, which the test may change: objects and browsers are not rolled back."""
    return deepcopy(common_world)
