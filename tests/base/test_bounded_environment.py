"""What a process that reads untrusted files can see of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from undersigned.base import bounded


def test_secrets_of_the_environment_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_nursery", None)
    for name in ("UNDERSIGNED_MASTER_KEY", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hunter2")
    bounded.run("os.path:basename", p="/warm")
    assert bounded._nursery is not None
    process = bounded._nursery[2]
    seen = Path(f"/proc/{process.pid}/environ").read_bytes()
    bounded._end_nursery()
    assert b"hunter2" not in seen
    assert os.environ["PATH"].encode() in seen
