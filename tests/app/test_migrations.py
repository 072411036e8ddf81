"""Each room's one migration is what the models say, in the form that is quick to run."""

from __future__ import annotations

import importlib

import pytest
from django.core.management import call_command

from tests.migrations import ROOMS, fold


@pytest.mark.django_db
def test_models_ask_for_nothing_more() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_indexes_and_constraints_are_made_with_their_table() -> None:
    """Else somebody has generated it without `make migrations`."""
    for room in ROOMS:
        found = importlib.import_module(f"undersigned.{room}.migrations.0001_initial").Migration.operations
        assert len(fold(found)) == len(found), room
