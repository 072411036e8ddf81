"""Writing a CMS into the bytes reserved for it: without parsing, so this happens where the keys are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from undersigned.base import bounded

CHUNK = 1 << 20
LIMITS = bounded.Limits(memory=2 << 30, cpu=60, wall=90.0, file_size=512 << 20)


def begin(function: str, **arguments: Any) -> dict[str, Any]:
    """Call a function of `pdf.increments` in the bounded process. Raises BoundedError, Refusal."""
    result: dict[str, Any] = bounded.run(
        f"undersigned.sealing.pdf.increments:{function}", LIMITS, **arguments
    )
    return result


def digest(source: Path, target: Path, region: dict[str, Any]) -> bytes:
    """SHA-256 of `target` without its reserved region, computed here: what a child says that it wrote is not believed.

    Raises ValueError unless `target` is `source` with something added, and the region a row of zeros after it.
    """
    start, end = int(region["start"]), int(region["end"])
    size = source.stat().st_size
    if not size < start < end <= target.stat().st_size:
        raise ValueError("the reserved region is not in the added part")
    hashed = hashlib.sha256()
    with source.open("rb") as before, target.open("rb") as after:
        while piece := before.read(CHUNK):
            if after.read(len(piece)) != piece:
                raise ValueError("earlier bytes were changed")
            hashed.update(piece)
        hashed.update(after.read(start - size))
        reserved = after.read(end - start)
        if reserved[:1] != b"<" or reserved[-1:] != b">" or reserved[1:-1].strip(b"0"):
            raise ValueError("the reserved region is not empty")
        while piece := after.read(CHUNK):
            hashed.update(piece)
    return hashed.digest()


def fill(path: Path, region: dict[str, Any], der: bytes) -> None:
    """Put `der` in hexadecimal between the angle brackets of the reserved region. Raises ValueError when it does not fit."""
    start, end = int(region["start"]), int(region["end"])
    digits = der.hex().upper().encode()
    if len(digits) > end - start - 2:
        raise ValueError("the signature is larger than the place reserved for it")
    with path.open("r+b") as file:
        file.seek(start + 1)
        file.write(digits)
