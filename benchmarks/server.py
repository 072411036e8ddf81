"""Servers under measurement: a tree of processes, one kept connection to it, and what the tree costs by /proc (Linux)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60.0
THREADS = 4
"""Request threads, of ours and of the peer."""


class Server:
    """A command that serves HTTP on a free port, and everything that it starts."""

    def __init__(self, module: str, *arguments: str, **options: str) -> None:
        """`options` are UNDERSIGNED_… variables, without that word and in small letters."""
        self.port = free_port()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
        self.environment = clean | {
            "UNDERSIGNED_PORT": str(self.port),
            "UNDERSIGNED_LOG_LEVEL": "ERROR",
            "UNDERSIGNED_API_CALLS_PER_MINUTE": "10000000",
            "UNDERSIGNED_WEB_THREADS": str(THREADS),
            **{f"UNDERSIGNED_{name.upper()}": value for name, value in options.items()},
        }
        self.folder = Path(self.environment["UNDERSIGNED_DATA_DIR"])
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], env=self.environment, stdout=subprocess.DEVNULL
        )
        self.headers: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        wait_for(self._answers, 0.005)
        self.seconds_to_first_answer = time.perf_counter() - begun

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit("the server has ended")
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            self.connection.close()
            return False

    def authorize(self) -> None:
        """Call as the demo organisation's program from now on."""
        key = json.loads((self.folder / "credentials.json").read_text())["signsquid"]["api_key"]
        self.headers["Authorization"] = "Basic " + b64encode(f"{key}:".encode()).decode()

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, str, bytes]:
        """Status, `Location` as a path, and body."""
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, urlsplit(answer.getheader("Location") or "").path, answer.read()

    def pids(self) -> list[int]:
        """The process and all its descendants that live."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents[int(stat.parent.name)] = int(_fields(stat)[1])
        ours = [self.process.pid]
        for pid in ours:
            ours += [child for child, parent in parents.items() if parent == pid]
        return ours

    def cpu(self) -> float:
        """Processor milliseconds of the tree so far, with children that have ended (to 10 ms)."""
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                ticks += sum(map(int, _fields(Path(f"/proc/{pid}/stat"))[11:15]))
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, float]:
        """MB of proportional set size (pages shared by n processes count as 1/n in each): the tree's, the largest process's."""
        sizes = []
        for pid in self.pids():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                sizes.append(next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1000)
        return {"all": round(sum(sizes), 1), "largest": round(max(sizes), 1), "processes": len(sizes)}

    def now(self) -> tuple[float, float]:
        """Wall and processor milliseconds."""
        return time.perf_counter() * 1000, self.cpu()

    def stop(self) -> None:
        """End it as an operator would."""
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def _fields(stat: Path) -> list[str]:
    return stat.read_text().rpartition(")")[2].split()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def wait_for(check: Callable[[], Any], pause: float = 0.02) -> None:
    """Ask until the answer is true. Raises SystemExit after a minute."""
    end = time.monotonic() + PATIENCE
    while not check():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(pause)


@contextlib.contextmanager
def undersigned(database_url: str = "", **options: str) -> Iterator[Server]:
    """`undersigned serve` with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        options = {"data_dir": folder, "database_url": database_url, **options}
        server = Server("undersigned.app.cli", "serve", **options)
        server.authorize()
        try:
            yield server
        finally:
            server.stop()
