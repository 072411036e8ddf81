"""From the core's rows to the keys with which a person may sign."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from undersigned.base.clock import now
from undersigned.envelopes import wallet as core
from undersigned.envelopes.models import Sitting
from undersigned.sealing.models import SigningIdentity

from .wallet import OwnKey, Wallet


def wallet_of(sitting: Sitting) -> Wallet | None:
    """The person's wallet; None where they have none, or may not use it here."""
    if sitting.ended_at is not None or core.owner(sitting.recipient) is None:
        return None
    keys = tuple(_key(key) for key in core.keys(sitting))
    chosen = str(sitting.identity.pub) if sitting.identity is not None else ""
    return Wallet(core.is_open(sitting), keys, chosen if any(k.id == chosen for k in keys) else "")


def _key(key: SigningIdentity) -> OwnKey:
    expired = core.has_expired(key)
    renewed = not expired and key.not_after <= now()
    return OwnKey(str(key.pub), key.label, _issuer(key), key.not_after, expired, renewed)


def _issuer(key: SigningIdentity) -> str:
    """Who issued the certificate, by the name that people know."""
    issuer = x509.load_der_x509_certificate(bytes(key.certificate)).issuer
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if named := issuer.get_attributes_for_oid(oid):
            return str(named[0].value)
    return issuer.rfc4514_string()
