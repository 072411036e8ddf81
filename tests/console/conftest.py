"""The world, and a browser-less client for each kind of visitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from tests.conftest import QUICK_HASHERS

from . import world as worlds
from .world import World

VISITORS = ["anonymous", "owner", "other", "admin", "stranger"]


@pytest.fixture(autouse=True)
def surroundings(settings: Any) -> None:
    """A folder for static files: WhiteNoise warns when there is none."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def common_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once a module, in a transaction around those of its tests, which roll back to it."""
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=QUICK_HASHERS), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(common_world: World, db: None) -> World:
    """The rows as the test may change them: read anew, since objects are not rolled back."""
    rows = {f.name: getattr(common_world, f.name) for f in fields(common_world)}
    return World(**{name: type(row).objects.get(pk=row.pk) for name, row in rows.items()})


@pytest.fixture
def visit(world: World) -> Callable[[str], Client]:
    """A client that is logged in as the visitor of that name."""

    def client(who: str) -> Client:
        made = Client()
        if who != "anonymous":
            made.force_login(world.users()[who])
        return made

    return client
