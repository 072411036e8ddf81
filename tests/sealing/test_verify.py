"""Files that lie are found out, each with its own verdict; files that do not, last."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from freezegun import freeze_time
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.pdfs import make_pdf
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.pdf import validation
from undersigned.sealing.verify import verify_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
Change = Callable[[bytes], bytes]


def _byte_range(data: bytes, number: int = 0) -> re.Match[bytes]:
    return list(re.finditer(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+) *\]", data))[number]


def _appended(data: bytes) -> bytes:
    return data + b"\n% more\n"


def _shown_page_replaced(data: bytes) -> bytes:
    """An incremental update that draws another first page over the signed one."""
    import io

    buffer = io.BytesIO(data)
    writer = IncrementalPdfFileWriter(buffer)
    page = writer.find_page_for_modification(0)[0].get_object()
    from pyhanko.pdf_utils import generic

    stream = generic.StreamObject(stream_data=b"BT /F1 40 Tf 50 700 Td (PAY ME) Tj ET")
    page[generic.NameObject("/Contents")] = writer.add_object(stream)
    writer.update_container(page)
    writer.write_in_place()
    return buffer.getvalue()


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[200] ^= 1
    return bytes(changed)


def _range_moved(data: bytes) -> bytes:
    found = _byte_range(data)
    values = [int(v) for v in found.groups()]
    values[1] -= 10
    text = f"/ByteRange [{' '.join(map(str, values))}".encode()
    return data[: found.start()] + text.ljust(found.end() - found.start() - 1) + b"]" + data[found.end() :]


def _no_contents(data: bytes) -> bytes:
    return data.replace(b"/Contents <", b"/Contentz <", 1)


def _empty_contents(data: bytes) -> bytes:
    found = re.search(rb"/Contents <([0-9A-Fa-f]{1000,})>", data)
    assert found
    return data[: found.start(1)] + b"0" * len(found.group(1)) + data[found.end(1) :]


def _foreign_padding(data: bytes) -> bytes:
    """Something hidden in the zeros behind a signature, where no signature covers it."""
    found = list(re.finditer(rb"/Contents <([0-9A-Fa-f]{1000,})>", data))[-1]
    return data[: found.end(1) - 8] + b"DEADBEEF" + data[found.end(1) :]


BAD: dict[str, tuple[Change, set[str]]] = {
    "bytes appended": (_appended, {"changed_after_signing", "forged_structure"}),
    "page replaced in an update": (_shown_page_replaced, {"changed_after_signing", "forged_structure"}),
    "one bit flipped": (_flipped, {"broken", "forged_structure"}),
    "range moved": (_range_moved, {"broken", "forged_structure"}),
    "no contents": (_no_contents, {"broken", "forged_structure"}),
    "empty contents": (_empty_contents, {"broken", "forged_structure"}),
    "something in the padding": (_foreign_padding, {"broken", "forged_structure"}),
}


@pytest.mark.parametrize("what", BAD)
def test_changes_are_found(stages: list[Path], tmp_path: Path, what: str) -> None:
    change, verdicts = BAD[what]
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(change(stages[-1].read_bytes()))
    assert verify_pdf(bad, root_certificates()).verdict in verdicts


def test_a_foreign_root_is_no_root(stages: list[Path]) -> None:
    report = verify_pdf(stages[-1])
    assert report.verdict == "unknown_issuer"
    assert report.signers[0].root_sha256 is not None


@pytest.mark.parametrize(
    ("content", "verdict"),
    [(b"", "not_pdf"), (b"hello", "not_pdf"), (b"%PDF-1.7\n", "not_pdf"), (make_pdf(), "not_signed")],
)
def test_other_files(tmp_path: Path, content: bytes, verdict: str) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    assert verify_pdf(path, root_certificates()).verdict == verdict


def test_a_locked_file(tmp_path: Path) -> None:
    source, path = tmp_path / "a.pdf", tmp_path / "b.pdf"
    source.write_bytes(make_pdf())
    with pikepdf.open(source) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert verify_pdf(path, root_certificates()).verdict == "encrypted"


def test_half_done_is_said_so(stages: list[Path]) -> None:
    """Signed but not yet sealed: no revocation data, so nobody can rely on it for long."""
    assert verify_pdf(stages[1], root_certificates()).verdict == "incomplete"


@pytest.mark.parametrize("days", [300, 760, 3000])
def test_it_lasts(stages: list[Path], days: int) -> None:
    """PASSED long after the signers' (90 days) and the seal's (400 days) certificates have ended, offline.

    In this process, since a clock that is moved here does not move in the bounded child.
    """
    roots = [der.hex() for der in root_certificates()]
    with freeze_time(datetime.now(UTC) + timedelta(days=days)):
        result = validation.analyse(str(stages[-1]), roots, [])
    assert result["verdict"] == "valid", result
    assert {s["indication"] for s in result["signatures"] if s["kind"] == "signature"} == {"TOTAL_PASSED"}
