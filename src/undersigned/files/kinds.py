"""What a file is, found by looking at its bytes; never by its name, and never by what whoever brought it says.

Only the beginning and the end are looked at, and nothing is parsed here: a PDF goes to the bounded process (`intake`), and what no
program of ours can show is not opened at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import intake

LOOKED_AT = 1 << 16
"""Bytes at either end that are looked at."""
UNKNOWN = "application/octet-stream"
PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"AC10", "image/vnd.dwg"),
    (b"%!PS", "application/postscript"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
_IN_ZIP = (
    (b"word/", f"{_OOXML}wordprocessingml.document"),
    (b"xl/", f"{_OOXML}spreadsheetml.sheet"),
    (b"ppt/", f"{_OOXML}presentationml.presentation"),
)
"""Folders that only these packages have, as they stand uncompressed in the directory at a ZIP file's end (PKZIP APPNOTE 4.3.12)."""
_MIMETYPE = re.compile(rb"mimetype((?:application|image|text)/[A-Za-z0-9.+-]{1,100})")
_TAG = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|script|svg)\b", re.IGNORECASE)
_WORDS: tuple[tuple[str, Promise | str], ...] = (
    (PDF, _("PDF document")),
    (f"{_OOXML}wordprocessingml", _("Word document")),
    (f"{_OOXML}spreadsheetml", _("Excel sheet")),
    (f"{_OOXML}presentationml", _("PowerPoint slides")),
    (f"{_ODF}text", _("Text document")),
    (f"{_ODF}spreadsheet", _("Spreadsheet")),
    (f"{_ODF}presentation", _("Slides")),
    ("application/x-ole-storage", _("Office document of an older kind")),
    ("application/rtf", _("Text document")),
    ("application/zip", _("Archive of files")),
    ("application/gzip", _("Archive of files")),
    ("application/x-7z-compressed", _("Archive of files")),
    ("application/vnd.rar", _("Archive of files")),
    ("application/vnd.etsi.asic", _("Signed container")),
    ("application/xml", _("XML data")),
    ("text/html", _("Web page")),
    ("text/", _("Text")),
    ("image/", _("Picture")),
    ("audio/", _("Sound recording")),
    ("video/", _("Film")),
)


@dataclass(frozen=True)
class Examined:
    """`pages`: of a PDF that takes signatures itself; None for every other file. `refused`: why a PDF does not, a key of `intake.REASONS`."""

    media_type: str
    pages: int | None = None
    refused: str = ""


def examine(path: Path) -> Examined:
    """Whether people can sign the file at `path` itself, as PDF, or only a page about it.

    A PDF that holds signatures already, or is certified, is left as it came: whoever signed it did not sign what we would add. Call it
    outside a transaction (`intake.check`). Raises `intake.Refused` for what is taken in no case: empty, too_large.
    """
    if path.stat().st_size == 0:
        raise intake.Refused("empty")
    media_type = media_type_of(path)
    try:
        facts = intake.check(path)
    except intake.Refused as e:
        if e.code == "too_large":
            raise
        return Examined(media_type, refused=e.code)
    if facts.signed or facts.certification is not None:
        return Examined(media_type, refused="signed")
    return Examined(media_type, facts.pages)


def media_type_of(path: Path) -> str:
    """The media type (RFC 6838) that the bytes look like; UNKNOWN when they look like nothing known."""
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
        file.seek(max(0, path.stat().st_size - LOOKED_AT))
        tail = file.read()
    if b"%PDF-" in head[:1024]:
        return PDF
    for beginning, media_type in _BEGINNINGS:
        if head.startswith(beginning):
            return media_type
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_zip(head, tail)
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(
            head[8:12], UNKNOWN
        )
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    return _of_text(head)


def _of_zip(head: bytes, tail: bytes) -> str:
    # OpenDocument, ASiC and EPUB: the first entry is "mimetype", stored, so its content follows its name.
    named = _MIMETYPE.match(head, 30)
    if named is not None:
        # What follows is the next entry's signature, which begins with letters.
        return named[1].partition(b"PK")[0].decode()
    for folder, media_type in _IN_ZIP:
        if folder in tail or folder in head[:4096]:
            return media_type
    return "application/zip"


def _of_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain"
    try:
        head.decode()
    except UnicodeDecodeError as e:
        # A sign may have been cut where we stopped reading; Latin-1 and its like are text to nobody else.
        if len(head) < LOOKED_AT or e.start < len(head) - 4:
            return UNKNOWN
    if any(b < 32 and b not in b"\t\n\r\f\x1b" for b in head):
        return UNKNOWN
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _TAG.match(head):
        return "text/html"
    return "application/xml" if head.lstrip().startswith(b"<?xml") else "text/plain"


def in_words(media_type: str) -> str:
    """What people call such a file, in the active language."""
    for beginning, words in _WORDS:
        if media_type.startswith(beginning):
            return str(words)
    return str(_("File"))


def served_as(media_type: str) -> str:
    """The type under which a stored file is sent to a browser: what a browser would run is sent as mere bytes."""
    harmless = media_type in (PDF, "application/json") or media_type.startswith(
        ("image/", "audio/", "video/", "application/vnd.")
    )
    return media_type if harmless or media_type in ("text/plain", "application/zip") else UNKNOWN
