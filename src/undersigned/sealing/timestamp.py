"""Timestamps (RFC 3161, profile EN 319 422): the port, and the built-in time-stamping unit behind it."""

from __future__ import annotations

import hashlib
from typing import Protocol

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from undersigned.base import clock

from . import authority, cms, revocation
from .errors import TimestampUnavailable
from .models import Key
from .policies import TIMESTAMP_POLICY


class TimestampAuthority(Protocol):
    """Who confirms the time: `BuiltIn` or `remote_timestamp.Remote`."""

    reserved: int
    """Hexadecimal digits to keep free in a file for a signature with a token."""

    def token(self, digest: bytes) -> bytes:
        """DER of a TimeStampToken over a SHA-256 `digest`. Raises TimestampUnavailable."""

    def validation_data(self, leaves: list[bytes]) -> dict[str, list[bytes]]:
        """What proves the certificates `leaves` (DER, as found in signatures) and this authority's own: `certs`, `crls`, `ocsps`, DER.

        Raises TimestampUnavailable, revocation.CertificateEnded.
        """


def current() -> TimestampAuthority:
    """The authority chosen by the settings. Raises TimestampUnavailable when none is."""
    if settings.TIMESTAMP_AUTHORITY == "built-in":
        return BuiltIn()
    if settings.TIMESTAMP_AUTHORITY:
        from . import (
            remote_timestamp,
        )  # it loads pyHanko, which is needed nowhere else outside disposable processes

        return remote_timestamp.at(settings.TIMESTAMP_AUTHORITY)
    raise TimestampUnavailable("no timestamp authority is configured")


@asn1.sequence
class _MessageImprint:
    algorithm: cms.AlgorithmIdentifier
    digest: bytes


@asn1.sequence
class _Accuracy:
    seconds: int


@asn1.sequence
class _TstInfo:
    version: int
    policy: x509.ObjectIdentifier
    imprint: _MessageImprint
    serial: int
    gen_time: asn1.GeneralizedTime
    accuracy: _Accuracy
    nonce: int | None


class BuiltIn:
    """The installation's own time-stamping unit. Its time is this machine's clock, accurate to one second as far as the host keeps it."""

    reserved = 16384
    """8 kB; a signature takes 3.4 kB with our token."""

    def validation_data(self, leaves: list[bytes]) -> dict[str, list[bytes]]:
        """See `TimestampAuthority`."""
        unit = authority.certificate(authority.ensure_authorities()[Key.Purpose.TSA])
        return revocation.validation_data([*leaves, unit.public_bytes(Encoding.DER)])

    def token(self, digest: bytes) -> bytes:
        return self._token(digest, cms.SHA256, None)

    def _token(self, digest: bytes, algorithm: x509.ObjectIdentifier, nonce: int | None) -> bytes:
        signer = authority.signer_for(authority.ensure_authorities()[Key.Purpose.TSA])
        info = _TstInfo(
            version=1,
            policy=x509.ObjectIdentifier(TIMESTAMP_POLICY),
            imprint=_MessageImprint(
                algorithm=cms.AlgorithmIdentifier(algorithm=algorithm, parameters=None), digest=digest
            ),
            serial=x509.random_serial_number(),
            gen_time=asn1.GeneralizedTime(clock.now().replace(microsecond=0)),
            accuracy=_Accuracy(seconds=1),
            nonce=nonce,
        )
        content = asn1.encode_der(info)
        return cms.signed_data(
            signer, hashlib.sha256(content).digest(), content_type=cms.ID_TST_INFO, content=content
        )


_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}


def respond(request_der: bytes) -> bytes:
    """DER of the TimeStampResp to a DER TimeStampReq, from the built-in unit (the address /tsa).

    SHA-256, SHA-384 and SHA-512 imprints are accepted; anything else is rejected with the failure of RFC 3161 section 2.4.2.
    """
    try:
        request = tsp.TimeStampReq.load(request_der, strict=True)
        imprint = request["message_imprint"]
        algorithm, digest = imprint["hash_algorithm"]["algorithm"], imprint["hashed_message"].native
        nonce, policy = request["nonce"].native, request["req_policy"].native
    except (ValueError, TypeError):
        return _rejection("bad_data_format")
    if _SIZES.get(algorithm.native) != len(digest):
        return _rejection("bad_alg")
    if policy not in (None, TIMESTAMP_POLICY):
        return _rejection("unaccepted_policy")
    token = BuiltIn()._token(digest, x509.ObjectIdentifier(algorithm.dotted), nonce)  # noqa: SLF001 - same module
    return b"".join(_der_sequence(tsp.PKIStatusInfo({"status": "granted"}).dump(), token))


def _der_sequence(*parts: bytes) -> list[bytes]:
    body = b"".join(parts)
    size = len(body)
    length = (
        bytes([size])
        if size < 128
        else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    )
    return [b"\x30", length, body]


def _rejection(failure: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    return b"".join(_der_sequence(status.dump()))
