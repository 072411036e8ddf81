"""A bounded folder of things that can be made again: page pictures and texts, under DATA_DIR/cache.

Keys are relative paths that begin with a blob's storage key, so that what was drawn from a blob goes with it. Several processes may
use it at once: files appear whole, and whatever another process just removed is simply made again.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from pathlib import Path

from django.conf import settings

MAX_BYTES = 512 << 20
MAX_AGE = 7 * 86400
"""Seconds. On a machine that did not sweep the blob itself, pictures of erased files go after this time."""
TRIM_EVERY = 50


def get(key: str) -> bytes | None:
    """What is kept under `key`, and note that it was used."""
    path = _folder() / key
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    with contextlib.suppress(OSError):
        os.utime(path, (time.time(), path.stat().st_mtime))
    return content


def put(key: str, made: Path) -> None:
    """Move the file `made` (in DATA_DIR/tmp) to `key`. On average each 50th call trims the folder."""
    path = _folder() / key
    for _ in range(2):  # `drop` may take the folder away in between, also in the middle of mkdir
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            made.replace(path)
            break
    if random.random() < 1 / TRIM_EVERY:  # noqa: S311 - not a secret
        trim()


def drop(storage_key: str) -> None:
    """Forget everything made from one blob."""
    shutil.rmtree(_folder() / storage_key, ignore_errors=True)


def trim(max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE) -> None:
    """Remove what was made more than `max_age` seconds ago; then what was not used for longest, until `max_bytes` are left."""
    found: list[tuple[float, int, Path]] = []
    oldest = time.time() - max_age
    for place, _folders, names in os.walk(_folder()):  # unlike rglob, it bears that folders vanish meanwhile
        for path in (Path(place, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime < oldest:
                    path.unlink()
                else:
                    found.append((status.st_atime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= max_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "cache"
    return folder
