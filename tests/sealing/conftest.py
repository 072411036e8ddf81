"""A document on its way: prepared, signed by two, sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.pdfs import make_pdf
from undersigned.base import clock
from undersigned.files.pages import page_sizes
from undersigned.sealing.appearance import Appearance
from undersigned.sealing.authority import Subject
from undersigned.sealing.prepare import PreparePlan, Widget, Words, prepare_pdf
from undersigned.sealing.seal import SealRequest, seal_pdf
from undersigned.sealing.sign import SignRequest, sign_pdf

WORDS = Words("Signatures", "Each signature is valid by itself.", "SHA-256 of the original:", "Sealed by")


def request(field: str, name: str, hand: str = "caveat", end: datetime | None = None) -> SignRequest:
    return SignRequest(
        field=field,
        subject=Subject(name, reference="1-1", identified_by="sms-code"),
        not_after=end or clock.now() + timedelta(days=90),
        appearance=Appearance("typed", name=name, hand=hand),
        caption=(name, "22 November 2026, 12:00 UTC"),
    )


def prepare(folder: Path, names: list[str], source: bytes | None = None, *, signed: bool = False) -> Path:
    original, target = folder / "original.pdf", folder / "prepared.pdf"
    original.write_bytes(source or make_pdf(pages=2, text="Lease"))
    sizes = page_sizes(original)
    widgets = [Widget(f"Signature{i}", name) for i, name in enumerate(names, 1)]
    plan = PreparePlan(
        "Lease", hashlib.sha256(original.read_bytes()).hexdigest(), sizes, signed, widgets, WORDS
    )
    prepare_pdf(original, target, plan)
    return target


def seal(source: Path) -> Path:
    target = source.with_name("sealed.pdf")
    seal_pdf(source, target, SealRequest("board", "Board Oy"))
    return target


@pytest.fixture
def stages(tmp_path: Path, db: None) -> list[Path]:
    """Prepared, signed once, signed twice, sealed."""
    prepared = prepare(tmp_path, ["Anna Virtanen", "Åsa Öberg"])
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    sign_pdf(prepared, one, request("Signature1", "Anna Virtanen"))
    sign_pdf(one, two, request("Signature2", "Åsa Öberg", "dancing-script"))
    return [prepared, one, two, seal(two)]


Stages = Callable[..., list[Path]]
