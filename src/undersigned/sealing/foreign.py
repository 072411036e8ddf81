"""What proves certificates that people brought with their own keys: CRLs and OCSP answers of the authorities that issued them.

Their addresses stand in the certificates, so whoever brings one chooses them: they are asked through the guarded client, and what comes
back is checked before it goes into a document. An authority that names no address, or one that may not be reached from here, proves
nothing: the signature stays at B-T then, inside a document that is closed (B-LTA) by the seal. One that should answer and does not is
waited for, as long as the caller is patient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from django.conf import settings

from undersigned.base import clock, outgoing

from . import identities
from .errors import RevocationUnavailable
from .models import SigningIdentity

TIMEOUT = 10.0
"""Seconds for one exchange."""
CERTIFICATE_LIMIT = 64 * 1024
OCSP_LIMIT = 64 * 1024
CRL_LIMIT = 16 << 20
LONGEST = 8
"""Certificates of one chain."""
CLOCKS_APART = timedelta(minutes=5)
_NEVER = (outgoing.InvalidUrl, outgoing.AddressRefused)
T = TypeVar("T")


@dataclass
class Proofs:
    """DER each, every one once. `unproven`: SHA-256 (hex) of people's certificates about which nobody says anything."""

    certs: dict[bytes, None] = field(default_factory=dict)
    crls: dict[bytes, None] = field(default_factory=dict)
    ocsps: dict[bytes, None] = field(default_factory=dict)
    unproven: list[str] = field(default_factory=list)


def proofs(leaves: list[bytes], *, patient: bool) -> Proofs:
    """What proves those of `leaves` (DER) that somebody brought here as their own.

    `patient`: raise RevocationUnavailable when an authority that is named cannot be reached or says nothing of use now; without it what
    can be had is given.
    """
    found = Proofs()
    brought = SigningIdentity.objects.filter(provider=SigningIdentity.Provider.PKCS12, certificate__in=leaves)
    for der, chain in {bytes(i.certificate): identities.chain_of(i) for i in brought}.items():
        leaf = x509.load_der_x509_certificate(der)
        pairs = _pairs(leaf, chain, patient)
        answered = [_prove(certificate, issuer, found, patient) for certificate, issuer in pairs]
        if not (answered and answered[0]):
            found.unproven.append(hashlib.sha256(der).hexdigest())
    return found


def _prove(
    certificate: x509.Certificate, issuer: x509.Certificate | None, found: Proofs, patient: bool
) -> bool:
    """Did anybody say whether it still stands?"""
    found.certs[certificate.public_bytes(Encoding.DER)] = None
    if issuer is None:
        return False
    found.certs[issuer.public_bytes(Encoding.DER)] = None
    before = len(found.crls) + len(found.ocsps)
    for url in addresses(certificate, AuthorityInformationAccessOID.OCSP)[:1]:
        if answer := _try(partial(_ocsp, url, certificate, issuer), patient):
            found.ocsps[answer] = None
    for url in crl_addresses(certificate)[:1]:
        if answer := _try(partial(_crl, url, issuer), patient):
            found.crls[answer] = None
            return True
    return len(found.crls) + len(found.ocsps) > before


def _pairs(
    leaf: x509.Certificate, known: list[x509.Certificate], patient: bool
) -> list[tuple[x509.Certificate, x509.Certificate | None]]:
    """Each certificate from the leaf to the one below the root, with the one above it, which is fetched where it was not brought along."""
    pairs: list[tuple[x509.Certificate, x509.Certificate | None]] = []
    below = leaf
    while len(pairs) < LONGEST and below.issuer != below.subject:
        above = next((c for c in known if identities.is_issuer(c, below)), None)
        if above is None:
            for url in addresses(below, AuthorityInformationAccessOID.CA_ISSUERS)[:1]:
                above = _try(partial(_issuer, url, below), patient)
        pairs.append((below, above))
        if above is None:
            break
        below = above
    return pairs


def _try(ask: Callable[[], T], patient: bool) -> T | None:
    try:
        return ask()
    except _NEVER:
        return None
    except (outgoing.OutgoingError, _Useless) as e:
        if patient:
            raise RevocationUnavailable(str(e)) from e
        return None


class _Useless(Exception):
    """What came back proves nothing; the argument says why."""


def _fetch(method: str, url: str, limit: int, body: bytes = b"") -> bytes:
    headers = {"Content-Type": "application/ocsp-request"} if body else {}
    answer = outgoing.send(
        method,
        url,
        body,
        headers,
        timeout=TIMEOUT,
        limit=limit,
        allow_private=settings.WEBHOOKS_MAY_BE_PRIVATE,
    )
    if answer.status != 200 or answer.truncated:
        raise _Useless(
            f"{url} answers {answer.status}" if answer.status != 200 else f"{url} answers too much"
        )
    return answer.body


def _issuer(url: str, below: x509.Certificate) -> x509.Certificate:
    data = _fetch("GET", url, CERTIFICATE_LIMIT)
    readers: tuple[Callable[[bytes], list[x509.Certificate]], ...] = (
        lambda der: [x509.load_der_x509_certificate(der)],
        x509.load_pem_x509_certificates,
        pkcs7.load_der_pkcs7_certificates,
    )
    for read in readers:
        try:
            found = next((c for c in read(data) if identities.is_issuer(c, below)), None)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if found is not None:
            return found
    raise _Useless(f"{url} is not the certificate of the issuer")


def _crl(url: str, issuer: x509.Certificate) -> bytes:
    data = _fetch("GET", url, CRL_LIMIT)
    try:
        crl = x509.load_der_x509_crl(data)
        good = crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise _Useless(f"{url} is no CRL") from e
    if not good or not _current(crl.last_update_utc, crl.next_update_utc):
        raise _Useless(f"the CRL at {url} is not its issuer's, or is old")
    return crl.public_bytes(Encoding.DER)


def _ocsp(url: str, certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """An answer by the issuer or one whom it appointed (RFC 6960 section 4.2.2.2) about this certificate."""
    # SHA-1 names the issuer here and protects nothing; it is what all responders know (RFC 5019 section 2.1.1).
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()  # noqa: S303
    data = _fetch("POST", url, OCSP_LIMIT, asked.public_bytes(Encoding.DER))
    try:
        answer = ocsp.load_der_ocsp_response(data)
        if answer.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _Useless(f"{url} answers {answer.response_status.name}")
        one = next((r for r in answer.responses if r.serial_number == certificate.serial_number), None)
        signed = _signed_for(answer, issuer)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise _Useless(f"{url} gives no OCSP answer") from e
    if one is None or one.certificate_status == ocsp.OCSPCertStatus.UNKNOWN:
        raise _Useless(f"{url} does not know the certificate")
    if not signed or not _current(one.this_update_utc, one.next_update_utc):
        raise _Useless(f"the answer of {url} is not signed for the issuer, or is old")
    return data


def _signed_for(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    appointed = [c for c in answer.certificates if identities.is_issuer(issuer, c) and _answers_ocsp(c)]
    return any(_fits(answer, signer) for signer in (issuer, *appointed))


def _answers_ocsp(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _fits(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), answer.signature_hash_algorithm
    signed = (answer.signature, answer.tbs_response_bytes)
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(*signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(*signed, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _current(since: datetime, until: datetime | None) -> bool:
    now = clock.now()
    return since <= now + CLOCKS_APART and (until is None or now < until)


def addresses(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> list[str]:
    """Where the certificate says that its issuer, or an answer about it, is to be had (RFC 5280 section 4.2.2.1), by HTTP."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    named = [str(a.access_location.value) for a in access if a.access_method == method]
    return [url for url in named if url.startswith(("http://", "https://"))]


def crl_addresses(certificate: x509.Certificate) -> list[str]:
    """Where the certificate says that its CRL is (RFC 5280 section 4.2.1.13), by HTTP."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    named = [name.value for point in points for name in point.full_name or ()]
    return [n for n in named if isinstance(n, str) and n.startswith(("http://", "https://"))]
