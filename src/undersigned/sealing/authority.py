"""The built-in certification authorities: a root, one issuing authority for signers and seals, one for time-stamping.

Certificate profiles follow RFC 5280 and EN 319 412-2/-3. All keys are P-256.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import IntegrityError, transaction

from undersigned.base import clock, vault

from .cms import Signer
from .models import Key
from .policies import POLICIES

_DESCRIPTION = x509.ObjectIdentifier("2.5.4.13")
_VAULT_CONTEXT = "sealing.key"
_P = Key.Purpose
_ISSUER = {
    _P.SIGNER_CA: _P.ROOT,
    _P.TIMESTAMP_CA: _P.ROOT,
    _P.SIGNER_OCSP: _P.SIGNER_CA,
    _P.TIMESTAMP_OCSP: _P.TIMESTAMP_CA,
    _P.TSA: _P.TIMESTAMP_CA,
    _P.SEAL: _P.SIGNER_CA,
}
# Days of validity, and how many must be left. The time-stamping unit is renewed early: a closed document can be checked offline until
# that unit's certificate ends, so each gets at least nine years.
_DAYS = {
    _P.ROOT: (9125, 5500),
    _P.SIGNER_CA: (5475, 1095),
    _P.TIMESTAMP_CA: (7300, 3660),
    _P.SIGNER_OCSP: (400, 60),
    _P.TIMESTAMP_OCSP: (3650, 3285),
    _P.TSA: (3650, 3285),
}
_LABELS = {
    _P.ROOT: "Root Authority",
    _P.SIGNER_CA: "Signer Authority",
    _P.TIMESTAMP_CA: "Timestamp Authority",
    _P.SIGNER_OCSP: "Signer Status",
    _P.TIMESTAMP_OCSP: "Timestamp Status",
    _P.TSA: "Time-stamping Unit",
}
SEAL_DAYS = 400


@dataclass(frozen=True)
class Subject:
    """Whom a signer's certificate names. `reference` is the subject's serialNumber: unique in the installation, no national id."""

    name: str
    given_name: str = ""
    surname: str = ""
    reference: str = ""
    identified_by: str = ""
    """A word of POLICIES, or a sentence's worth of free text; written into the subject's description."""
    policy: str = ""
    """Certificate policy OID; by default from `identified_by`."""
    extra: dict[str, str] = field(default_factory=dict)
    """Further subject attributes, dotted OID to text."""


def ensure_authorities() -> dict[str, Key]:
    """The installation's authority keys in use, by purpose; made or renewed where missing or due. Safe to call from several processes."""
    for _ in range(3):
        keys = {key.purpose: key for key in Key.objects.filter(owner="", retired_at=None)}
        by_id = {key.pk: key for key in keys.values()}
        for key in keys.values():
            if key.issuer_id in by_id:
                key.issuer = by_id[key.issuer_id]  # spares `signer_for` a query for each link of the chain
        due = [p for p in _DAYS if p not in keys or not _lasts(keys[p], _DAYS[p][1])]
        if not due:
            return keys
        try:
            with transaction.atomic():
                for purpose in due:
                    keys[purpose] = _replace(purpose, "", keys)
        except IntegrityError:
            continue  # another process was quicker: take its keys
        return keys
    raise RuntimeError("the authorities' keys cannot be made")


def ensure_seal(organization: str, name: str, identifier: str = "", until: datetime | None = None) -> Key:
    """The organisation's seal key, made or renewed when its certificate ends within 60 days, before `until`, or names another `name`.

    `identifier` is the organizationIdentifier (EN 319 412-1 clause 5.1.4), e.g. `NTRFI-12345678`, when known.
    """
    authorities = ensure_authorities()
    for _ in range(3):
        in_use = Key.objects.filter(purpose=_P.SEAL, owner=organization, retired_at=None)
        key = in_use.select_related("issuer__issuer").first()
        if key is not None and _lasts(key, 60) and (until is None or key.not_after > until):
            named = certificate(key).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
            if named == name[:64]:
                return key
        try:
            with transaction.atomic():
                return _replace(_P.SEAL, organization, authorities, seal_name=name, identifier=identifier)
        except IntegrityError:
            continue
    raise RuntimeError("the seal's key cannot be made")


def _lasts(key: Key, days: int) -> bool:
    return key.not_after - clock.now() > timedelta(days=days) and key.revoked_at is None


def certificate(key: Key) -> x509.Certificate:
    """The key's certificate, parsed."""
    return x509.load_der_x509_certificate(bytes(key.certificate))


def private_key(key: Key) -> ec.EllipticCurvePrivateKey:
    """The key's private part, decrypted. Raises vault.CannotDecrypt."""
    loaded = load_der_private_key(vault.decrypt(bytes(key.private_key), _VAULT_CONTEXT), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic-curve key")
    return loaded


def signer_for(key: Key) -> Signer:
    """`key` ready to sign, with the authorities between it and the root."""
    chain = []
    above = key.issuer
    while above is not None and above.issuer_id is not None:
        chain.append(certificate(above))
        above = above.issuer
    return Signer(private_key(key), certificate(key), tuple(chain))


def root_certificates() -> list[bytes]:
    """DER of all roots that this installation ever used."""
    ensure_authorities()
    return [bytes(k.certificate) for k in Key.objects.filter(purpose=_P.ROOT).order_by("id")]


def issue_signer(
    subject: Subject, not_after: datetime, key: ec.EllipticCurvePrivateKey | None = None
) -> Signer:
    """A key with a certificate valid from one minute ago until `not_after` (after the closing timestamp): a one-time key, unless `key` is
    somebody's own. Nothing is stored.

    Raises ValueError when `not_after` is past or beyond the authority's own certificate.
    """
    authority = ensure_authorities()[_P.SIGNER_CA]
    now = clock.now()
    if not now < not_after < authority.not_after:
        raise ValueError("not_after is not within the authority's validity")
    key = key or ec.generate_private_key(ec.SECP256R1())
    attributes = [(NameOID.COMMON_NAME, subject.name[:64])]
    attributes += [(NameOID.GIVEN_NAME, subject.given_name[:64])] if subject.given_name else []
    attributes += [(NameOID.SURNAME, subject.surname[:64])] if subject.surname else []
    attributes += [(NameOID.SERIAL_NUMBER, subject.reference[:64])] if subject.reference else []
    attributes += [(_DESCRIPTION, subject.identified_by[:200])] if subject.identified_by else []
    attributes += [(x509.ObjectIdentifier(oid), text) for oid, text in subject.extra.items()]
    policy = subject.policy or POLICIES.get(subject.identified_by, POLICIES[""])
    builder = _builder(attributes, key.public_key(), now - timedelta(seconds=60), not_after)
    # contentCommitment alone; emailProtection is what the validators in use accept for documents.
    builder = builder.add_extension(_key_usage(content_commitment=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([Usage.EMAIL_PROTECTION]), critical=False)
    builder = builder.add_extension(_policy(policy), critical=False)
    return Signer(key, _sign(builder, authority), (certificate(authority),))


def issued_here(serial: int, authority: Key) -> bool:
    """Whether `serial` is one that `authority` gave out. Serials authenticate themselves, so no list of one-time certificates is kept."""
    raw = serial.to_bytes(20, "big", signed=False) if serial.bit_length() <= 160 else bytes(20)
    return hmac.compare_digest(raw[10:], _serial_mark(raw[:10], bytes(authority.certificate)))


def _new_serial(authority_der: bytes) -> int:
    """159-bit serial (RFC 5280 section 4.1.2.2): 79 random bits and an 80-bit keyed mark."""
    random = bytearray(os.urandom(10))
    random[0] = random[0] & 0x7F | 0x40
    return int.from_bytes(bytes(random) + _serial_mark(bytes(random), authority_der), "big")


def _serial_mark(random: bytes, authority_der: bytes) -> bytes:
    return vault.keyed_hash(random.hex() + authority_der[-32:].hex(), "certificate serial")[:10]


def _replace(
    purpose: str, owner: str, keys: dict[str, Key], seal_name: str = "", identifier: str = ""
) -> Key:
    """Retire the key in use and put a new one in its place. Inside a transaction."""
    now = clock.now()
    Key.objects.filter(purpose=purpose, owner=owner, retired_at=None).update(retired_at=now)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = keys[_ISSUER[_P(purpose)]] if purpose in _ISSUER else None
    if purpose == _P.SEAL:
        not_after = now + timedelta(days=SEAL_DAYS)
        attributes = [(NameOID.ORGANIZATION_NAME, seal_name[:64]), (NameOID.COMMON_NAME, seal_name[:64])]
        attributes += [(NameOID.ORGANIZATION_IDENTIFIER, identifier[:64])] if identifier else []
    else:
        not_after = now + timedelta(days=_DAYS[_P(purpose)][0])
        host = settings.PUBLIC_URL.split("://")[-1][:40]
        attributes = [
            (NameOID.ORGANIZATION_NAME, f"Undersigned at {host}"),
            (NameOID.COMMON_NAME, _LABELS[_P(purpose)]),
        ]
    if issuer is not None:
        not_after = min(not_after, issuer.not_after - timedelta(days=1))
    builder = _builder(attributes, key.public_key(), now - timedelta(minutes=5), not_after)
    for extension, critical in _extensions(purpose):
        builder = builder.add_extension(extension, critical=critical)
    signed = _sign(builder, issuer, own_key=key)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    previous = Key.objects.filter(purpose=purpose, owner=owner).count()
    stem = f"{purpose}-{owner}" if owner else str(_P(purpose).value)
    return Key.objects.create(
        purpose=purpose,
        owner=owner,
        name=f"{stem}-{previous + 1}" if previous else stem,
        certificate=signed.public_bytes(Encoding.DER),
        private_key=vault.encrypt(der, _VAULT_CONTEXT),
        issuer=issuer,
        created_at=now,
        not_after=not_after.replace(microsecond=0),
    )


def _extensions(purpose: str) -> list[tuple[x509.ExtensionType, bool]]:
    match purpose:
        case _P.ROOT:
            return [(x509.BasicConstraints(ca=True, path_length=1), True), (_key_usage(ca=True), True)]
        case _P.SIGNER_CA | _P.TIMESTAMP_CA:
            return [(x509.BasicConstraints(ca=True, path_length=0), True), (_key_usage(ca=True), True)]
        case _P.SIGNER_OCSP | _P.TIMESTAMP_OCSP:
            return [
                (_key_usage(digital_signature=True), True),
                (x509.ExtendedKeyUsage([Usage.OCSP_SIGNING]), False),
                (x509.OCSPNoCheck(), False),  # RFC 6960 section 4.2.2.2.1
            ]
        case _P.TSA:
            # RFC 3161 section 2.3: critical and alone.
            return [
                (_key_usage(digital_signature=True), True),
                (x509.ExtendedKeyUsage([Usage.TIME_STAMPING]), True),
            ]
        case _:
            return [
                (_key_usage(digital_signature=True, content_commitment=True), True),
                (x509.ExtendedKeyUsage([Usage.EMAIL_PROTECTION]), False),
                (_policy(POLICIES["seal"]), False),
            ]


def _policy(oid: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None)])


def _key_usage(
    *, digital_signature: bool = False, content_commitment: bool = False, ca: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature, content_commitment, False, False, False, ca, ca, False, False)


def _builder(
    attributes: list[tuple[x509.ObjectIdentifier, str]],
    public: ec.EllipticCurvePublicKey,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes]))
        .public_key(public)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _sign(
    builder: x509.CertificateBuilder, issuer: Key | None, own_key: ec.EllipticCurvePrivateKey | None = None
) -> x509.Certificate:
    if issuer is None:
        if own_key is None:
            raise ValueError("a root signs itself")
        name = builder._subject_name  # noqa: SLF001 - the builder has no getter
        assert name is not None
        return (
            builder.issuer_name(name)
            .serial_number(x509.random_serial_number())
            .sign(own_key, hashes.SHA256())
        )
    above = certificate(issuer)
    identifier = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    location = x509.UniformResourceIdentifier(f"{settings.PUBLIC_URL}/crl/{issuer.name}.crl")
    return (
        builder.issuer_name(above.subject)
        .serial_number(_new_serial(bytes(issuer.certificate)))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .add_extension(
            x509.CRLDistributionPoints([x509.DistributionPoint([location], None, None, None)]), critical=False
        )
        .sign(private_key(issuer), hashes.SHA256())
    )
