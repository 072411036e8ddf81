"""A document's signatures put into one container and closed: ASiC-E with CAdES signatures (EN 319 162-1, EN 319 122-1), level B-LTA."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp

from undersigned.base import clock

from . import authority, cms, foreign, timestamp
from .asic import container, manifest
from .asic.manifest import Reference
from .leaves import leaves
from .seal import SealRequest


def seal_container(
    document: Path, reference: Reference, signatures: Mapping[int, bytes], target: Path, request: SealRequest
) -> list[str]:
    """Write the container to `target`: the signed file, the `signatures` by number (DER, each over `manifest.for_signature`), the
    organisation's seal as one more, and a timestamp over all of it (clause 4.4.3.2). Gives the SHA-256 (hex) of those certificates in it that
    people brought and about which nobody says whether they still stand.

    Each signature gets what proves its certificates (B-LT). Raises ValueError for a signature over another manifest; TimestampUnavailable,
    RevocationUnavailable, revocation.CertificateEnded.
    """
    time_source = timestamp.current()
    covered = {n: manifest.for_signature(n, reference) for n in signatures}
    for number, message in signatures.items():
        if cms.message_digest(message) != hashlib.sha256(covered[number]).digest():
            raise ValueError("a signature over another file")
    last = max(signatures, default=0) + 1
    covered[last] = manifest.for_signature(last, reference)
    seal = cms.signed_data(
        authority.signer_for(authority.ensure_seal(request.organization, request.name, request.identifier)),
        hashlib.sha256(covered[last]).digest(),
        timestamp=time_source.token,
        signing_time=clock.now(),
    )
    messages = {**dict(sorted(signatures.items())), last: seal}
    holders = {n: leaves(m) for n, m in messages.items()}
    certificates = list(dict.fromkeys(c for found in holders.values() for c in found))
    data, others = (
        time_source.validation_data(certificates),
        foreign.proofs(certificates, patient=request.patient),
    )
    proofs = _Proofs.of(
        [*data["certs"], *others.certs], [*data["crls"], *others.crls], [*data["ocsps"], *others.ocsps]
    )
    files: dict[str, bytes] = {}
    for number, message in messages.items():
        files[manifest.manifest_name(number)] = covered[number]
        files[manifest.signature_name(number)] = cms.with_validation_data(
            message, *proofs.about(holders[number])
        )
    types = {n: manifest.SIGNATURE if n.endswith(".p7s") else manifest.XML for n in files}
    archive = manifest.write(
        manifest.TIMESTAMP_NAME,
        manifest.TIMESTAMP,
        [reference, *(Reference(n, types[n], hashlib.sha256(c).hexdigest()) for n, c in files.items())],
    )
    files[manifest.ARCHIVE_NAME] = archive
    files[manifest.TIMESTAMP_NAME] = time_source.token(hashlib.sha256(archive).digest())
    container.write(target, document, reference, files)
    return others.unproven


@dataclass(frozen=True)
class _Proofs:
    """Certificates, CRLs and OCSP answers, DER, each read once: signatures get only what is about them."""

    certificates: dict[bytes, x509.Certificate]
    crls: dict[bytes, bytes]
    """Subject of its authority, by CRL."""
    ocsps: dict[bytes, set[int]]
    """Numbers of the certificates that it is about, by answer."""

    @classmethod
    def of(cls, certificates: Iterable[bytes], crls: Iterable[bytes], ocsps: Iterable[bytes]) -> _Proofs:
        return cls(
            {c: x509.load_der_x509_certificate(c) for c in certificates},
            {c: x509.load_der_x509_crl(c).issuer.public_bytes() for c in crls},
            {o: {r.serial_number for r in ocsp.load_der_ocsp_response(o).responses} for o in ocsps},
        )

    def about(self, holders: Iterable[bytes]) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """What proves the certificates `holders` (DER), up to the roots; and the certificates of all who answer."""
        chain = [x509.load_der_x509_certificate(h) for h in holders]
        for below in chain:  # grows by those above
            chain += [c for c in self.certificates.values() if c.subject == below.issuer and c not in chain]
        issuers, numbers = {c.issuer.public_bytes() for c in chain}, {c.serial_number for c in chain}
        return (
            list(self.certificates),
            [crl for crl, issuer in self.crls.items() if issuer in issuers],
            [answer for answer, about in self.ocsps.items() if about & numbers],
        )
