"""CMS SignedData (RFC 5652) with the attributes that CAdES and PAdES ask for, written with `cryptography.hazmat.asn1`.

SHA-256 throughout; our own keys are P-256, keys that people bring may be RSA or on another curve. About 0.03 ms a message with P-256,
signing included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

ID_DATA = x509.ObjectIdentifier("1.2.840.113549.1.7.1")
ID_SIGNED_DATA = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
ID_TST_INFO = x509.ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
_SIGNING_TIME = x509.ObjectIdentifier("1.2.840.113549.1.9.5")
_OCSP_RESPONSE = x509.ObjectIdentifier("1.3.6.1.5.5.7.16.2")
_SIGNING_CERTIFICATE_V2 = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
_TIMESTAMP_TOKEN = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.14")
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_ECDSA_SHA256 = x509.ObjectIdentifier("1.2.840.10045.4.3.2")
_RSA_SHA256 = x509.ObjectIdentifier("1.2.840.113549.1.1.11")


@asn1.sequence
class AlgorithmIdentifier:
    """SHA-256 and ECDSA have no parameters, RSA has NULL (RFC 5754 sections 2, 3.2 and 3.3)."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Attribute:
    type: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


@asn1.sequence
class _SignerInfo:
    version: int
    sid: _IssuerAndSerial
    digest_algorithm: AlgorithmIdentifier
    signed_attrs: Annotated[asn1.SetOf[_Attribute], asn1.Implicit(0)]
    signature_algorithm: AlgorithmIdentifier
    signature: bytes
    unsigned_attrs: Annotated[asn1.SetOf[_Attribute] | None, asn1.Implicit(1)]


@asn1.sequence
class _EncapsulatedContent:
    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digest_algorithms: asn1.SetOf[AlgorithmIdentifier]
    content: _EncapsulatedContent
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    crls: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signer_infos: asn1.SetOf[_SignerInfo]


@asn1.sequence
class _ContentInfo:
    content_type: x509.ObjectIdentifier
    content: Annotated[_SignedData, asn1.Explicit(0)]


@asn1.sequence
class _OtherRevocationInfo:
    format: x509.ObjectIdentifier
    info: asn1.TLV


@asn1.sequence
class _AttributesAlone:
    attrs: Annotated[asn1.SetOf[_Attribute], asn1.Implicit(0)]


@asn1.sequence
class _EssCertIdV2:
    """RFC 5035: hashAlgorithm is left out because SHA-256 is its DEFAULT."""

    cert_hash: bytes


@asn1.sequence
class _SigningCertificateV2:
    certs: list[_EssCertIdV2]


@dataclass(frozen=True)
class Signer:
    """A key, its certificate and the certificates between it and the root (without the root)."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def tlv(value: object) -> asn1.TLV:
    """`value` encoded, as a raw piece for fields that hold any type."""
    return asn1.decode_der(asn1.TLV, asn1.encode_der(value))


def _raw(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)


def _attribute(kind: x509.ObjectIdentifier, value: asn1.TLV) -> _Attribute:
    return _Attribute(type=kind, values=asn1.SetOf([value]))


def signed_data(
    signer: Signer,
    digest: bytes,
    *,
    content_type: x509.ObjectIdentifier = ID_DATA,
    content: bytes | None = None,
    timestamp: Callable[[bytes], bytes] | None = None,
    signing_time: datetime | None = None,
) -> bytes:
    """DER of a CMS message signed by `signer` over content whose SHA-256 is `digest`; detached unless `content` is given.

    `timestamp` gets the SHA-256 of the signature value and returns a timestamp token (RFC 3161 section 2.4.2), which becomes the
    unsigned attribute id-aa-timeStampToken (CAdES-T, EN 319 122-1 clause 5.3). `signing_time` is the time that the signer claims
    (RFC 5652 section 11.3): CAdES asks for it (EN 319 122-1 table 1) and PAdES forbids it, since there the PDF's /M carries it
    (EN 319 142-1 table 1).
    """
    certificate = signer.certificate.public_bytes(Encoding.DER)
    sha256 = AlgorithmIdentifier(algorithm=SHA256, parameters=None)
    names = _SigningCertificateV2(certs=[_EssCertIdV2(cert_hash=hashlib.sha256(certificate).digest())])
    signed = [
        _attribute(_CONTENT_TYPE, tlv(content_type)),
        _attribute(_MESSAGE_DIGEST, tlv(digest)),
        _attribute(_SIGNING_CERTIFICATE_V2, tlv(names)),
    ]
    if signing_time is not None:
        claimed = signing_time.astimezone(UTC).replace(microsecond=0)
        time = asn1.UTCTime(claimed) if claimed.year < 2050 else asn1.GeneralizedTime(claimed)
        signed.append(_attribute(_SIGNING_TIME, tlv(time)))
    attributes = asn1.SetOf(signed)
    # RFC 5652 section 5.4: the signature is over the SET OF encoding, not over the IMPLICIT [0] of the message.
    implicit = bytes(asn1.decode_der(asn1.TLV, asn1.encode_der(_AttributesAlone(attrs=attributes))).data)
    algorithm, signature = _sign(signer, b"\x31" + implicit[1:])
    unsigned = None
    if timestamp is not None:
        unsigned = asn1.SetOf(
            [_attribute(_TIMESTAMP_TOKEN, _raw(timestamp(hashlib.sha256(signature).digest())))]
        )
    info = _SignerInfo(
        version=1,
        sid=_IssuerAndSerial(
            issuer=_raw(signer.certificate.issuer.public_bytes()), serial=signer.certificate.serial_number
        ),
        digest_algorithm=sha256,
        signed_attrs=attributes,
        signature_algorithm=algorithm,
        signature=signature,
        unsigned_attrs=unsigned,
    )
    data = _SignedData(
        version=1 if content_type == ID_DATA else 3,
        digest_algorithms=asn1.SetOf([sha256]),
        content=_EncapsulatedContent(content_type=content_type, content=content),
        certificates=asn1.SetOf(
            [_raw(certificate), *(_raw(c.public_bytes(Encoding.DER)) for c in signer.chain)]
        ),
        crls=None,
        signer_infos=asn1.SetOf([info]),
    )
    return asn1.encode_der(_ContentInfo(content_type=ID_SIGNED_DATA, content=data))


def message_digest(message: bytes) -> bytes:
    """The SHA-256 that a detached message of `signed_data` is about. Raises ValueError for anything else."""
    signed = asn1.decode_der(_ContentInfo, message).content.signer_infos.as_list()[0].signed_attrs
    for attribute in signed.as_list():
        if attribute.type == _MESSAGE_DIGEST:
            digest: bytes = attribute.values.as_list()[0].parse(bytes)
            return digest
    raise ValueError("a signature without a digest")


def with_validation_data(
    message: bytes, certificates: Iterable[bytes], crls: Iterable[bytes], ocsps: Iterable[bytes]
) -> bytes:
    """A message of `signed_data` with what proves its certificates added to it, all DER (CAdES-LT, EN 319 122-1 clause 5.5 and table 1).

    Only what no signature covers grows: SignedData.certificates and SignedData.crls, where OCSP answers go as "other" (RFC 5940 section 2).
    """
    data = asn1.decode_der(_ContentInfo, message).content
    there = data.certificates.as_list()
    present = {bytes(c.data) for c in there}
    further = [c for c in map(_raw, dict.fromkeys(certificates)) if bytes(c.data) not in present]
    others = [
        # [1] IMPLICIT OtherRevocationInfoFormat: its SEQUENCE under another tag.
        b"\xa1" + asn1.encode_der(_OtherRevocationInfo(format=_OCSP_RESPONSE, info=_raw(o)))[1:]
        for o in ocsps
    ]
    answers = [_raw(r) for r in dict.fromkeys([*crls, *others])]
    grown = _SignedData(
        version=5 if others else data.version,  # RFC 5652 section 5.1
        digest_algorithms=data.digest_algorithms,
        content=data.content,
        certificates=asn1.SetOf([*there, *further]),
        crls=asn1.SetOf(answers) if answers else None,
        signer_infos=data.signer_infos,
    )
    return asn1.encode_der(_ContentInfo(content_type=ID_SIGNED_DATA, content=grown))


def _sign(signer: Signer, data: bytes) -> tuple[AlgorithmIdentifier, bytes]:
    """PKCS #1 v1.5 with RSA keys: every validator knows it."""
    if isinstance(signer.key, rsa.RSAPrivateKey):
        algorithm = AlgorithmIdentifier(algorithm=_RSA_SHA256, parameters=asn1.Null())
        return algorithm, signer.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    algorithm = AlgorithmIdentifier(algorithm=_ECDSA_SHA256, parameters=None)
    return algorithm, signer.key.sign(data, ec.ECDSA(hashes.SHA256()))
