"""Where bytes lie: a folder or an S3 bucket, chosen by `settings.STORAGE_URL` alone. Keys are content addresses.

A key never gets other bytes than it had: it is made from their SHA-256, and every read of the bytes checks it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import obstore
from django.conf import settings
from obstore.exceptions import GenericError
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from .models import Blob

CHUNK = 1 << 20


class Damaged(Exception):
    """The stored bytes are gone, or not those that were put; the argument is the storage key."""


def key_for(organization_id: int, sha256: str) -> str:
    """Content address of an organisation's bytes: `<org>/<first two digits>/<sha256>`."""
    return f"{organization_id}/{sha256[:2]}/{sha256}"


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def put(key: str, path: Path, size: int) -> None:
    """Bring the file at `path` (`size` bytes) to `key`, streaming; a reader sees all of it or nothing.

    Bytes that are there already are left alone. On a folder the file and its directories are on the disk when this returns.
    Raises OSError (ENOSPC) when the disk is full; nothing is at `key` then.
    """
    store = _store(settings.STORAGE_URL)
    with contextlib.suppress(FileNotFoundError):
        if obstore.head(store, key)["size"] == size:
            return
    try:
        obstore.put(store, key, path, chunk_size=8 * CHUNK, max_concurrency=4)
    except GenericError as e:
        if f"os error {errno.ENOSPC}" in str(e):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), key) from e
        raise
    if (folder := _folder()) is not None:
        target = folder / key
        target.chmod(0o440)
        for place in (target, target.parent, target.parent.parent, folder):
            _fsync(place)


def read(blob: Blob, chunk: int = CHUNK) -> Iterator[bytes]:
    """The blob's bytes in pieces of about `chunk` bytes. Raises Damaged at the end when the SHA-256 is not the blob's."""
    digest = hashlib.sha256()
    try:
        stream = obstore.get(_store(settings.STORAGE_URL), blob.storage_key).stream(min_chunk_size=chunk)
        for piece in stream:
            data = bytes(piece)
            digest.update(data)
            yield data
    except FileNotFoundError as e:
        raise Damaged(blob.storage_key) from e
    if digest.hexdigest() != blob.sha256:
        raise Damaged(blob.storage_key)


@contextlib.contextmanager
def local_path(blob: Blob) -> Iterator[Path]:
    """A path under which the blob can be read, for the length of the `with` block. Never write to it.

    On a folder it is the stored file itself, of which only the size is checked; else a temporary copy with its SHA-256 checked.
    Raises Damaged.
    """
    if (folder := _folder()) is not None:
        path = folder / blob.storage_key
        if not path.is_file() or path.stat().st_size != blob.size:
            raise Damaged(blob.storage_key)
        yield path
        return
    with temporary_file() as copy:
        with copy.open("wb") as target:
            for piece in read(blob):
                target.write(piece)
        yield copy


def delete(key: str) -> None:
    """Delete the bytes; nothing happens when there are none."""
    with contextlib.suppress(FileNotFoundError):
        obstore.delete(_store(settings.STORAGE_URL), key)


def probe() -> None:
    """Write, read and delete a few bytes, to see whether it works. Raises what the store raises, Damaged when it gives other bytes."""
    key, written = f"probe-{secrets.token_hex(8)}", secrets.token_bytes(64)
    store = _store(settings.STORAGE_URL)
    obstore.put(store, key, written)
    try:
        if bytes(obstore.get(store, key).bytes()) != written:
            raise Damaged(key)
    finally:
        obstore.delete(store, key)


@contextlib.contextmanager
def temporary_file(suffix: str = "") -> Iterator[Path]:
    """An empty file (mode 0600) in DATA_DIR/tmp that is gone after the `with` block, unless it was moved away."""
    path = new_temporary(suffix)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def new_temporary(suffix: str = "") -> Path:
    """An empty file (mode 0600) in DATA_DIR/tmp, which the caller removes."""
    folder = settings.DATA_DIR / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=folder)
    os.close(handle)
    return Path(name)


def delete_leftovers(older: float = 86400) -> int:
    """Delete temporary files over `older` seconds of age, which killed processes left behind; return how many."""
    left = list((settings.DATA_DIR / "tmp").glob("*"))
    if (folder := _folder()) is not None:
        left += folder.glob("*/*/*#*")  # what obstore writes to before it renames it to the key
    deleted = 0
    for path in left:
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < time.time() - older:
                path.unlink()
                deleted += 1
    return deleted


@lru_cache(maxsize=8)
def _store(url: str) -> Any:
    if url.startswith("file:"):
        return LocalStore(prefix=_path_of(url), mkdir=True)
    return from_url(url)


def _folder() -> Path | None:
    return _path_of(settings.STORAGE_URL) if settings.STORAGE_URL.startswith("file:") else None


def _path_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
