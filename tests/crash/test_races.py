"""Two last signers at one instant. `make crash` has the hundred."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import storm
from .product import database

pytestmark = [pytest.mark.xdist_group("crash")]


def test_two_last_signers_at_one_instant_both_sign_and_one_seal_is_made(tmp_path: Path) -> None:
    sqlite = os.environ["UNDERSIGNED_TEST_DB"] == "sqlite"
    plan = storm.Plan(
        os.environ["UNDERSIGNED_TEST_DB"],
        0,
        1 if sqlite else 2,
        clients=2,
        contracts=3,
        web=1 if sqlite else 2,
    )
    with database(plan.vendor, os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")) as url:
        result = storm.run(plan, tmp_path, url)
    assert result["faults"] == []
    assert (result["counts"]["contracts"], result["counts"]["signatures"]) == (3, 6)
