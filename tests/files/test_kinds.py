"""What a file is by its bytes, and what becomes of files that cannot be signed themselves."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.utils import translation

from tests.files import hostile
from tests.files.test_intake import signed_pdf
from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization
from undersigned.files import intake, kinds
from undersigned.files.models import File
from undersigned.files.store import receive, store_file


def packed(*names: str, first: tuple[str, bytes] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if first:
            archive.writestr(*first)
        for name in names:
            archive.writestr(name, b"x", zipfile.ZIP_DEFLATED)
    return target.getvalue()


ODT = b"application/vnd.oasis.opendocument.text"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        (make_pdf(), "application/pdf", "PDF document"),
        (b"junk before\n" + make_pdf(), "application/pdf", "PDF document"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), SHEET, "Excel sheet"),
        (packed(*(f"a{n}" for n in range(9000)), "word/document.xml"), None, "Word document"),
        (packed("content.xml", first=("mimetype", ODT)), ODT.decode(), "Text document"),
        (packed("a.txt"), "application/zip", "Archive of files"),
        (b"PK\x03\x04" + b"\xff" * 40, "application/zip", "Archive of files"),
        (b"\x89PNG\r\n\x1a\n....", "image/png", "Picture"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav", "Sound recording"),
        ("Vapaa tekstitiedosto, ääkköset\n".encode(), "text/plain", "Text"),
        ("ä".encode() * 40_000, "text/plain", "Text"),
        ("Ein älteres Dokument".encode("latin-1"), kinds.UNKNOWN, "File"),
        (b"<?xml version='1.0'?><a/>", "application/xml", "XML data"),
        (b"\n <!DOCTYPE html><script>alert(1)</script>", "text/html", "Web page"),
        (b"<svg onload='alert(1)'/>", "text/html", "Web page"),
        (b"\x00\x01\x02", kinds.UNKNOWN, "File"),
    ],
    ids=range(16),
)
def test_the_type_is_what_the_bytes_look_like(
    tmp_path: Path, content: bytes, media_type: str | None, words: str
) -> None:
    path = tmp_path / "invoice.pdf"  # the name says nothing
    path.write_bytes(content)
    found = kinds.media_type_of(path)
    assert media_type is None or found == media_type
    with translation.override("en"):
        assert kinds.in_words(found) == words


@pytest.mark.parametrize("active", ["text/html", "application/xml", "image/svg+xml", "application/xhtml+xml"])
def test_what_a_browser_would_run_is_sent_as_mere_bytes(active: str) -> None:
    if active != "image/svg+xml":  # never found: it looks like a web page
        assert kinds.served_as(active) == kinds.UNKNOWN
    assert kinds.served_as("application/pdf") == "application/pdf"


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"Just words", "not_pdf"),
        (hostile.encrypted("secret"), "encrypted"),
        (make_pdf()[:300], "broken"),
        (hostile.with_open_action("JavaScript"), "active_content"),
        (signed_pdf(), "signed"),
    ],
    ids=["text", "password", "damaged", "active", "signed and certified"],
)
def test_what_takes_no_signatures_has_no_pages(tmp_path: Path, content: bytes, refused: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert (kinds.examine(path).pages, kinds.examine(path).refused) == (None, refused)


def test_an_ordinary_pdf_keeps_its_pages_and_nothing_comes_in_without_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(make_pdf(3))
    assert kinds.examine(path) == kinds.Examined("application/pdf", 3)
    path.write_bytes(b"")
    with pytest.raises(intake.Refused, match="empty"):
        kinds.examine(path)


@pytest.mark.django_db
def test_any_file_is_stored_under_its_own_type(organization: Organization) -> None:
    with receive(io.BytesIO(b"<html>hello</html>")) as received:
        file = store_file(organization, received, "../plan.pdf")
    assert (file.name, file.pages, file.media_type, file.kind) == (
        "plan.pdf",
        None,
        "text/html",
        File.Kind.UPLOAD,
    )
    assert file.blob is not None
    assert file.blob.media_type == "text/html"
