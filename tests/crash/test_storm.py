"""Ten kills at random. `make crash` has the thousand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import storm
from .product import database

pytestmark = [pytest.mark.database, pytest.mark.xdist_group("crash")]


def test_kills_at_random_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    vendor = os.environ["UNDERSIGNED_TEST_DB"]
    plan = storm.Plan(vendor, kills=10, workers=1 if vendor == "sqlite" else 2, clients=2)
    with database(vendor, os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")) as url:
        result = storm.run(plan, tmp_path, url)
    assert result["faults"] == []
    assert result["kills"] == 10
    assert result["counts"]["contracts"] >= 2
    assert result["counts"]["verified"] == result["counts"]["contracts"]
