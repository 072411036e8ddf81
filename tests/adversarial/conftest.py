"""What the attacks are made on."""

from __future__ import annotations

from typing import Any

import pytest

from . import files
from .files import Sealed


@pytest.fixture(scope="session")
def contract(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Sealed:
    """A sealed contract, made once. Tests that take it need the mark django_db: without one in the run there is no database to make it in."""
    with django_db_blocker.unblock():
        return files.make(tmp_path_factory.mktemp("contract"))
