"""Open a container of whatever origin: which files it holds, what its manifests name. Runs in the bounded process.

Strict, since programs that read ZIP files differ: what one of them might show, and none of the signatures cover, must not be there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zipfile
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from undersigned.base.bounded import Refusal

from .manifest import ASIC, DSIG, MEDIA_TYPE

FILES_MAX = 300
MANIFEST_MAX = 1 << 20
SIGNATURE_MAX = 32 << 20
"""Bytes; a signature may hold CRLs."""
UNPACKED_MAX = 1 << 30
"""Bytes of all files, unpacked."""
CHUNK = 1 << 20
_DESCRIPTORS = (12, 16, 20, 24)
"""Bytes of a data descriptor (APPNOTE 4.3.9): with and without its signature, and in ZIP64."""
_LOCAL_HEADER = 30
_IN_EXTRA = 0xFFFFFFFF
_END = 22
_ALGORITHMS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}


@dataclass(frozen=True)
class Named:
    """A file that a manifest names, with the digest that it should have."""

    name: str
    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Manifest:
    """`signature`: name of the signature or token that covers it; `data`: its own bytes, which that signature is over."""

    name: str
    signature: str
    files: tuple[Named, ...]
    data: bytes

    @property
    def archive(self) -> bool:
        """Is it one that a timestamp closes (clause 4.4.3.2)?"""
        return self.name.rpartition("/")[2].startswith("ASiCArchiveManifest")


class Container:
    """An open container. Raises Refusal: not_container; too_many; encrypted; and of one that lies repeated_name, unsafe_name, hidden_bytes,
    malformed."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as e:
            raise Refusal("malformed", str(e)) from e
        self._file, self._size = file, size
        entries = self._zip.infolist()
        if len(entries) > FILES_MAX or sum(e.file_size for e in entries) > UNPACKED_MAX:
            raise Refusal("too_many")
        self._look_at(entries)
        self.names = [e.filename for e in entries if not _is_folder(e)]
        if (
            not entries
            or entries[0].filename != "mimetype"
            or self.read("mimetype", 200) != MEDIA_TYPE.encode()
        ):
            raise Refusal("not_container")

    def _look_at(self, entries: list[zipfile.ZipInfo]) -> None:
        if len({e.filename.casefold() for e in entries}) < len(entries):
            raise Refusal("repeated_name")
        for entry in entries:
            # What the directory says, before anything of Python's makes it harmless.
            if (
                _unsafe(entry.orig_filename, folder=_is_folder(entry))
                or entry.filename != entry.orig_filename
            ):
                raise Refusal("unsafe_name")
            if entry.flag_bits & 1:
                raise Refusal("encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refusal("malformed", "compression")
        if not self._gapless(entries):
            raise Refusal("hidden_bytes")

    def _gapless(self, entries: list[zipfile.ZipInfo]) -> bool:
        """Does the file hold the entries of its directory one after the other, and nothing before, between and behind them?"""
        at = 0
        former: zipfile.ZipInfo | None = None
        for entry in sorted(entries, key=lambda e: e.header_offset):
            if not _follows(at, entry.header_offset, former):
                return False
            self._file.seek(entry.header_offset)
            header = self._file.read(_LOCAL_HEADER)
            if len(header) < _LOCAL_HEADER or not _says_the_same(header, entry):
                return False
            lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            at = entry.header_offset + _LOCAL_HEADER + lengths + entry.compress_size
            former = entry
        if not _follows(at, self._zip.start_dir, former):
            return False
        comment = self._zip.comment
        self._file.seek(max(0, self._size - _END - len(comment)))
        ends = self._file.read(4) == b"PK\x05\x06"
        return ends and comment in (b"", f"mimetype={MEDIA_TYPE}".encode())

    def read(self, name: str, most: int) -> bytes:
        """A small file whole. Raises Refusal: too_many, malformed."""
        if self._zip.getinfo(name).file_size > most:
            raise Refusal("too_many", name)
        try:
            return self._zip.read(name)
        except Exception as e:  # whatever a damaged file makes the unpacker throw
            raise Refusal("malformed", name) from e

    def digests(self, name: str, algorithms: set[str]) -> dict[str, bytes] | None:
        """A file's digests by algorithm, read in pieces; None when it cannot be unpacked, or its checksum is another."""
        hashes = {a: hashlib.new(a) for a in algorithms}
        try:
            with self._zip.open(name) as file:
                while piece := file.read(CHUNK):
                    for one in hashes.values():
                        one.update(piece)
        except Exception:  # noqa: BLE001 - whatever a damaged file makes the unpacker throw
            return None
        return {a: h.digest() for a, h in hashes.items()}

    def manifests(self) -> list[Manifest]:
        """All, those of signatures first. Raises Refusal (malformed, too_many)."""
        found = [
            self._manifest(n)
            for n in self.names
            if n.startswith(("META-INF/ASiCManifest", "META-INF/ASiCArchiveManifest")) and n.endswith(".xml")
        ]
        return sorted(found, key=lambda m: m.archive)

    def _manifest(self, name: str) -> Manifest:
        data = self.read(name, MANIFEST_MAX)
        try:
            root = fromstring(data, forbid_dtd=True)
            if root.tag != f"{{{ASIC}}}ASiCManifest":
                raise ValueError("another document")
            (reference,) = root.findall(f"{{{ASIC}}}SigReference")
            files = tuple(_named(e) for e in root.findall(f"{{{ASIC}}}DataObjectReference"))
            return Manifest(name, _uri(reference), files, data)
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as e:
            raise Refusal("malformed", name) from e


def _says_the_same(header: bytes, entry: zipfile.ZipInfo) -> bool:
    """Does a file's own header (APPNOTE 4.3.7) describe it as the directory does? Some programs go by the one, some by the other."""
    signature, _version, flags, method, _time, _date, crc, packed, unpacked, _name, _extra = struct.unpack(
        "<4sHHHHHIIIHH", header
    )
    told = (crc, packed, unpacked) if not flags & 8 else (entry.CRC, entry.compress_size, entry.file_size)
    if _IN_EXTRA in told[1:]:  # ZIP64 has the sizes elsewhere
        told = (crc, entry.compress_size, entry.file_size)
    return (
        signature == b"PK\x03\x04"
        and (flags, method) == (entry.flag_bits, entry.compress_type)
        and told == (entry.CRC, entry.compress_size, entry.file_size)
        and not _renames(entry.extra)
    )


def _renames(extra: bytes) -> bool:
    """Is there a field that gives the file another name (Info-ZIP Unicode Path, 0x7075), which not all programs know?"""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 0x7075:
            return True
        at += 4 + size
    return False


def _follows(end: int, start: int, former: zipfile.ZipInfo | None) -> bool:
    described = former is not None and former.flag_bits & 8
    return start == end or (bool(described) and start - end in _DESCRIPTORS)


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/") and entry.file_size == 0


def _unsafe(name: str, *, folder: bool) -> bool:
    """Would the file leave the folder that the container is unpacked into, or be another one to some system?"""
    parts = (name[:-1] if folder else name).split("/")
    return (
        not name
        or "\\" in name
        or ":" in parts[0]
        or not name.isprintable()
        or any(p in ("", ".", "..") for p in parts)
    )


def _named(element: Element) -> Named:
    method, value = element.find(f"{{{DSIG}}}DigestMethod"), element.findtext(f"{{{DSIG}}}DigestValue")
    if method is None or value is None:
        raise ValueError("a file without a digest")
    algorithm = _ALGORITHMS[method.attrib["Algorithm"]]
    try:
        return Named(_uri(element), algorithm, base64.b64decode("".join(value.split()), validate=True))
    except binascii.Error as e:
        raise ValueError("a digest that is none") from e


def _uri(element: Element) -> str:
    return unquote(element.attrib["URI"], errors="strict")
