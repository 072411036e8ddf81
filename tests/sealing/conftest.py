"""A document on its way: prepared, signed by two, sealed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.pdfs import make_pdf
from undersigned.base import clock
from undersigned.files.pages import page_sizes
from undersigned.sealing.appearance import Appearance
from undersigned.sealing.authority import Subject
from undersigned.sealing.prepare import PreparePlan, Widget, Words, prepare_pdf, seal_field, signature_field
from undersigned.sealing.seal import SealRequest, seal_pdf
from undersigned.sealing.sign import SignRequest, sign_pdf

WORDS = Words("Signatures", "Each signature is valid by itself.", "SHA-256 of the original:")


def digest(path: Path) -> str:
    """SHA-256 of the original that lies beside `path`."""
    return hashlib.sha256(path.with_name("original.pdf").read_bytes()).hexdigest()


def request(path: Path, number: int, name: str, hand: str = "caveat") -> SignRequest:
    return SignRequest(
        field=signature_field(number, digest(path)),
        subject=Subject(name, reference="1-1", identified_by="sms-code"),
        not_after=clock.now() + timedelta(days=90),
        appearance=Appearance("typed", name=name, hand=hand),
        caption=(name, "22 November 2026, 12:00 UTC"),
    )


def prepare(folder: Path, names: list[str], source: bytes | None = None, *, signed: bool = False) -> Path:
    original, target = folder / "original.pdf", folder / "prepared.pdf"
    original.write_bytes(source or make_pdf(pages=2, text="Lease"))
    sizes = page_sizes(original)
    widgets = [Widget(signature_field(i, digest(original)), name) for i, name in enumerate(names, 1)]
    prepare_pdf(original, target, PreparePlan("Lease", digest(original), sizes, signed, widgets, WORDS))
    return target


def seal(source: Path) -> Path:
    target = source.with_name("sealed.pdf")
    seal_pdf(source, target, SealRequest("board", "Board Oy", seal_field(digest(source))))
    return target


@pytest.fixture
def stages(tmp_path: Path, db: None) -> list[Path]:
    """Prepared, signed once, signed twice, sealed."""
    prepared = prepare(tmp_path, ["Anna Virtanen", "Åsa Öberg"])
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    sign_pdf(prepared, one, request(prepared, 1, "Anna Virtanen"))
    sign_pdf(one, two, request(one, 2, "Åsa Öberg", "dancing-script"))
    return [prepared, one, two, seal(two)]
