"""CRLs (RFC 5280 section 5) and OCSP answers (RFC 6960) of the built-in authorities.

Their periods follow from how validators look back (EN 319 102-1 clause 5.6.2): the newest answer about a certificate must end before
the certificate does, an authority's CRL must already exist at that moment, and a stale CRL must lie beside a stale OCSP answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from undersigned.base import clock

from . import authority
from .models import Key

_P = Key.Purpose
_CAS = (_P.ROOT, _P.SIGNER_CA, _P.TIMESTAMP_CA)
_CRL_DAYS = {_P.ROOT: 400, _P.SIGNER_CA: 30, _P.TIMESTAMP_CA: 90}
_CRL_BACKDATED = timedelta(hours=1)  # so that an OCSP answer of the same minute is the newer one
_EMBEDDED_ANSWER = timedelta(days=7)
_PUBLIC_ANSWER = timedelta(hours=1)


class UnknownAuthority(Exception):
    """No authority of that name or with that key."""


def crl(name: str) -> bytes:
    """DER of the current CRL of the authority `name` (the word in the CRL address). Raises UnknownAuthority."""
    key = Key.objects.filter(name=name, purpose__in=_CAS).first()
    if key is None:
        raise UnknownAuthority(name)
    return _crl(key)


def _crl(key: Key) -> bytes:
    now = clock.now().replace(microsecond=0)
    issuer = authority.certificate(key)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    this_update = max(now - _CRL_BACKDATED, issuer.not_valid_before_utc)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(this_update)
        .next_update(now + timedelta(days=_CRL_DAYS[_P(key.purpose)]))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .add_extension(x509.CRLNumber(int(this_update.timestamp())), critical=False)
    )
    for revoked in key.issued.exclude(revoked_at=None):
        entry = x509.RevokedCertificateBuilder().serial_number(authority.certificate(revoked).serial_number)
        assert revoked.revoked_at is not None
        builder = builder.add_revoked_certificate(entry.revocation_date(revoked.revoked_at).build())
    return builder.sign(authority.private_key(key), hashes.SHA256()).public_bytes(Encoding.DER)


def revoke(key: Key) -> None:
    """Put `key`'s certificate on its issuer's CRL from now on, and sign nothing new with it."""
    key.revoked_at = key.retired_at = clock.now()
    key.save(update_fields=["revoked_at", "retired_at"])


def ocsp_response(request_der: bytes) -> bytes:
    """DER of the answer to a DER request with one certificate, valid for an hour. Malformed or foreign: an unsuccessful answer."""
    try:
        request = ocsp.load_der_ocsp_request(request_der)
        issuer_hash, algorithm, serial = (
            request.issuer_key_hash,
            request.hash_algorithm,
            request.serial_number,
        )
    except (ValueError, NotImplementedError):
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    for key in Key.objects.filter(purpose__in=(_P.SIGNER_CA, _P.TIMESTAMP_CA)):
        if _key_hash(authority.certificate(key), algorithm) == issuer_hash:
            now = clock.now().replace(microsecond=0)
            revoked = _revoked_at(key, serial)
            known = authority.issued_here(serial, key)
            status = (
                ocsp.OCSPCertStatus.REVOKED
                if revoked
                else ocsp.OCSPCertStatus.GOOD
                if known
                else ocsp.OCSPCertStatus.UNKNOWN
            )
            builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
                request.issuer_name_hash,
                issuer_hash,
                serial,
                algorithm,
                status,
                now,
                now + _PUBLIC_ANSWER,
                revoked,
                None,
            )
            try:
                nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value
                builder = builder.add_extension(nonce, critical=False)
            except x509.ExtensionNotFound:
                pass
            return _signed(builder, _responder(key))
    return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _revoked_at(issuer: Key, serial: int) -> datetime | None:
    for key in issuer.issued.exclude(revoked_at=None):
        if authority.certificate(key).serial_number == serial:
            return key.revoked_at
    return None


def _key_hash(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bytes:
    """issuerKeyHash: over the BIT STRING's value without tag and unused bits (RFC 6960 section 4.1.1); for P-256 the raw point."""
    digest = hashes.Hash(algorithm)
    identifier = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    digest.update(identifier)
    return digest.finalize()


def _responder(issuer: Key) -> Key:
    """Whose key answers about certificates of `issuer`."""
    authority.ensure_authorities()
    return _newest_responder(issuer, issuer.issued.all())


def _newest_responder(issuer: Key, keys: Iterable[Key]) -> Key:
    purpose = _P.SIGNER_OCSP if issuer.purpose == _P.SIGNER_CA else _P.TIMESTAMP_OCSP
    found = [key for key in keys if key.purpose == purpose and key.issuer_id == issuer.pk]
    if not found:
        raise UnknownAuthority(issuer.name)
    return max(found, key=lambda key: key.pk)


def _signed(builder: ocsp.OCSPResponseBuilder, responder: Key) -> bytes:
    certificate = authority.certificate(responder)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, certificate).certificates([certificate])
    return builder.sign(authority.private_key(responder), hashes.SHA256()).public_bytes(Encoding.DER)


class CertificateEnded(Exception):
    """A signer's certificate has ended (or ends within a minute), so no answer about it can be made that closes the document."""


def validation_data(leaves: list[bytes]) -> dict[str, list[bytes]]:
    """What the document security store must hold for `leaves` (DER, as found in the signatures): `certs`, `crls`, `ocsps`, all DER.

    Covers the leaves that this installation's authorities issued; certificates of others are passed over (their data is not ours to
    make). Raises CertificateEnded.
    """
    authority.ensure_authorities()
    keys = list(Key.objects.filter(owner="").select_related("issuer"))
    cas = {key: authority.certificate(key) for key in keys if key.purpose in _CAS}
    responders = [
        bytes(key.certificate) for key in keys if key.purpose in (_P.SIGNER_OCSP, _P.TIMESTAMP_OCSP)
    ]
    now = clock.now().replace(microsecond=0)
    used: dict[int, Key] = {}
    ocsps: list[bytes] = []
    for der in dict.fromkeys(leaves):
        leaf = x509.load_der_x509_certificate(der)
        issuer = next(
            (key for key, cert in cas.items() if key.purpose != _P.ROOT and _issued_by(leaf, cert)), None
        )
        if issuer is None or der in responders:
            continue
        end = min(now + _EMBEDDED_ANSWER, leaf.not_valid_after_utc - timedelta(minutes=1))
        if end <= now:
            raise CertificateEnded(leaf.subject.rfc4514_string())
        revoked = _revoked_at(issuer, leaf.serial_number)
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf, cas[issuer], hashes.SHA256(), status, now, end, revoked, None
        )
        ocsps.append(_signed(builder, _newest_responder(issuer, keys)))
        used[issuer.pk] = issuer
    chain = {**used, **{key.issuer_id: key.issuer for key in used.values() if key.issuer and key.issuer_id}}
    return {
        "certs": [bytes(key.certificate) for key in chain.values()] + responders,
        "crls": [_crl(key) for key in chain.values()],
        "ocsps": ocsps,
    }


def _issued_by(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - foreign certificates hold any key and any algorithm
        return False
    return True
