"""Account, database, storage, disk."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import Error, connection, transaction

from undersigned.accounts.models import Attempt
from undersigned.base import clock, db
from undersigned.files import storage as files

from .findings import Finding, Look, fail, ok, warn, words

LEAST_POSTGRESQL = 13
GIGABYTE = 10**9


def account(look: Look) -> list[Finding]:
    """Are we who the data belong to? Only then do the other checks say what the server would meet."""
    folder = look.settings.data_dir.absolute()
    if not folder.exists():
        return [
            fail(
                "account",
                f"There is no folder {folder}.",
                "UNDERSIGNED_DATA_DIR, or start `undersigned serve` first.",
            )
        ]
    owner = folder.stat().st_uid
    if owner == os.geteuid():
        return [ok("account", f"{folder} belongs to the user of this command.")]
    return [
        warn(
            "account",
            f"{folder} belongs to {_user(owner)}, and this command runs as {_user(os.geteuid())}.",
            "Run it as the server's user: what works here may not work there.",
        )
    ]


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def database(look: Look) -> list[Finding]:
    """Does it answer, is it up to date, does it take a row?"""
    look.database = False
    if connection.vendor == "postgresql" and connection.connection is None:
        connection.settings_dict["OPTIONS"].setdefault("connect_timeout", "5")
    if connection.vendor == "sqlite" and not _sqlite_is_there():
        return [
            fail(
                "database",
                f"There is no database at {connection.settings_dict['NAME']}.",
                "UNDERSIGNED_DATA_DIR or UNDERSIGNED_DATABASE_URL; `undersigned serve` makes one at its first start.",
            )
        ]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = db.unapplied()
    except Error as e:
        connection.close()
        return [
            fail(
                "database",
                f"The database does not answer: {words(e)}.",
                "Start it, or mend UNDERSIGNED_DATABASE_URL.",
            )
        ]
    if missing:
        return [
            fail(
                "database",
                f"The tables are not those of this release ({len(missing)} migrations to apply).",
                "Start `undersigned serve` of this release, which applies them.",
            )
        ]
    look.database = True
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def _sqlite_is_there() -> bool:
    """Connecting would make an empty one."""
    name = str(connection.settings_dict["NAME"])
    return "mode=memory" in name or Path(name).exists()


def _write() -> str:
    """Why a row cannot be written, empty when it can; nothing is left of it."""
    try:
        with db.atomic():
            Attempt.objects.create(bucket="doctor", subject=b"doctor", at=clock.now())
            transaction.set_rollback(True)
    except Error as e:
        return words(e)
    return ""


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


def _postgresql() -> list[Finding]:
    number, encoding = int(_value("SHOW server_version_num")) // 10000, _value("SHOW server_encoding")
    if number < LEAST_POSTGRESQL:
        return [
            fail("database", f"PostgreSQL {number} is too old.", f"PostgreSQL {LEAST_POSTGRESQL} or newer.")
        ]
    if encoding != "UTF8":
        return [
            fail(
                "database",
                f"The encoding is {encoding}: not every name can be stored.",
                "CREATE DATABASE … ENCODING 'UTF8'.",
            )
        ]
    if why := _write():
        return [
            fail(
                "database",
                f"PostgreSQL takes no row: {why}.",
                "Its user must own the tables, and it must not be a standby.",
            )
        ]
    return [ok("database", f"PostgreSQL {number}, UTF-8, up to date, takes rows.")]


def _sqlite() -> list[Finding]:
    if why := _write():
        return [
            fail(
                "database",
                f"SQLite takes no row: {why}.",
                "The server's user must own the file and its folder.",
            )
        ]
    mode = _value("PRAGMA journal_mode")
    if mode not in ("wal", "memory"):
        return [
            warn(
                "database",
                f"SQLite's journal mode is {mode}, so readers and writers wait for each other.",
                "Put the data folder on a local disk and start the server again.",
            )
        ]
    return [ok("database", f"SQLite in {mode} mode, up to date, takes rows.")]


def storage(look: Look) -> list[Finding]:
    """Write, read and delete a small file."""
    folder = _storage_folder()
    where = str(folder) if folder else settings.STORAGE_URL
    if folder is not None and not folder.exists() and _can_make(folder):
        return [ok("storage", f"{folder} is made with the first file.")]
    try:
        files.probe()
    except Exception as e:  # noqa: BLE001 - each kind of store has errors of its own
        return [
            fail(
                "storage",
                f"A file cannot be written to, read from and deleted in {where}: {words(e)}.",
                "Give the server's user the rights, or mend UNDERSIGNED_STORAGE_URL and its AWS_… variables.",
            )
        ]
    return [ok("storage", f"A file was written, read and deleted in {where}.")]


def _can_make(folder: Path) -> bool:
    above = next(p for p in folder.parents if p.exists())
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK)


def _storage_folder() -> Path | None:
    url = settings.STORAGE_URL
    return Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None


def disk(look: Look) -> list[Finding]:
    """Is there room for files, temporary files and the database?"""
    folders = [look.settings.data_dir.absolute(), _storage_folder(), Path(tempfile.gettempdir())]
    devices = {f.stat().st_dev: f for f in reversed(folders) if f is not None and f.exists()}
    found = [_room(f, *shutil.disk_usage(f)[::2]) for f in devices.values()]
    return [f for f in found if f.fix] or found[-1:]


def _room(folder: Path, total: int, free: int) -> Finding:
    share = 100 * free / total if total else 0.0
    text = f"{free / GIGABYTE:.1f} GB ({share:.0f} %) free at {folder}."
    fix = "Make room, or move DATA_DIR to a larger disk."
    if share < 2 or free < GIGABYTE:
        return fail("disk", text, fix)
    return warn("disk", text, fix) if share < 10 else ok("disk", text)
