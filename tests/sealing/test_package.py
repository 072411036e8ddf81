"""Several documents in one file, with the files themselves in it."""

from __future__ import annotations

import subprocess
import tracemalloc
from pathlib import Path

import pikepdf
import pytest

from tests.pdfs import make_pdf
from undersigned.sealing.evidence import SEAL_FIELD
from undersigned.sealing.package import AT_ONCE, Embedded, PackagePlan, Part, build_package, wrap

from .records import record

pytestmark = [pytest.mark.django_db]


def test_more_documents_than_are_open_at_once(tmp_path: Path) -> None:
    parts = []
    for number in range(2 * AT_ONCE + 3):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(make_pdf(pages=2, text=f"Document {number}"))
        name = f"{number:02d} Sopimus ÅÄÖ 契約.pdf"
        parts.append(Part(f"Document {number}", path, (Embedded(path, name, f"Document {number}"),)))
    target = tmp_path / "package.pdf"
    pages = build_package(target, PackagePlan("All", tuple(parts), record(), "Evidence"))
    subprocess.run(["qpdf", "--check", str(target)], check=True, capture_output=True)
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == pages > 2 * len(parts)
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == [*(p.title for p in parts), "Evidence"]
        for part in parts:
            data = pdf.attachments[part.files[0].name].get_file().read_bytes()
            assert data == part.files[0].path.read_bytes()
        assert [str(f.T) for f in pdf.Root.AcroForm.Fields] == [SEAL_FIELD]
    said = subprocess.run(["pdftotext", str(target), "-"], check=True, capture_output=True, text=True).stdout
    places = [said.index(f"Document {n}\nPage 1 of 2") for n in range(len(parts))]
    assert places == sorted(places)


def test_the_same_content_gives_the_same_pages_and_files(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf())
    plan = PackagePlan("All", (Part("A", path, (Embedded(path, "a.pdf", "A"),)),), record(), "Evidence")
    for name in ("one.pdf", "two.pdf"):
        build_package(tmp_path / name, plan)
    with pikepdf.open(tmp_path / "one.pdf") as one, pikepdf.open(tmp_path / "two.pdf") as two:
        assert list(one.attachments) == list(two.attachments)
        for first, second in zip(one.pages, two.pages, strict=True):
            assert _content(first) == _content(second)


def _content(page: pikepdf.Page) -> bytes:
    page.contents_coalesce()
    return page.obj.Contents.read_bytes()


def test_large_files_are_wrapped_piece_by_piece(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        wrap([large] * 4, tmp_path / "wrapped.pdf")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    with pikepdf.open(tmp_path / "wrapped.pdf") as pdf:
        assert [int(f.Params.Size) for f in pdf.Root.Files] == [64 << 20] * 4
