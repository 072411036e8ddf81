"""Writing a CMS into the bytes reserved for it: without parsing, so this happens where the keys are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from undersigned.base import bounded

LIMITS = bounded.Limits(memory=2 << 30, cpu=60, wall=90.0, file_size=512 << 20)


def begin(function: str, **arguments: Any) -> dict[str, Any]:
    """Call a function of `pdf.increments` in the bounded process. Raises BoundedError, Refusal."""
    result: dict[str, Any] = bounded.run(
        f"undersigned.sealing.pdf.increments:{function}", LIMITS, **arguments
    )
    return result


def fill(path: Path, region: dict[str, Any], der: bytes) -> None:
    """Put `der` in hexadecimal between the angle brackets of the reserved region. Raises ValueError when it does not fit."""
    start, end = int(region["start"]), int(region["end"])
    digits = der.hex().upper().encode()
    with path.open("r+b") as file:
        file.seek(start)
        if file.read(1) != b"<" or len(digits) > end - start - 2:
            raise ValueError("the reserved region does not fit the signature")
        file.write(digits)
