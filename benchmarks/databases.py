"""PostgreSQL databases that exist for one measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg


def replaced(url: str, database: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@contextmanager
def created(url: str, template: str = "template1") -> Iterator[str]:
    """The database that `url` names, made anew (as a copy of `template`) and dropped at the end."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(replaced(url, "postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield url
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
