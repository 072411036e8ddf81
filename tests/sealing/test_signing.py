from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.django_db]


def test_pdfsig(stages: list[Path]) -> None:
    for s in stages:
        print(subprocess.run(["qpdf", "--check", s], capture_output=True, text=True).stdout)
        print(subprocess.run(["pdfsig", "-nocert", s], capture_output=True, text=True).stdout)
    import shutil

    for s in stages:
        shutil.copy(s, "/tmp/")
    assert 0
