"""Attacks on signed files (pdf-insecurity.org, the tests of DSS and of pyHanko): each is found, and called by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.files import hostile
from tests.sealing import conftest as making
from undersigned.sealing.prepare import finish_pdf
from undersigned.sealing.verify import Report, verify_pdf

from . import files
from .files import BYTE_RANGE, CONTENTS, Change, Sealed, in_place, range_of

pytestmark = [pytest.mark.adversarial, pytest.mark.django_db]


def judged(folder: Path, data: bytes, contract: Sealed | None = None) -> Report:
    path = folder / "attacked.pdf"
    path.write_bytes(data)
    return verify_pdf(path, contract.roots if contract else [])


def test_the_contract_is_sound(contract: Sealed, tmp_path: Path) -> None:
    assert judged(tmp_path, contract.sealed, contract).verdict == "valid"


ATTACKS: dict[str, tuple[Change, str, str]] = {
    # 1 incremental saving
    "page replaced": (files.page_replaced, "changed_after_signing", "later_revision"),
    "bytes behind the end": (lambda d: d + b"\n% more\n", "changed_after_signing", "unsigned_end"),
    # 2 wrapping
    "wrapped": (files.wrapped, "forged_structure", "gap_is_not_contents"),
    "range that starts late": (range_of(1, 100, 200, 300), "forged_structure", "byte_range_order"),
    "range that overlaps": (range_of(0, 500, 400, 300), "forged_structure", "byte_range_order"),
    "range beyond the file": (
        in_place(BYTE_RANGE, lambda m: re.sub(rb"\d(?=\d* *\])", b"9", m.group())),
        "forged_structure",
        "byte_range_beyond_file",
    ),
    # 3 universal forgery
    "no range": (range_of(), "forged_structure", "byte_range_parts"),
    "range of two": (range_of(0, 100), "forged_structure", "byte_range_parts"),
    "range of nothing": (range_of(0, 0, 0, 0), "forged_structure", "byte_range_order"),
    "range renamed": (
        in_place(rb"/ByteRange", lambda _: b"/ByteRandy"),
        "forged_structure",
        "no_byte_range",
    ),
    "contents renamed": (
        in_place(rb"/Contents <", lambda _: b"/Kontents <"),
        "forged_structure",
        "no_contents",
    ),
    "contents null": (
        in_place(CONTENTS, lambda m: b"/Contents null".ljust(len(m.group()))),
        "forged_structure",
        "no_contents",
    ),
    "contents zero": (
        in_place(CONTENTS, lambda m: b"/Contents <" + b"0" * (len(m.group()) - 12) + b">"),
        "forged_structure",
        "empty_contents",
    ),
    "something behind the signature": (
        in_place(CONTENTS, lambda m: m.group()[:-9] + b"DEADBEEF>"),
        "forged_structure",
        "padding_not_empty",
    ),
    # 4 shadow
    "pages in another order": (files.pages_turned, "changed_after_signing", "later_revision"),
    "a field filled after the seal": (files.field_filled, "changed_after_signing", "unsigned_end"),
    # 5 certification attacks
    "a note laid over": (files.note_laid_over, "changed_after_signing", "later_revision"),
    "a stranger's signature over it": (files.signed_by_a_stranger, "unknown_issuer", ""),
    # 6 spoofed and recycled objects
    "a signature lent": (files.signature_lent, "forged_structure", "overlap"),
    "a signature taken out of its field": (files.signature_recycled, "changed_after_signing", ""),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_found_and_named(contract: Sealed, tmp_path: Path, name: str) -> None:
    attack, verdict, reason = ATTACKS[name]
    report = judged(tmp_path, attack(contract.sealed), contract)
    assert report.verdict == verdict, (report.verdict, report.reason)
    assert not reason or report.reason == reason, report.reason


def test_a_stripped_file_is_not_simply_unsigned(contract: Sealed, tmp_path: Path) -> None:
    """All signatures gone in an update: the file once was signed, and that is said."""

    def strip(data: bytes) -> bytes:
        def change(writer: object) -> None:
            form = writer.root["/AcroForm"]  # type: ignore[attr-defined]
            for reference in form["/Fields"]:
                field = reference.get_object()
                if "/V" in field:
                    del field["/V"]
                    writer.update_container(field)  # type: ignore[attr-defined]

        return files.update(data, change)

    report = judged(tmp_path, strip(contract.sealed), contract)
    assert (report.verdict, report.reason) == ("changed_after_signing", "signature_removed")


def test_the_first_root_in_the_file_is_not_trusted(contract: Sealed, tmp_path: Path) -> None:
    assert judged(tmp_path, contract.sealed).verdict == "unknown_issuer"
    report = judged(tmp_path, files.signed_by_a_stranger(contract.prepared), contract)
    assert report.verdict == "unknown_issuer"
    assert not any(s.trusted for s in report.signatures)


def test_hidden_content_does_not_reach_the_signature(tmp_path: Path) -> None:
    """Shadow attack, hide: what no page refers to is dropped before anybody signs, so that no later update can bring it to light."""
    unused = hostile.with_tree(
        hostile.one_page() | {9: hostile.stream(b"BT (The rent is 9,000 euros) Tj ET", b"")}
    )
    assert b"9,000 euros" in unused
    assert b"9,000 euros" not in making.prepare(tmp_path, ["Anna"], unused).read_bytes()
    source, apart = tmp_path / "unused.pdf", tmp_path / "apart.pdf"
    source.write_bytes(unused)
    assert finish_pdf(source, apart, signed=False) == 1
    assert b"9,000 euros" not in apart.read_bytes()


@pytest.mark.parametrize(
    "make",
    [
        hostile.page_tree_loop,
        hostile.field_loop,
        hostile.lying_count,
        hostile.deep_nesting,
        lambda: hostile.catalog_in_object_stream(200, twice=True),
        lambda: hostile.deep_page_tree(5000),
    ],
    ids=["page tree loop", "field loop", "lying count", "deep nesting", "bomb", "deep page tree"],
)
def test_bombs_and_loops_get_a_verdict(tmp_path: Path, make: object) -> None:
    report = judged(tmp_path, make())  # type: ignore[operator]
    assert report.verdict in ("not_signed", "not_pdf", "broken", "too_many")
