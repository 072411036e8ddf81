"""The world, and a browser-less client for each kind of visitor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from . import world as worlds
from .world import World

VISITORS = ["anonymous", "owner", "other", "admin", "stranger"]


@pytest.fixture(autouse=True)
def static_folder() -> None:
    """WhiteNoise warns, and warnings are errors, when there is none."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


@pytest.fixture
def visit(world: World) -> Callable[[str], Client]:
    """A client that is logged in as the visitor of that name."""

    def client(who: str) -> Client:
        made = Client()
        if who != "anonymous":
            made.force_login(world.users()[who])
        return made

    return client
