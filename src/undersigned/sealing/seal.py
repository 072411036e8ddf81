"""The organisation's seal and what closes a document: validation data and a document timestamp (PAdES B-LTA)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from undersigned.files.storage import temporary_file

from . import authority, cms, foreign, reserved, timestamp
from .leaves import leaves


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
            to_close=True,
        )
        message = cms.signed_data(
            signer, reserved.digest(source, sealed, region), timestamp=time_source.token
        )
        reserved.fill(sealed, region, message)
        before = [bytes.fromhex(c) for c in region["certificates"]]
        certificates = list(dict.fromkeys([*before, *leaves(message)]))
        return close_pdf(sealed, target, certificates, patient=request.patient)


def close_pdf(source: Path, target: Path, certificates: list[bytes], *, patient: bool = True) -> list[str]:
    """Add validation data for every signature that was made here, and a document timestamp, in one revision.

    `certificates`: DER of those of all signatures and timestamps in the file. Raises as `seal_pdf`.
    """
    time_source = timestamp.current()
    data, others = time_source.validation_data(certificates), foreign.proofs(certificates, patient=patient)
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
