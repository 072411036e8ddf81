"""The manifest that a signature or timestamp of an ASiC-E container covers (EN 319 162-1 clause A.4), and how its files are called.

Each signature signs the bytes of a manifest of its own, which names the signature and gives the digest of each signed file. The bytes follow
from names, media types and digests alone, so that they can be made again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
ENDING = ".asice"
PDF = "application/pdf"
SIGNATURE = "application/pkcs7-signature"
TIMESTAMP = "application/vnd.etsi.timestamp-token"
XML = "text/xml"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ARCHIVE_NAME = "META-INF/ASiCArchiveManifest.xml"
TIMESTAMP_NAME = "META-INF/timestamp001.tst"
_NOT_IN_NAMES = '\\/:*?"<>|'
"""What some system does not take in the name of a file."""


def manifest_name(number: int) -> str:
    """Of the manifest of signature `number`, from 1."""
    return f"META-INF/ASiCManifest{number:03d}.xml"


def signature_name(number: int) -> str:
    """Of signature `number`, from 1."""
    return f"META-INF/signature{number:03d}.p7s"


def file_name(name: str) -> str:
    """A signed file's name in the container: `name`, fit for every system."""
    clean = "".join("_" if c in _NOT_IN_NAMES or not c.isprintable() else c for c in name).strip(" .")
    return clean or "document.pdf"


@dataclass(frozen=True)
class Reference:
    """A file that a manifest names; `sha256` in hexadecimal."""

    name: str
    media_type: str
    sha256: str


def write(name: str, media_type: str, references: Iterable[Reference]) -> bytes:
    """The manifest that the signature or token `name` covers."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<asic:ASiCManifest xmlns:asic="{ASIC}" xmlns:ds="{DSIG}">',
        f"<asic:SigReference {_attributes(name, media_type)}/>",
    ]
    for one in references:
        digest = base64.b64encode(bytes.fromhex(one.sha256)).decode()
        lines += [
            f"<asic:DataObjectReference {_attributes(one.name, one.media_type)}>",
            f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{digest}</ds:DigestValue>',
            "</asic:DataObjectReference>",
        ]
    return "\n".join([*lines, "</asic:ASiCManifest>", ""]).encode()


def _attributes(name: str, media_type: str) -> str:
    """A name is a URI reference there: UTF-8, percent-encoded (RFC 3986)."""
    return f"URI={quoteattr(quote(name))} MimeType={quoteattr(media_type)}"


def for_signature(number: int, document: Reference) -> bytes:
    """The manifest that signature `number` of a container with one signed file covers."""
    return write(signature_name(number), SIGNATURE, [document])


def looks_like_one(path: Path) -> bool:
    """Is the file a ZIP file by its first bytes?"""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
