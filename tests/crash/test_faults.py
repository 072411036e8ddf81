"""What the product stands on goes away and comes back, while contracts are being signed."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .product import database, wait_for
from .proxy import Proxy, in_front_of
from .receivers import receiving
from .storm import Plan, Storm

pytestmark = [pytest.mark.xdist_group("crash")]
SAMPLE = "Reading room membership"
VENDOR = os.environ.get("UNDERSIGNED_TEST_DB", "sqlite")
SERVER = os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")


def once(storm: Storm, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], Any]:
    """One call, whatever its answer."""
    credentials = json.loads((storm.folder / "data" / "credentials.json").read_text())
    key = base64.b64encode(f"{credentials['signsquid']['api_key']}:".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", storm.product.port, timeout=60)
    try:
        connection.request(method, path, body, {"Authorization": f"Basic {key}"})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, dict(answer.headers), json.loads(content) if content else None
    finally:
        connection.close()


class DatabaseAway(Storm):
    """For ten seconds nobody reaches the database."""

    proxy: Proxy

    def disturb(self) -> None:
        wait_for("the first invitation", lambda: self.inbox.links)
        pids = self.product.processes()
        self.proxy.shut()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            status, headers, body = once(self, "GET", "/api/v1/contracts")
            assert (status, body) == (503, {"message": "Service unavailable"})
            assert headers["Retry-After"]
            time.sleep(1)
        self.proxy.open()
        wait_for("the database", self.product.healthy)
        assert self.product.processes() == pids  # nobody had to be started again


@pytest.mark.skipif(VENDOR == "sqlite", reason="SQLite has no server that could go away")
def test_a_database_that_is_away_for_ten_seconds(tmp_path: Path) -> None:
    with database(VENDOR, SERVER) as url, receiving() as inbox:
        parts = urlsplit(url)
        with in_front_of(parts.hostname or "127.0.0.1", parts.port or 5432) as proxy:
            user = f"{parts.username}@" if parts.username else ""
            through = parts._replace(netloc=f"{user}127.0.0.1:{proxy.port}").geturl()
            storm = DatabaseAway(Plan(VENDOR, 0, workers=2, clients=2), tmp_path, through, inbox)
            storm.proxy = proxy
            result = storm.run()
    assert result["faults"] == []
    assert result["clients_met"].get("API 500", 0) == 0, result["clients_met"]
    assert result["counts"]["contracts"] >= 2


class FullDisk(Storm):
    """The data folder lies on a small disk. It is filled up, and some time later there is space again."""

    def disturb(self) -> None:
        wait_for("the first invitation", lambda: self.inbox.links)
        name = json.dumps({"name": SAMPLE}).encode()  # which the check leaves alone
        _, made, _ = once(self, "POST", "/api/v1/contracts", name)
        upload = f"{urlsplit(made['Location']).path}/versions/1/files?filename=large.pdf"
        ballast = self.folder / "data" / "ballast"
        fill(ballast, leave=300_000)
        before = self._large()
        status, headers, body = once(self, "POST", upload, b"%PDF-1.7\n" + os.urandom(600_000))
        assert (status, body) == (503, {"message": "Service unavailable"})
        assert headers["Retry-After"]
        assert self._large() == before
        fill(ballast, leave=0)
        time.sleep(8)
        assert not [c for c in self.made if c.finished]  # else the disk was not full for anybody
        ballast.unlink()

    def _large(self) -> set[Path]:
        folders = (self.folder / "data" / "files", self.folder / "data" / "tmp")
        found = (p for folder in folders for p in folder.rglob("*") if p.is_file())
        return {p for p in found if p.stat().st_size >= 300_000}


def fill(path: Path, leave: int) -> None:
    """Grow the file at `path` until its disk has `leave` bytes left."""
    piece = 64 * 1024
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while shutil.disk_usage(path.parent).free > leave:
            file.write(bytes(piece))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "data"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with database(VENDOR, SERVER) as url, receiving() as inbox:
            result = FullDisk(Plan(VENDOR, 0, workers=1, clients=2), tmp_path, url, inbox).run()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
    assert result["faults"] == []
    assert result["counts"]["contracts"] >= 2
