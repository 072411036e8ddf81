"""A signer's signature (PAdES or CAdES, level B-T: EN 319 142-1, EN 319 122-1): with a key made for it, used once, and gone, or with the
signer's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from undersigned.base import clock
from undersigned.files.storage import temporary_file

from . import authority, cms, reserved, timestamp
from .appearance import Appearance, write_stamp


@dataclass(frozen=True)
class SignRequest:
    """One signature. `field`: of the PDF; a detached one has none. `not_after`: the one-time certificate's end, after the closing timestamp. No `appearance`: an invisible field, which is added
    where the file does not have it (somebody who joined after the pages were final)."""

    field: str
    subject: authority.Subject
    not_after: datetime
    appearance: Appearance | None = None
    caption: tuple[str, ...] = ()
    """Lines under the signature: name, time."""
    reason: str = ""
    location: str = ""
    signer: cms.Signer | None = None
    """The signer's own key (`identities.signer_of`); without one a one-time key is made for `subject`."""


@dataclass(frozen=True)
class SignResult:
    """`serial` in hexadecimal; `certificate` in DER."""

    serial: str
    certificate: bytes
    level: str = "B-T"


def sign_pdf(source: Path, target: Path, request: SignRequest) -> SignResult:
    """Write `source` with one more signature to `target`.

    Raises TimestampUnavailable (nothing of lower level is ever made), text.MissingGlyph, bounded.BoundedError.
    """
    time_source = timestamp.current()
    own = request.signer
    with temporary_file(".pdf") as stamp:
        if request.appearance is not None:
            write_stamp(stamp, request.appearance, request.caption)
        region = reserved.begin(
            "begin_signature",
            source=str(source),
            target=str(target),
            field=request.field,
            stamp=str(stamp) if request.appearance is not None else None,
            name=request.subject.name,
            reason=request.reason,
            location=request.location,
            digits=time_source.reserved + (_extra_digits(own) if own is not None else 0),
            may_add=request.appearance is None,
        )
    signer = own or authority.issue_signer(request.subject, request.not_after)
    reserved.fill(
        target,
        region,
        cms.signed_data(signer, reserved.digest(source, target, region), timestamp=time_source.token),
    )
    return _result(signer)


def sign_detached(content: bytes, target: Path, request: SignRequest) -> SignResult:
    """Write a signature over `content`, which stays apart from it, to `target` (CAdES B-T, EN 319 122-1). Nothing is drawn.

    Raises TimestampUnavailable.
    """
    time_source = timestamp.current()
    signer = request.signer or authority.issue_signer(request.subject, request.not_after)
    target.write_bytes(
        cms.signed_data(
            signer, hashlib.sha256(content).digest(), timestamp=time_source.token, signing_time=clock.now()
        )
    )
    return _result(signer)


def _result(signer: cms.Signer) -> SignResult:
    return SignResult(f"{signer.certificate.serial_number:x}", signer.certificate.public_bytes(Encoding.DER))


def _extra_digits(signer: cms.Signer) -> int:
    """Hexadecimal digits that foreign certificates and a long key may take more than our own."""
    certificates = (signer.certificate, *signer.chain)
    return 2 * (sum(len(c.public_bytes(Encoding.DER)) for c in certificates) + signer.key.key_size // 8)
