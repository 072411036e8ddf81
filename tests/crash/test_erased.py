"""An erasure that is killed at every step finishes, and everything personal is gone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from .product import Product, database
from .receivers import free_port

pytestmark = [pytest.mark.xdist_group("crash")]


def test_a_kill_before_and_after_every_commit_of_an_erasure(tmp_path: Path) -> None:
    server = os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")
    with database(os.environ["UNDERSIGNED_TEST_DB"], server) as url:
        product = Product(tmp_path, free_port(), url)
        found = json.loads(product.python("tests.crash.erased"))
    assert found["faults"] == []
    points = found["points"]
    assert {re.sub(r" \d+", "", p) for p in points} == {
        f"erase, {what}, {when}" for what in ("commit", "bytes") for when in ("before", "after")
    }
    # Both envelopes and the collection have a commit of their own, and some bytes were left for the sweep.
    assert sum(", commit " in p and p.endswith("before") for p in points) >= 3
    assert 0 < found["left"] < found["blobs"]
