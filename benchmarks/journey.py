"""A contract from creation to seal and evidence, over HTTP, against a server of its own: `python -m benchmarks.journey [DATABASE-URL]` prints JSON.

Processor time is that of the server's processes by /proc, without the children of `base.bounded`, which nobody waits for; what those
cost is in `benchmarks.seal`.
"""

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
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.pdfs import make_pdf
from undersigned.app.cli.sandbox import _Signer

JOURNEYS = 5
SECONDS = 2.0
SIGNERS = (
    {"name": "Anna Virtanen", "email": "anna@example.com"},
    {"name": "Åsa Öberg", "email": "a@example.com"},
)
PATIENCE = 60.0


class Server:
    """A running server and one kept connection to its API."""

    def __init__(self, folder: Path, database_url: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
        self.environment = clean | {
            "UNDERSIGNED_PORT": str(port),
            "UNDERSIGNED_DATA_DIR": str(folder),
            "UNDERSIGNED_DATABASE_URL": database_url,
            "UNDERSIGNED_LOG_LEVEL": "ERROR",
            "UNDERSIGNED_API_CALLS_PER_MINUTE": "10000000",
        }
        command = [sys.executable, "-m", "undersigned.app.cli", "serve"]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        wait_for(self._healthy)
        self.credentials = json.loads((folder / "credentials.json").read_text())
        key = self.credentials["signsquid"]["api_key"]
        self.headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}

    def _healthy(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit("the server has ended")
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            self.connection.close()
            return False

    headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
        """Status, `Location` as a path, and body."""
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        return answer.status, urlsplit(answer.getheader("Location") or "").path, answer.read()

    def cpu(self) -> float:
        """Processor seconds of the process tree so far."""
        parents: dict[int, tuple[int, float]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                spent = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
                parents[int(stat.parent.name)] = (int(fields[1]), spent)
        ours, total = {self.process.pid}, parents[self.process.pid][1]
        while found := {p for p, (parent, _) in parents.items() if parent in ours and p not in ours}:
            ours |= found
            total += sum(parents[p][1] for p in found)
        return total

    def now(self) -> tuple[float, float]:
        """Wall and processor seconds."""
        return time.perf_counter(), self.cpu()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def wait_for(check: Any, pause: float = 0.02) -> None:
    end = time.monotonic() + PATIENCE
    while not check():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(pause)


def links(server: Server, count: int) -> list[str]:
    """Addresses of the newest invitations, from the database of this server: they are rendered, never stored."""
    code = (
        "from undersigned.app.cli.setup import django_setup; django_setup()\n"
        "from undersigned.envelopes import links\n"
        "from undersigned.envelopes.models import Recipient\n"
        f"print(*[links.url(r) for r in Recipient.objects.order_by('-pk')[:{count}]][::-1], sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=server.environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def draft(server: Server, pdf: bytes) -> str:
    """A published contract's path."""
    status, path, _ = server.call("POST", "/api/v1/contracts", b'{"name": "Benchmark"}')
    assert status == 201
    for signer in SIGNERS:
        assert server.call("POST", f"{path}/versions/1/signatories", json.dumps(signer).encode())[0] == 201
    assert server.call("POST", f"{path}/versions/1/files?filename=a.pdf", pdf)[0] == 201
    assert server.call("POST", f"{path}/versions/1")[0] == 200
    return path


def journey(server: Server, path: str, addresses: list[str]) -> dict[str, float]:
    """Wall and processor milliseconds of signing by all, and of sealing."""
    codes = [s["code"] for s in json.loads(server.call("GET", f"{path}/versions/1")[2])["signatories"]]
    stamps = [server.now()]
    for address, code in zip(addresses, codes, strict=True):
        _Signer(code, None, "").run(address)
    stamps.append(server.now())
    wait_for(lambda: server.call("GET", f"{path}/versions/1/files/a.pdf")[0] == 200, 0.1)
    stamps.append(server.now())
    return spans(("sign", "seal"), stamps)


def spans(names: tuple[str, ...], stamps: list[tuple[float, float]]) -> dict[str, float]:
    result = {}
    for name, before, after in zip(names, stamps, stamps[1:], strict=False):
        result[f"{name}_ms"] = (after[0] - before[0]) * 1000
        result[f"{name}_cpu_ms"] = (after[1] - before[1]) * 1000
    return result


def per_second(server: Server, path: str) -> float:
    end, count = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < end:
        assert server.call("GET", path)[0] == 200
        count += 1
    return count / SECONDS


@contextlib.contextmanager
def running(database_url: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        server = Server(Path(folder), database_url)
        try:
            yield server
        finally:
            server.stop()


def main() -> None:
    pdf = make_pdf(3, "This agreement is made between the parties. " * 40)
    with running(sys.argv[1] if len(sys.argv) > 1 else "") as server:
        paths, runs = [], []
        for _ in range(JOURNEYS + 1):
            stamps = [server.now()]
            paths.append(draft(server, pdf))
            runs.append(spans(("publish",), [*stamps, server.now()]))
        addresses = links(server, len(SIGNERS) * len(paths))
        time.sleep(2)  # pages become final and mails go out meanwhile, as people take longer
        for number, path in enumerate(paths):
            two = addresses[number * len(SIGNERS) : (number + 1) * len(SIGNERS)]
            runs[number] |= journey(server, path, two)
        del runs[0]  # it warmed up
        result = {name: round(median(run[name] for run in runs), 1) for name in runs[0]}
        result["get_per_second"] = round(per_second(server, paths[-1]), 1)
        result["list_per_second"] = round(per_second(server, "/api/v1/contracts"), 1)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
