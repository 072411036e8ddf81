"""The page on which one person declares what they sign."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pikepdf
import pytest

from undersigned.sealing.declaration import DeclarationPlan, DeclarationWords, Declared, prepare_declaration
from undersigned.sealing.pdf.text import MissingGlyph
from undersigned.sealing.prepare import Widget

WORDS = DeclarationWords("Declaration", "Whoever signs below signs each of these.", "SHA-256")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def made(
    folder: Path, documents: tuple[Declared, ...], agreed: str, signer: str = "Anna"
) -> tuple[Path, int]:
    target = folder / "declaration.pdf"
    plan = DeclarationPlan(
        digest("mark"), "Declaration", agreed, documents, [Widget("Signature1-x", signer)], WORDS
    )
    return target, prepare_declaration(target, plan)


def words(path: Path) -> str:
    done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True)
    return done.stdout


def test_it_fits_on_one_page(tmp_path: Path) -> None:
    path, pages = made(
        tmp_path, (Declared("Lease.pdf", digest("a"), "The flat"),), "I have read it.\n\nAll of it."
    )
    assert pages == 1
    for part in ("Lease.pdf", "The flat", "I have read it.", "All of it.", "Anna"):
        assert part in words(path), part
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)


def test_many_documents_and_a_long_text_take_several_pages(tmp_path: Path) -> None:
    documents = tuple(
        Declared(f"{n} {'long' * 40} Sopimus 契約 {n}.pdf", digest(str(n)), f"Line {n} " * 20)
        for n in range(50)
    )
    path, pages = made(tmp_path, documents, "\n".join(f"Paragraph {n}. " * 30 for n in range(40)))
    assert pages > 5
    said = "".join(words(path).split())
    assert all(d.sha256 in said for d in documents)
    assert "Paragraph39." in said
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == pages
        field = next(f for f in pdf.Root.AcroForm.Fields if str(f.T) == "Signature1-x")
        assert field.P.objgen == pdf.pages[-1].objgen
        x1, y1, x2, y2 = (float(n) for n in field.Rect)
    assert 50 < x1 < x2 < 550
    assert 50 < y1 < y2 < 800


def test_a_name_that_cannot_be_printed_is_no_signer(tmp_path: Path) -> None:
    with pytest.raises(MissingGlyph):
        made(tmp_path, (), "", signer="\U0001f600")
