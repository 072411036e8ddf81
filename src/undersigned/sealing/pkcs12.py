"""The part of `identities` that runs in the bounded process: a PKCS#12 file (RFC 7292), as somebody brought it, is opened.

Runs without settings, database or secrets other than the file's own. A file says itself how often its password is hashed, so time is
bounded here.
"""

from __future__ import annotations

from asn1crypto.pkcs12 import Pfx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from undersigned.base.bounded import Refusal

CERTIFICATES_MAX = 10
_OLD = bytes.fromhex("060a2a864886f70d010c0106")
"""The DER of pbeWithSHAAnd40BitRC2-CBC (RFC 7292, appendix C), which programs of the century's first two decades wrote."""


def read(data: str, password: str) -> dict[str, str | list[str]]:
    """Key (PKCS#8), certificate and the further certificates of the file, all DER in hexadecimal, as `data` is.

    Raises Refusal: not_pkcs12, wrong_password, old_cipher, no_key, too_many_certificates.
    """
    raw = bytes.fromhex(data)
    try:
        known = Pfx.load(raw, strict=True)["version"].native == "v3"
    except (ValueError, TypeError) as e:
        raise Refusal("not_pkcs12", str(e)[:300]) from e
    if not known:
        raise Refusal("not_pkcs12", "another version")
    try:
        opened = load_pkcs12(raw, password.encode())
    except UnsupportedAlgorithm as e:
        raise Refusal("old_cipher", str(e)[:300]) from e
    except (
        ValueError,
        TypeError,
    ) as e:  # it says the same of a cipher that its OpenSSL was built, or told, to do without
        raise Refusal(
            "old_cipher" if _OLD in raw and not _reads_old() else "wrong_password", str(e)[:300]
        ) from e
    if opened.key is None or opened.cert is None:
        raise Refusal("no_key")
    if len(opened.additional_certs) > CERTIFICATES_MAX:
        raise Refusal("too_many_certificates")
    key = opened.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "key": key.hex(),
        "certificate": opened.cert.certificate.public_bytes(Encoding.DER).hex(),
        "others": [c.certificate.public_bytes(Encoding.DER).hex() for c in opened.additional_certs],
    }


def _reads_old() -> bool:
    """Does this machine's OpenSSL know RC2?"""
    try:
        Cipher(RC2(bytes(16)), CBC(bytes(8))).encryptor()
    except UnsupportedAlgorithm:
        return False
    return True
