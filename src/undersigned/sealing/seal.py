"""The organisation's seal and what closes a document: validation data and a document timestamp (PAdES B-LTA)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from undersigned.files.storage import temporary_file

from . import authority, cms, reserved, revocation, timestamp


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

    Raises timestamp.TimestampUnavailable, revocation.CertificateEnded, bounded.BoundedError.
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
        )
        reserved.fill(
            sealed,
            region,
            cms.signed_data(signer, reserved.digest(source, sealed, region), timestamp=time_source.token),
        )
        close_pdf(sealed, target)


def close_pdf(source: Path, target: Path) -> None:
    """Add validation data for every signature that this installation made, and a document timestamp, in one revision."""
    time_source = timestamp.current()
    leaves = reserved.begin("signing_certificates", path=str(source))["certificates"]
    tsa = authority.certificate(authority.ensure_authorities()["tsa"])
    data = revocation.validation_data([*(bytes.fromhex(c) for c in leaves), tsa.public_bytes(Encoding.DER)])
    region = reserved.begin(
        "begin_closing",
        source=str(source),
        target=str(target),
        field=f"Closing-{secrets.token_hex(6)}",
        certificates=[c.hex() for c in data["certs"]],
        crls=[c.hex() for c in data["crls"]],
        ocsps=[o.hex() for o in data["ocsps"]],
    )
    reserved.fill(target, region, time_source.token(reserved.digest(source, target, region)))
