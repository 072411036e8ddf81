"""The virus scan against a real clamd: what it finds, what it cannot say, and how old a verdict may be."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.clam import LIMIT, MARK, VIRUS, Clamd
from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization, User
from undersigned.app.doctor import scanning
from undersigned.app.doctor.findings import Look
from undersigned.app.settings import Settings
from undersigned.base import clock
from undersigned.files import clamd, scan, storage
from undersigned.files.models import Blob, File
from undersigned.files.store import receive, store_pdf, take_in

pytestmark = pytest.mark.django_db
INFECTED = make_pdf() + b"%" + MARK + b"\n"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Clamd]:
    folder = Path(tempfile.mkdtemp(prefix="clam", dir="/tmp"))  # a socket's path has 107 characters at most
    made = Clamd(folder)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def scanner(daemon: Clamd, settings: LazySettings) -> Iterator[Clamd]:
    settings.CLAMD = daemon.url
    daemon.know(MARK)
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(autouse=True)
def heard() -> Iterator[list[tuple[int, str]]]:
    found: list[tuple[int, str]] = []
    former = scan._listener
    scan.listen(lambda blob, virus: found.append((blob, virus)))
    yield found
    scan.listen(former)


def take(organization: Organization, content: bytes) -> Blob:
    with receive(io.BytesIO(content)) as received:
        return Blob.objects.get(pk=take_in(organization.pk, received).blob_id)


def age(blob: Blob, by: timedelta) -> Blob:
    Blob.objects.filter(pk=blob.pk).update(scanned_at=clock.now() - by)
    return Blob.objects.get(pk=blob.pk)


def test_clean_comes_in_with_its_verdict(scanner: Clamd, organization: Organization, user: User) -> None:
    blob = take(organization, b"harmless" * 100_000)
    assert blob.scan_status == "clean"
    assert blob.scanned_at is not None
    assert b"".join(scan.read_clean(blob)) == b"harmless" * 100_000
    with receive(io.BytesIO(make_pdf())) as received:
        file = store_pdf(organization, received, "a.pdf", user=user)
    assert file.blob is not None
    assert file.blob.scan_status == "clean"


def test_infected_does_not_come_in(scanner: Clamd, organization: Organization, user: User) -> None:
    with receive(io.BytesIO(INFECTED)) as received, pytest.raises(scan.Infected) as refused:
        store_pdf(organization, received, "a.pdf", user=user)
    assert refused.value.virus == VIRUS
    assert not Blob.objects.exists()
    assert not File.objects.exists()
    assert not list((storage.settings.DATA_DIR / "tmp").glob("*"))


def test_the_mark_is_found_wherever_the_pieces_are_cut(scanner: Clamd) -> None:
    for cut in (1, 5, 21):
        pieces = [b"x" * 300_000 + MARK[:cut], MARK[cut:], b"y" * 300_000]
        assert clamd.scan(scanner.url, pieces) == VIRUS


def test_a_verdict_holds_six_hours(scanner: Clamd, organization: Organization) -> None:
    blob = age(take(organization, b"new kind of virus"), timedelta(hours=5, minutes=59))
    scanner.stop()
    scan.ensure_clean(blob)  # nobody was asked
    blob = age(blob, timedelta(hours=6))
    with pytest.raises(scan.ScannerUnavailable):
        scan.ensure_clean(blob)
    assert Blob.objects.get(pk=blob.pk).scan_status == "clean"
    scanner.start()
    scan.ensure_clean(blob)
    assert clock.now() - (Blob.objects.get(pk=blob.pk).scanned_at or clock.now()) < timedelta(minutes=1)
    # A clock that was set back makes no verdict of the future.
    scanner.stop()
    blob = age(blob, -timedelta(hours=1))
    with pytest.raises(scan.ScannerUnavailable):
        scan.ensure_clean(blob)


def test_what_is_learnt_later_is_found_at_the_next_look(
    scanner: Clamd, organization: Organization, heard: list[tuple[int, str]]
) -> None:
    blob = age(take(organization, b"new kind of virus"), timedelta(hours=7))
    scanner.stop()
    scanner.know(MARK, b"new kind of virus")
    scanner.start()
    for _ in range(2):  # the second is told what the first found
        with pytest.raises(scan.Infected):
            scan.read_clean(Blob.objects.get(pk=blob.pk))
    assert heard == [(blob.pk, VIRUS)]
    assert Blob.objects.get(pk=blob.pk).scan_status == "infected"


def test_who_was_wrong_may_learn_better(
    scanner: Clamd, organization: Organization, heard: list[tuple[int, str]]
) -> None:
    blob = take(organization, b"falsely accused")
    Blob.objects.filter(pk=blob.pk).update(scan_status="infected")
    with pytest.raises(scan.Infected):
        scan.ensure_clean(Blob.objects.get(pk=blob.pk))
    scan.ensure_clean(age(blob, timedelta(hours=6)))
    assert heard == [(blob.pk, "")]
    assert Blob.objects.get(pk=blob.pk).scan_status == "clean"


def test_never_scanned_is_never_fresh(
    scanner: Clamd, organization: Organization, settings: LazySettings
) -> None:
    settings.CLAMD = ""
    blob = take(organization, MARK)
    assert blob.scan_status == "none"
    assert blob.scanned_at is not None  # the time at which nobody looked
    scan.ensure_clean(blob)
    settings.CLAMD = scanner.url
    with pytest.raises(scan.Infected):
        scan.ensure_clean(blob)
    settings.CLAMD = ""
    with pytest.raises(scan.Infected):  # also when nobody looks any more
        scan.ensure_clean(Blob.objects.get(pk=blob.pk))


@pytest.mark.parametrize("how", ["never there", "killed in the middle", "silent", "too large", "nonsense"])
def test_what_was_not_checked_does_not_pass(
    scanner: Clamd,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    how: str,
) -> None:
    content: Iterator[bytes] = iter([b"x" * 1000])
    match how:
        case "never there":
            settings.CLAMD = "tcp://127.0.0.1:9"
        case "killed in the middle":

            def cut() -> Iterator[bytes]:
                yield b"x" * 300_000
                scanner.stop()
                yield b"x" * 300_000

            content = cut()
        case "silent":
            scanner.pause()
            monkeypatch.setattr(clamd, "ANSWER", 0.5)
        case "too large":
            content = iter([b"x" * (1 << 20)] * (LIMIT // (1 << 20) + 1))
        case "nonsense":
            monkeypatch.setattr(clamd, "_FOUND", clamd.re.compile("never"))
            content = iter([MARK])
    began = time.monotonic()
    with pytest.raises(scan.ScannerUnavailable):
        scan._ask(content)
    assert time.monotonic() - began < 10


def test_a_file_that_it_does_not_read_to_the_end_is_not_clean(scanner: Clamd) -> None:
    """An archive that unpacks to more than it looks at: `AlertExceedsMax` says so, and that is no virus and no pass."""
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * (LIMIT * 2))
    with pytest.raises(clamd.NoAnswer, match="Limits"):
        clamd.scan(scanner.url, [packed.getvalue()])


def test_nothing_is_stored_while_nobody_can_look(scanner: Clamd, organization: Organization) -> None:
    scanner.stop()
    with pytest.raises(scan.ScannerUnavailable):
        take(organization, b"harmless")
    assert not Blob.objects.exists()


def test_memory_stays_flat(scanner: Clamd) -> None:
    tracemalloc.start()
    piece = b"x" * (1 << 20)
    assert clamd.scan(scanner.url, (piece for _ in range(7))) == ""
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 << 20


def test_several_at_once(scanner: Clamd) -> None:
    found: list[str] = []

    def look(content: bytes) -> None:
        found.append(clamd.scan(scanner.url, [content]))

    threads = [threading.Thread(target=look, args=(MARK if n % 2 else b"x",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [""] * 4 + [VIRUS] * 4


def test_the_doctor_looks_at_the_scanner(
    scanner: Clamd, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def levels() -> list[tuple[str, str]]:
        return [(f.level.value, f.text) for f in scanning.scanner(Look(Settings(demo=False)))]

    settings.MAX_UPLOAD_BYTES = LIMIT // 2
    (own,) = levels()
    assert own[0] == "warn"  # it has no official signatures
    assert "ClamAV" in own[1]
    monkeypatch.setattr(clamd, "version", lambda _url: ("ClamAV 1.4.6", clock.now() - timedelta(days=2)))
    assert levels()[0][0] == "ok"
    monkeypatch.setattr(clamd, "version", lambda _url: ("ClamAV 1.4.6", clock.now() - timedelta(days=8)))
    assert levels()[0][0] == "warn"
    settings.MAX_UPLOAD_BYTES = LIMIT * 2
    assert "fail" in [level for level, _ in levels()]
    monkeypatch.undo()
    scanner.stop()
    assert levels()[0][0] == "fail"
    settings.CLAMD = ""
    assert levels()[0][0] == "warn"
