"""Evidence: built, sealed, read, and found out when it was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.sealing.records import record
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.chain import EVENT_FIELDS, canonical_json
from undersigned.sealing.evidence import SEAL_FIELD, build_evidence, verify_evidence
from undersigned.sealing.seal import SealRequest, seal_pdf

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """Sealed evidence of a contract with seven people and two documents, as PDF and as JSON."""
    plain, data, closed = tmp_path / "plain.pdf", tmp_path / "e.json", tmp_path / "e.pdf"
    build_evidence(record(7, 2), plain, data)
    seal_pdf(plain, closed, SealRequest("board", "Board Oy", SEAL_FIELD))
    return closed, data


def test_whole_and_sealed(made: tuple[Path, Path]) -> None:
    pdf, data = made
    report = verify_evidence(pdf, [], root_certificates())
    assert report.code == "belongs_to_none"
    assert report.seal is not None
    assert report.seal.verdict == "valid"
    assert verify_evidence(data, []).events == report.events > 5


def test_it_belongs_to_its_files_and_to_no_others(made: tuple[Path, Path], tmp_path: Path) -> None:
    _, data = made
    content = json.loads(data.read_text())
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"the sealed contract")
    content["documents"][0]["versions"][-1]["sha256"] = hashlib.sha256(document.read_bytes()).hexdigest()
    data.write_bytes(canonical_json(content))
    report = verify_evidence(data, [document])
    assert (report.code, report.good) == ("belongs", True)
    other = tmp_path / "other.pdf"
    other.write_bytes(b"something else")
    assert verify_evidence(data, [document, other]).code == "not_belongs"


def _name(content: dict[str, Any]) -> None:
    event = next(e for e in content["audit"] if e["detail"])
    event["detail"]["name"] = "Mallory"


def _time(content: dict[str, Any]) -> None:
    content["audit"][2]["at"] = "2020-01-01T00:00:00.000Z"


def _gone(content: dict[str, Any]) -> None:
    del content["audit"][3]


def _swapped(content: dict[str, Any]) -> None:
    content["audit"][3], content["audit"][4] = content["audit"][4], content["audit"][3]


@pytest.mark.adversarial
@pytest.mark.parametrize("change", [_name, _time, _gone, _swapped])
def test_a_changed_chain_is_named(made: tuple[Path, Path], change: Callable[[dict[str, Any]], None]) -> None:
    _, data = made
    content = json.loads(data.read_text())
    change(content)
    data.write_bytes(canonical_json(content))
    report = verify_evidence(data, [])
    assert (report.code, report.good) == ("chain_broken", False)
    assert report.broken_at


@pytest.mark.adversarial
@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_evidence_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert verify_evidence(path, []).code == "unreadable"


def test_a_change_to_the_sealed_pdf_is_found(made: tuple[Path, Path]) -> None:
    pdf, _ = made
    content = bytearray(pdf.read_bytes())
    content[300] ^= 1
    pdf.write_bytes(content)
    assert not verify_evidence(pdf, [], root_certificates()).good


def test_many_people_and_any_script_are_printed(tmp_path: Path) -> None:
    pdf, data = tmp_path / "e.pdf", tmp_path / "e.json"
    content = record(30, 3)
    content["people"][0]["name"] = "Ελένη Παπαδοπούλου"
    content["people"][1]["name"] = "山田 さくら"
    build_evidence(content, pdf, data)
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_range() for page in document]
    text = "".join(pages)
    assert len(pages) > 5
    for person in content["people"]:
        assert set("".join(person["name"].split())) <= set(text)
    assert content["documents"][0]["versions"][0]["sha256"][:16] in text.replace("\r\n", "")
    document.close()


def test_signs_without_a_font_do_not_stop_the_seal(tmp_path: Path) -> None:
    """A title is the sender's own business; what cannot be printed is marked, and stands in the record as it is."""
    pdf, data = tmp_path / "e.pdf", tmp_path / "e.json"
    content = record(1, 1)
    content["envelope"]["title"] = "Party \U0001f389 ელენე"
    content["documents"][0]["title"] = "\U0001f4c4.pdf"
    build_evidence(content, pdf, data)
    assert json.loads(data.read_text())["envelope"]["title"] == "Party \U0001f389 ელენე"


def test_the_hash_covers_every_member_of_an_event() -> None:
    assert set(EVENT_FIELDS) == {
        "seq", "kind", "at", "recipient", "document", "assignment", "actor_kind", "actor_ref", "credential", "detail_digest",
    }  # fmt: skip


def test_a_sentence_keeps_its_direction_when_a_name_has_the_other(tmp_path: Path) -> None:
    pdf, data = tmp_path / "e.pdf", tmp_path / "e.json"
    content = record(5)
    opened = next(
        e for e in content["audit"] if e["kind"] == "opened" and e["detail"]["name"] == "محمد العربي"
    )
    build_evidence(content, pdf, data)
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        text = page.get_textpage()
        found = text.search(opened["hash"][:16])
        if (place := found.get_next()) is None:
            continue
        line = text.get_charbox(place[0])[1]
        row = [
            (text.get_charbox(i)[0], text.get_text_range(i, 1))
            for i in range(text.count_chars())
            if abs(text.get_charbox(i)[1] - line) < 4
        ]
        starts = {char: min(x for x, c in row if c == char) for char in ("م", "k")}
        assert starts["م"] < starts["k"]  # the name, then "opened the link"
        break
    else:
        raise AssertionError("the event is on no page")
    document.close()


def test_every_page_says_which_it_is(tmp_path: Path) -> None:
    pdf, data = tmp_path / "e.pdf", tmp_path / "e.json"
    build_evidence(record(7, 2), pdf, data)  # the second page ends with a line in bold
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
