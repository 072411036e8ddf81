"""The real product in processes of its own, to be killed: `undersigned serve`, started again when it dies, as systemd would."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 600, pause: float = 0.05) -> Any:
    """What `condition` answers as soon as that is true. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(pause)
    return found


@contextlib.contextmanager
def database(vendor: str, server: str = "") -> Iterator[str]:
    """URL of a new, empty database on the PostgreSQL at `server`, dropped at the end; "" for SQLite."""
    if vendor == "sqlite":
        yield ""
        return
    name = f"crash_{uuid.uuid4().hex[:12]}"
    _admin(server, f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _admin(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


class Product:
    """One installation. `options` are further UNDERSIGNED_ variables, without the prefix."""

    def __init__(self, folder: Path, port: int, database_url: str, **options: object) -> None:
        self.folder, self.port, self.database_url = folder, port, database_url
        (folder / "temporary").mkdir()
        # The one variable that every process of the tree has, also those that get no other: how strays are found.
        self._marker = f"TMPDIR={folder}/temporary"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNDERSIGNED_", "PYTHONDONTWRITE"))}
        self.environment = kept | {
            "TMPDIR": f"{folder}/temporary",
            "UNDERSIGNED_PORT": str(port),
            "UNDERSIGNED_DATA_DIR": f"{folder}/data",
            "UNDERSIGNED_DATABASE_URL": database_url,
            "UNDERSIGNED_API_CALLS_PER_MINUTE": "1000000",
            "UNDERSIGNED_TRUSTED_PROXIES": "1",
            "UNDERSIGNED_LOG_LEVEL": "WARNING",
            **{f"UNDERSIGNED_{name.upper()}": str(value) for name, value in options.items()},
        }
        self.starts = 0
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    # --- as systemd does ---
    def start(self) -> None:
        """Start it and keep it started."""
        self._wanted.set()
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)
        self._thread.start()
        wait_for("the server", self.healthy)

    def _keep_alive(self) -> None:
        while self._wanted.is_set():
            with (self.folder / "log").open("ab") as log:
                self._supervisor = subprocess.Popen(
                    [sys.executable, "-m", "undersigned.app.cli", "serve"],
                    env=self.environment,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            self.starts += 1
            self._supervisor.wait()
            time.sleep(0.1)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self._wanted.clear()
        assert self._supervisor is not None
        self._supervisor.terminate()
        status = self._supervisor.wait(30)
        if self._thread is not None:
            self._thread.join()
        return status

    def close(self) -> None:
        """Whatever still runs is killed."""
        self._wanted.clear()
        if self._supervisor is not None and self._supervisor.poll() is None:
            self._supervisor.kill()
            self._supervisor.wait()
        for pid in self.strays():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # --- what is there ---
    def healthy(self) -> bool:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    def processes(self) -> dict[str, int]:
        """Process ids by name: "supervisor", "web 0", "worker 0"… of those that exist now."""
        supervisor = self._supervisor
        if supervisor is None or supervisor.poll() is not None:
            return {}
        found = {}
        with contextlib.suppress(OSError):
            for pid in Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split():
                with contextlib.suppress(OSError):
                    if is_alive(int(pid)):
                        found[Path(f"/proc/{pid}/comm").read_text().strip()] = int(pid)
        serving = {name: pid for name, pid in found.items() if name.startswith(("web ", "worker "))}
        return serving | {"supervisor": supervisor.pid} if serving else {}

    def strays(self) -> list[int]:
        """All living processes that ever came from this installation."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    if self._marker in (folder / "environ").read_text(errors="replace").split("\0"):
                        found.append(int(folder.name))
        return [pid for pid in found if pid != os.getpid() and is_alive(pid)]

    def rows(self, query: str) -> list[Any]:
        """Read the database from outside."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query.encode()).fetchall()
        path = self.folder / "data" / "undersigned.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as connection:
            return connection.execute(query).fetchall()

    def python(self, *arguments: str) -> str:
        """Run a module with this installation's options; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self.environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def is_alive(pid: int) -> bool:
    """Neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
