"""The organisation's seal and what closes a document: validation data and a document timestamp (PAdES B-LTA)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from undersigned.files.storage import temporary_file

from . import authority, cms, reserved, timestamp
from .leaves import leaves


@dataclass(frozen=True)
class SealRequest:
    """`organization` names the seal's key in this installation; `name` is in its certificate; `field` is the empty field for it."""

    organization: str
    name: str
    field: str
    identifier: str = ""
    reason: str = ""


def seal_pdf(source: Path, target: Path, request: SealRequest) -> None:
    """Write `source` sealed and closed to `target`: one revision with the seal, one with DSS and document timestamp.

    Raises TimestampUnavailable, revocation.CertificateEnded, bounded.BoundedError.
    """
    time_source = timestamp.current()
    signer = authority.signer_for(
        authority.ensure_seal(request.organization, request.name, request.identifier)
    )
    with temporary_file(".pdf") as sealed:
        region = reserved.begin(
            "begin_signature",
            source=str(source),
            target=str(sealed),
            field=request.field,
            stamp=None,
            name=request.name,
            reason=request.reason,
            location="",
            digits=time_source.reserved,
            to_close=True,
        )
        message = cms.signed_data(
            signer, reserved.digest(source, sealed, region), timestamp=time_source.token
        )
        reserved.fill(sealed, region, message)
        before = [bytes.fromhex(c) for c in region["certificates"]]
        close_pdf(sealed, target, list(dict.fromkeys([*before, *leaves(message)])))


def close_pdf(source: Path, target: Path, certificates: list[bytes]) -> None:
    """Add validation data for every signature that this installation made, and a document timestamp, in one revision.

    `certificates`: DER of those of all signatures and timestamps in the file.
    """
    time_source = timestamp.current()
    data = time_source.validation_data(certificates)
    region = reserved.begin(
        "begin_closing",
        source=str(source),
        target=str(target),
        field=f"Closing-{secrets.token_hex(6)}",
        certificates=[c.hex() for c in data["certs"]],
        crls=[c.hex() for c in data["crls"]],
        ocsps=[o.hex() for o in data["ocsps"]],
        digits=time_source.reserved,
    )
    reserved.fill(target, region, time_source.token(reserved.digest(source, target, region)))
