"""Waking workers: NOTIFY on PostgreSQL, a named pipe per worker on SQLite. A lost wake-up costs one polling interval, never a job."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction

CHANNEL = "undersigned_jobs"


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "wake"


def wake() -> None:
    """Wake workers when the current transaction commits, at once outside of one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")  # delivered at commit, repetitions within a transaction once
    else:
        transaction.on_commit(_poke_pipes)


def _poke_pipes() -> None:
    for pipe in _folder().glob("*.pipe"):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # ENXIO: nobody reads, its worker was killed
            pipe.unlink(missing_ok=True)
            continue
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # full: it will wake anyway
            os.write(descriptor, b"w")
        os.close(descriptor)


class PipeListener:
    """A named pipe in the data folder. Unlike a socket's, its path may be long; unlike a signal, it needs no process id."""

    def __init__(self) -> None:
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = _folder() / f"{os.getpid()}.pipe"
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, 0o600)
        # Read and write: with a writer always present, a closed sender is not an end of file.
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._descriptor

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._descriptor, 4096)) == 4096:
                pass

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


class NotifyListener:
    """A connection of its own that LISTENs."""

    def __init__(self) -> None:
        self._connection = connection.copy()
        with self._connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._raw: Any = self._connection.connection

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def drain(self) -> None:
        with self._connection.wrap_database_errors:
            for _ in self._raw.notifies(timeout=0):
                pass

    def close(self) -> None:
        with contextlib.suppress(Error):
            self._connection.close()


def listener() -> PipeListener | NotifyListener:
    """Something to `select` on that becomes readable when work was enqueued. Raises django.db.Error when the database is away."""
    return NotifyListener() if connection.vendor == "postgresql" else PipeListener()
