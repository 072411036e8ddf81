"""The organisation's seal and what closes a document: validation data and a document timestamp (PAdES B-LTA)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from undersigned.files.storage import temporary_file

from . import authority, cms, foreign, reserved, timestamp


@dataclass(frozen=True)
class SealRequest:
    """`organization` names the seal's key in this installation; `name` is in its certificate; `field` is the empty field for it. `patient`:
    authorities of keys that people brought are waited for (`foreign.validation_data`)."""

    organization: str
    name: str
    field: str
    identifier: str = ""
    reason: str = ""
    patient: bool = True


def seal_pdf(source: Path, target: Path, request: SealRequest) -> list[str]:
    """Write `source` sealed and closed to `target`: one revision with the seal, one with DSS and document timestamp. Gives the SHA-256 (hex)
    of those certificates in it that people brought and about which nobody says whether they still stand.

    Raises TimestampUnavailable, RevocationUnavailable, revocation.CertificateEnded, bounded.BoundedError.
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
        )
        reserved.fill(
            sealed,
            region,
            cms.signed_data(signer, reserved.digest(source, sealed, region), timestamp=time_source.token),
        )
        return close_pdf(sealed, target, patient=request.patient)


def close_pdf(source: Path, target: Path, *, patient: bool = True) -> list[str]:
    """Add validation data for every signature that was made here, and a document timestamp, in one revision. Raises as `seal_pdf`."""
    time_source = timestamp.current()
    found = reserved.begin("signing_certificates", path=str(source))["certificates"]
    leaves = [bytes.fromhex(c) for c in found]
    data, others = time_source.validation_data(leaves), foreign.proofs(leaves, patient=patient)
    region = reserved.begin(
        "begin_closing",
        source=str(source),
        target=str(target),
        field=f"Closing-{secrets.token_hex(6)}",
        certificates=[c.hex() for c in dict.fromkeys([*data["certs"], *others.certs])],
        crls=[c.hex() for c in dict.fromkeys([*data["crls"], *others.crls])],
        ocsps=[o.hex() for o in dict.fromkeys([*data["ocsps"], *others.ocsps])],
        digits=time_source.reserved,
    )
    reserved.fill(target, region, time_source.token(reserved.digest(source, target, region)))
    return others.unproven
