"""Keys of people's own: made here and certified by the built-in authority, or brought as PKCS#12. The key lies encrypted by the vault."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, PublicKeyAlgorithmOID
from django.db.models import QuerySet

from undersigned.accounts.models import User
from undersigned.base import bounded, clock, vault
from undersigned.base.db import atomic
from undersigned.base.errors import NotFound, Refusal

from . import authority, looks
from .cms import Signer
from .models import SigningIdentity

_Provider = SigningIdentity.Provider
_CONTEXT = "sealing.identity"
LIMITS = bounded.Limits(memory=512 << 20, cpu=5, wall=15.0, file_size=1 << 20)
PKCS12_MAX = 256 * 1024
"""Bytes of a file; one with ten certificates has 20,000."""
IDENTITIES_MAX = 20
"""Of one user."""
LASTS = timedelta(days=730)
"""Of a certificate that is issued here; renewed when a signature needs more."""
RSA_BITS = (2048, 8192)
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_DOCUMENT_USES = {
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
    "1.3.6.1.5.5.7.3.36",  # document signing (RFC 9336)
    "1.2.840.113583.1.1.5",  # Adobe: authentic documents
    "1.3.6.1.4.1.311.10.3.12",  # Microsoft: document signing
}


class IdentityRefused(Refusal):
    """A key cannot be taken. `code`: too_large, not_pkcs12, wrong_password, old_cipher (the file is encrypted in a way that this machine
    can no longer read), no_key, too_many_certificates, timeout, key_type, key_too_small, not_its_key, not_yet_valid, expired,
    not_for_signing, weak_certificate, already_there, too_many."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def identities_of(user: User) -> QuerySet[SigningIdentity]:
    """The user's own, oldest first."""
    return SigningIdentity.objects.filter(user=user, removed_at=None).select_related("appearance__blob")


def identity_of(user: User, pub: uuid.UUID) -> SigningIdentity:
    """One of the user's own. Raises NotFound."""
    found = identities_of(user).filter(pub=pub).first()
    if found is None:
        raise NotFound
    return found


def make_identity(user: User, label: str = "") -> SigningIdentity:
    """A P-256 key that never leaves this server, with a certificate of the built-in authority that names the user.

    Raises IdentityRefused (too_many).
    """
    signer = authority.issue_signer(_subject(user), clock.now() + LASTS)
    return _keep(
        user, _Provider.SERVER, label or user.full_name, signer.key, signer.certificate, signer.chain
    )


def bring_identity(user: User, data: bytes, password: str, label: str = "") -> SigningIdentity:
    """Take key and certificate out of a PKCS#12 file; file and password are not kept. Raises IdentityRefused."""
    if len(data) > PKCS12_MAX:
        raise IdentityRefused("too_large")
    try:
        found = bounded.run("undersigned.sealing.pkcs12:read", LIMITS, data=data.hex(), password=password)
    except bounded.Refusal as e:
        raise IdentityRefused(e.code) from e
    except bounded.BoundedError as e:
        raise IdentityRefused("timeout" if e.reason == "timeout" else "not_pkcs12") from e
    certificate, *others = (
        x509.load_der_x509_certificate(bytes.fromhex(der)) for der in (found["certificate"], *found["others"])
    )
    key = _usable_key(bytes.fromhex(found["key"]))
    _refuse_unfit(certificate, key)
    chain = chain_above(certificate, others)
    return _keep(user, _Provider.PKCS12, label or common_name(certificate.subject), key, certificate, chain)


def remove_identity(identity: SigningIdentity) -> None:
    """Destroy the key, and the look that is kept with it. The certificate stays on record: what was signed with it must still be closed."""
    with atomic():
        looks.drop_look(identity)
        identity.private_key, identity.removed_at = b"", clock.now()
        identity.save(update_fields=["private_key", "removed_at"])


def is_valid(identity: SigningIdentity) -> bool:
    """Can it be signed with? In real time: certificates know no test clock. One of our own is renewed when it is used."""
    return identity.provider == _Provider.SERVER or identity.not_after > clock.now()


def signer_of(identity: SigningIdentity, until: datetime) -> Signer:
    """The identity ready to sign. One that was certified here and ends before `until` gets a new certificate for the same key first.

    Raises NotFound when it was removed meanwhile, vault.CannotDecrypt.
    """
    with atomic():
        row = (
            SigningIdentity.objects.select_for_update(of=("self",)).select_related("user").get(pk=identity.pk)
        )
        if row.removed_at is not None:
            raise NotFound
        key = _usable_key(vault.decrypt(bytes(row.private_key), _CONTEXT))
        if row.provider == _Provider.SERVER and row.not_after < until:
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            signer = authority.issue_signer(_subject(row.user), max(until, clock.now() + LASTS), key)
            row.certificate = signer.certificate.public_bytes(Encoding.DER)
            row.chain = [_pem(c) for c in signer.chain]
            row.not_after = signer.certificate.not_valid_after_utc
            row.save(update_fields=["certificate", "chain", "not_after"])
            return signer
    chain = tuple(c for c in chain_of(row) if c.issuer != c.subject)
    return Signer(key, x509.load_der_x509_certificate(bytes(row.certificate)), chain)


def chain_of(identity: SigningIdentity) -> list[x509.Certificate]:
    """The certificates above the identity's own that came with it, the root's too if it did."""
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in identity.chain]


def chain_above(leaf: x509.Certificate, known: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Of `known`, those that lead from `leaf` upwards, issuer first; what does not belong to them is left out."""
    chain: list[x509.Certificate] = []
    below = leaf
    while below.issuer != below.subject:
        above = next((c for c in known if c not in chain and is_issuer(c, below)), None)
        if above is None:
            break
        chain.append(above)
        below = above
    return tuple(chain)


def is_issuer(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except Exception:  # noqa: BLE001 - foreign certificates hold any key and any algorithm
        return False
    return True


def common_name(name: x509.Name) -> str:
    """What people know a subject or an issuer by: its common name, else its organisation, else all of it."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if found := name.get_attributes_for_oid(oid):
            return str(found[0].value)
    return name.rfc4514_string()


def _subject(user: User) -> authority.Subject:
    return authority.Subject(
        name=user.full_name,
        given_name=user.name,
        surname=user.surname,
        reference=str(user.pub),
        identified_by="password",
    )


def _usable_key(der: bytes) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """The key, of a kind that signs here (Ed25519 does not: RFC 8419 asks for SHA-512 with it). Raises IdentityRefused."""
    try:
        key = load_der_private_key(der, None)
    except Exception as e:
        raise IdentityRefused("key_type") from e
    if isinstance(key, rsa.RSAPrivateKey):
        least, most = RSA_BITS
        if key.key_size < least:
            raise IdentityRefused("key_too_small")
        if key.key_size <= most:
            return key
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise IdentityRefused("key_type")


def _refuse_unfit(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    """Raises IdentityRefused unless the certificate is the key's, valid now, for signing documents, and well signed itself."""
    if certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
        raise IdentityRefused("key_type")
    spki = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if certificate.public_key().public_bytes(*spki) != key.public_key().public_bytes(*spki):
        raise IdentityRefused("not_its_key")
    now = clock.now()
    if now < certificate.not_valid_before_utc:
        raise IdentityRefused("not_yet_valid")
    if now >= certificate.not_valid_after_utc:
        raise IdentityRefused("expired")
    if isinstance(certificate.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
        raise IdentityRefused("weak_certificate")
    if not _signs_documents(certificate):
        raise IdentityRefused("not_for_signing")


def _signs_documents(certificate: x509.Certificate) -> bool:
    """By key usage (RFC 5280 section 4.2.1.3) and extended key usage, where it has them."""
    try:
        extensions = certificate.extensions
    except ValueError:  # malformed, or one that comes twice
        return False
    for extension in extensions:
        match extension.value:
            case x509.KeyUsage() as usage if not (usage.digital_signature or usage.content_commitment):
                return False
            case x509.ExtendedKeyUsage() as uses if not {u.dotted_string for u in uses} & _DOCUMENT_USES:
                return False
    return True


def _keep(
    user: User,
    provider: SigningIdentity.Provider,
    label: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: tuple[x509.Certificate, ...],
) -> SigningIdentity:
    der = certificate.public_bytes(Encoding.DER)
    with atomic():
        User.objects.select_for_update().get(pk=user.pk)
        mine = identities_of(user)
        if mine.count() >= IDENTITIES_MAX:
            raise IdentityRefused("too_many")
        if mine.filter(certificate=der).exists():
            raise IdentityRefused("already_there")
        return SigningIdentity.objects.create(
            user=user,
            provider=provider,
            label=label[:200],
            certificate=der,
            chain=[_pem(c) for c in chain],
            private_key=vault.encrypt(
                key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), _CONTEXT
            ),
            not_after=certificate.not_valid_after_utc,
            created_at=clock.now(),
        )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
