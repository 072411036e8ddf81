"""Write an ASiC-E container (EN 319 162-1 clause 4.4): a ZIP file whose bytes follow from what is in it."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .manifest import MEDIA_TYPE, Reference

CHUNK = 1 << 20
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP file can tell: when a file was put in says nothing, and tokens say when it existed."""


def write(target: Path, document: Path, reference: Reference, others: Mapping[str, bytes]) -> None:
    """Write the signed file, in pieces, and after it `others` by name to `target`. All is stored as it is.

    First comes `mimetype`, without any extra field, so that programs find it at byte 30 (clause A.1). Raises ValueError when the file's digest
    is not the reference's.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        made.writestr(_entry("mimetype"), MEDIA_TYPE)
        entry = _entry(reference.name)
        entry.file_size = document.stat().st_size
        digest = hashlib.sha256()
        with document.open("rb") as source, made.open(entry, "w") as copy:
            while piece := source.read(CHUNK):
                digest.update(piece)
                copy.write(piece)
        if digest.hexdigest() != reference.sha256:
            raise ValueError("the file is not the one that was signed")
        for name, content in others.items():
            made.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3  # whatever system this runs on
    entry.external_attr = 0o644 << 16
    return entry
