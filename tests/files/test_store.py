"""Bytes in, handles, sharing, erasure and the sweep."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.files import storage, store
from undersigned.files.models import Blob, File

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(params=["folder", "bucket"], autouse=True)
def where(request: pytest.FixtureRequest, tmp_path: Path, settings) -> Iterator[str]:
    """Every test runs on a folder and on an object store that has no local paths."""
    settings.DATA_DIR = tmp_path
    settings.STORAGE_URL = (
        (tmp_path / "files folder").as_uri() if request.param == "folder" else f"memory:///{tmp_path.name}"
    )
    yield request.param
    storage._store.cache_clear()


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(slug="acme", name="Acme")


def bring(organization: Organization, content: bytes, name: str = "a.pdf") -> File:
    with store.receive(io.BytesIO(content), 1 << 30) as received:
        staged = store.stage(organization.pk, received.path, media_type="text/plain", known=received)
    with transaction.atomic():
        return store.new_file(store.adopt(staged), File.Kind.UPLOAD, name)


def make_stale(blob: Blob) -> None:
    Blob.objects.filter(pk=blob.pk).update(staged_at=clock.now() - store.SPARED - timedelta(minutes=1))


def read(file: File) -> bytes:
    assert file.blob is not None
    return b"".join(storage.read(file.blob))


def test_stores_a_pdf(organization: Organization) -> None:
    content = make_pdf(3)
    with store.receive(io.BytesIO(content)) as received:
        file = store.store_pdf(organization, received, "C:\\docs\\lease.pdf", title="Lease", pub="abc")
    assert not received.path.exists()
    file.refresh_from_db()
    assert (file.name, file.title, file.pages, file.kind, file.pub) == (
        "lease.pdf",
        "Lease",
        3,
        "upload",
        "abc",
    )
    assert file.blob is not None
    assert file.blob.sha256 == hashlib.sha256(content).hexdigest()
    assert file.blob.size == len(content)
    assert file.blob.media_type == "application/pdf"
    assert read(file) == content


def test_same_bytes_are_one_blob_in_an_organization_and_two_in_two(organization: Organization) -> None:
    other = Organization.objects.create(slug="other", name="Other")
    first, second, foreign = bring(organization, b"same"), bring(organization, b"same"), bring(other, b"same")
    assert first.pk != second.pk
    assert first.blob == second.blob
    assert foreign.blob != first.blob
    assert foreign.blob is not None
    assert first.blob is not None
    assert foreign.blob.storage_key != first.blob.storage_key


def test_local_path_reads_and_goes(organization: Organization, where: str) -> None:
    blob = bring(organization, b"bytes").blob
    assert blob is not None
    with storage.local_path(blob) as path:
        assert path.read_bytes() == b"bytes"
    assert path.exists() == (where == "folder")


def test_damage_is_found_on_reading(organization: Organization, where: str, settings) -> None:
    file = bring(organization, b"original")
    assert file.blob is not None
    if where == "folder":
        path = Path(settings.DATA_DIR) / "files folder" / file.blob.storage_key
        assert path.stat().st_mode & 0o222 == 0
        path.chmod(0o600)
        path.write_bytes(b"0riginal")
    else:
        import obstore

        obstore.put(storage._store(settings.STORAGE_URL), file.blob.storage_key, b"0riginal")
    with pytest.raises(storage.Damaged):
        read(file)
    storage.delete(file.blob.storage_key)
    storage.delete(file.blob.storage_key)
    with pytest.raises(storage.Damaged), storage.local_path(file.blob):
        pass


def test_sweep_takes_what_nobody_uses_and_nothing_else(organization: Organization) -> None:
    kept, erased, shared, fresh = (bring(organization, c) for c in (b"kept", b"erased", b"shared", b"fresh"))
    copy = store.copy_file(shared, File.Kind.SESSION)
    for file in (kept, erased, shared):
        assert file.blob is not None
        make_stale(file.blob)
    blob_of_erased = erased.blob
    for file in (erased, shared, fresh):
        store.erase_file(file, clock.now())
    assert store.delete_unreferenced() == 1
    assert not Blob.objects.filter(pk=blob_of_erased.pk).exists()  # type: ignore[union-attr]
    with pytest.raises(storage.Damaged):
        list(storage.read(blob_of_erased))  # type: ignore[arg-type]
    assert read(kept) == b"kept"
    assert read(copy) == b"shared"
    assert Blob.objects.count() == 3, "what was staged a moment ago is spared"
    erased.refresh_from_db()
    assert (erased.name, erased.title, erased.blob) == ("", "", None)
    assert erased.erased_at is not None
    with pytest.raises(ValueError, match="erased"):
        store.copy_file(erased, File.Kind.SESSION)


def test_staging_again_renews_the_grace_and_brings_lost_bytes(
    organization: Organization, tmp_path: Path
) -> None:
    file = bring(organization, b"again")
    blob = file.blob
    assert blob is not None
    store.erase_file(file, clock.now())
    make_stale(blob)
    storage.delete(blob.storage_key)  # as when a sweep was killed between the bytes and the row
    (tmp_path / "x").write_bytes(b"again")
    staged = store.stage(organization.pk, tmp_path / "x")
    assert staged.blob_id == blob.pk
    assert store.delete_unreferenced() == 0
    assert b"".join(storage.read(store.adopt(staged))) == b"again"


def test_a_sweep_in_the_middle_of_staging_takes_nothing(
    organization: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bring(organization, b"contested")
    assert file.blob is not None
    make_stale(file.blob)
    store.erase_file(file, clock.now())
    real_put = storage.put

    def put(key: str, path: Path, size: int) -> None:
        assert store.delete_unreferenced() == 0
        real_put(key, path, size)
        assert store.delete_unreferenced() == 0

    monkeypatch.setattr(storage, "put", put)
    (tmp_path / "x").write_bytes(b"contested")
    staged = store.stage(organization.pk, tmp_path / "x")
    assert b"".join(storage.read(store.adopt(staged))) == b"contested"


def test_leftovers_of_killed_processes_go(tmp_path: Path) -> None:
    old, new = storage.new_temporary(), storage.new_temporary()
    os.utime(old, (0, 0))
    assert storage.delete_leftovers() == 1
    assert not old.exists()
    assert new.exists()
    assert new.stat().st_mode & 0o777 == 0o600


KILLED = """
import os, sys, threading, time
from pathlib import Path
import obstore
from obstore.store import LocalStore
def die():
    while not list(Path(sys.argv[1]).rglob("*#*")):
        time.sleep(0.0005)
    os.kill(os.getpid(), 9)
threading.Thread(target=die, daemon=True).start()
obstore.put(LocalStore(prefix=Path(sys.argv[1])), "1/ab/abc", Path(sys.argv[2]), chunk_size=1 << 20, max_concurrency=4)
"""


def test_what_a_killed_process_was_writing_to_the_store_goes(where: str, tmp_path: Path) -> None:
    if where != "folder":
        return
    folder, source = tmp_path / "files folder", tmp_path / "source"
    folder.mkdir()
    source.write_bytes(bytes(200 << 20))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(source)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = (p for p in folder.rglob("*") if p.is_file())
    assert storage.delete_leftovers() == 0
    os.utime(left, (0, 0))
    assert storage.delete_leftovers() == 1
    assert not left.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_leaves_nothing_half_written(where: str, tmp_path: Path) -> None:
    if where != "folder":
        return
    folder, source = tmp_path / "files folder", tmp_path / "source"
    folder.mkdir()
    source.write_bytes(os.urandom(3 << 20))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(OSError, match="No space left") as full:
            storage.put("1/ab/abc", source, 3 << 20)
        assert full.value.errno == errno.ENOSPC
        assert [p for p in folder.rglob("*") if p.is_file()] == []
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_blob_in_use_cannot_be_deleted(organization: Organization) -> None:
    file = bring(organization, b"x")
    assert file.blob is not None
    with pytest.raises(ProtectedError):
        file.blob.delete()


def test_public_ids_are_unique_a_kind(organization: Organization) -> None:
    file = bring(organization, b"x")
    store.copy_file(file, File.Kind.SESSION, pub="p")
    store.copy_file(file, File.Kind.UPLOAD, pub="p")
    with pytest.raises(IntegrityError), transaction.atomic():
        store.copy_file(file, File.Kind.SESSION, pub="p")


def test_receive_stops_at_the_limit_and_leaves_nothing(tmp_path: Path) -> None:
    with store.receive(io.BytesIO(b"12345"), 5) as received:
        assert received.size == 5
    with pytest.raises(store.TooLarge) as caught:
        store.receive(io.BytesIO(b"123456"), 5)
    assert caught.value.limit == 5
    assert list((tmp_path / "tmp").iterdir()) == []


class Zeros(io.RawIOBase):
    """A stream of `size` zero bytes that notes how far it was read."""

    def __init__(self, size: int) -> None:
        self.left = self.size = size

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return bytes(size)


@pytest.mark.adversarial
def test_a_huge_upload_is_cut_off_and_never_whole_in_memory(settings) -> None:
    stream = Zeros(70 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(store.TooLarge):
            store.receive(stream)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stream.size - stream.left <= settings.MAX_UPLOAD_BYTES + storage.CHUNK
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("Договор №1.pdf", "Договор №1.pdf"),
        ("", "file"),
        ("..", "file"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_clean_name(given: str, kept: str) -> None:
    assert store.clean_name(given) == kept
