"""A database of its own, of the kind that `--db` names, shared by real worker processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

ROOT = Path(__file__).parents[2]


class Installation:
    """A data folder, a database with the jobs table, and processes on it."""

    def __init__(self, data_dir: Path, database_url: str) -> None:
        self.data_dir = data_dir
        self.database_url = database_url
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNDERSIGNED_", "PYTHONDONTWRITE"))}
        self.environment = kept | {
            "UNDERSIGNED_DATA_DIR": str(data_dir),
            "UNDERSIGNED_DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "tests.jobs.settings",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def python(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, *arguments], env=self.environment, cwd=ROOT)
        self.processes.append(process)
        return process

    def run(self, code: str) -> None:
        prelude = "import django; django.setup()\nfrom undersigned.jobs.queue import *\n"
        assert self.python("-c", prelude + code).wait(60) == 0

    def worker(self, threads: int = 1) -> subprocess.Popen[bytes]:
        return self.python("-m", "tests.jobs.work", str(threads))

    def rows(self, query: str) -> list[Any]:
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query.encode()).fetchall()
        with contextlib.closing(
            sqlite3.connect(self.data_dir / "undersigned.sqlite3", timeout=10)
        ) as connection:
            return connection.execute(query).fetchall()

    def effects(self) -> list[str]:
        path = self.data_dir / "effects"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("tick")]

    def ticks(self) -> list[str]:
        path = self.data_dir / "effects"
        return (
            [line for line in path.read_text().splitlines() if line.startswith("tick")]
            if path.exists()
            else []
        )

    def states(self) -> list[str]:
        return sorted(row[0] for row in self.rows("SELECT state FROM jobs_job WHERE kind LIKE 'test.%'"))

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def installation(tmp_path: Path, migrated: Callable[[str], str]) -> Iterator[Installation]:
    vendor = os.environ["UNDERSIGNED_TEST_DB"]
    template = migrated(vendor)
    url = ""
    if vendor == "sqlite":
        shutil.copy(template, tmp_path / "undersigned.sqlite3")
    else:
        name = f"jobs_{uuid.uuid4().hex[:12]}"
        _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        url = _url(name)
    made = Installation(tmp_path, url)
    yield made
    made.close()
    if url:
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Template databases that hold the jobs table, made when first asked for: a file's path, a database's name."""
    made: dict[str, str] = {}

    def make(vendor: str) -> str:
        if vendor not in made:
            folder = tmp_path_factory.mktemp("jobs")
            name, url = str(folder / "undersigned.sqlite3"), ""
            if vendor == "postgresql":
                name = f"jobs_{uuid.uuid4().hex[:12]}"
                url = _url(name)
                _admin(f'CREATE DATABASE "{name}"')
            Installation(folder, url).run(
                "from django.core.management import call_command as c\nc('migrate', 'jobs', verbosity=0)"
            )
            made[vendor] = name
        return made[vendor]

    yield make
    if "postgresql" in made:
        _admin(f'DROP DATABASE "{made["postgresql"]}" WITH (FORCE)')


def _url(name: str) -> str:
    return urlsplit(os.environ["UNDERSIGNED_TEST_POSTGRES"])._replace(path=f"/{name}").geturl()


def _admin(statement: str) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True, connect_timeout=3) as connection:
        connection.execute(statement.encode())
