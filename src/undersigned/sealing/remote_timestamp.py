"""A timestamp authority that is asked by HTTP (RFC 3161 section 3.4), and what proves its certificates later.

Nothing of its answer is believed: the imprint, the nonce, the signature, the certificate's purpose and the time are checked before a
token is used. Whatever is not right is `TimestampUnavailable` with the reason: the work waits.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from pyhanko.sign.general import check_ess_certid
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from undersigned.base import clock, outgoing

from . import revocation
from .errors import TimestampUnavailable

TIMEOUT = 10.0
"""Seconds for one exchange."""
CLOCKS_APART = timedelta(minutes=5)
"""How far the authority's time may be from this machine's: one of the two is wrong then, and nobody knows which."""
ANSWER_LIMIT = 64 * 1024
CRL_LIMIT = 16 << 20
CRL_KEPT = timedelta(hours=1)
_GRANTED = ("granted", "granted_with_mods")


class Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp (RFC 3161 section 2.4.2); asn1crypto's own wants a token even in a refusal."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class Remote:
    """Implements `timestamp.TimestampAuthority`. One for the whole process: it remembers the certificates that came with tokens."""

    reserved = 40960
    """Digits: a token with a chain of RSA certificates, inside a signature with its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._known: dict[bytes, x509.Certificate] = {}
        self._crls: dict[str, tuple[datetime, x509.CertificateRevocationList]] = {}

    # --- tokens ---
    def token(self, digest: bytes) -> bytes:
        """DER of a TimeStampToken over a SHA-256 `digest`. Raises TimestampUnavailable."""
        nonce = secrets.randbits(63) | 1 << 62
        request = tsp.TimeStampReq(
            {
                "version": "v1",
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
                "nonce": nonce,
                "cert_req": True,
            }
        )
        body, now = self._ask("POST", self._url, request.dump(), ANSWER_LIMIT), clock.now()
        try:
            return self._checked(Response.load(body, strict=True), digest, nonce, now)
        except TimestampUnavailable:
            raise
        except Exception as e:  # an answer may be anything at all, and so may what reading it throws
            raise _refused(f"its answer cannot be read ({type(e).__name__}: {e})") from e

    def _ask(self, method: str, url: str, body: bytes, limit: int) -> bytes:
        kind = {"Content-Type": "application/timestamp-query"} if body else {}
        try:
            # The operator chose this authority; it may well stand in the operator's own network.
            answer = outgoing.send(method, url, body, kind, timeout=TIMEOUT, limit=limit, allow_private=True)
        except outgoing.OutgoingError as e:
            raise _refused(f"{e.code}: {e}") from e
        if answer.status != 200:
            raise _refused(f"it answers {answer.status}")
        if answer.truncated:
            raise _refused("its answer is too long")
        return answer.body

    def _checked(self, response: Response, digest: bytes, nonce: int, now: datetime) -> bytes:
        status = response["status"]
        if status["status"].native not in _GRANTED:
            words = [*(status["fail_info"].native or ()), *(status["status_string"].native or ())]
            raise _refused(f"it refuses: {status['status'].native} {' '.join(words)}".strip())
        token = response["time_stamp_token"]
        data = token["content"]
        info = data["encap_content_info"]["content"].parsed
        _require(token["content_type"].native == "signed_data", "its token is not signed data")
        _require(isinstance(info, tsp.TSTInfo), "its token holds something else")
        imprint = info["message_imprint"]
        same = imprint["hash_algorithm"]["algorithm"].native == "sha256"
        _require(same and imprint["hashed_message"].native == digest, "its token is about something else")
        _require(info["nonce"].native == nonce, "its token answers another request")
        at = info["gen_time"].native
        _require(abs(at - now) < CLOCKS_APART, f"its clock says {at:%Y-%m-%d %H:%M:%S} UTC")
        leaf = _signed_by(data, info.dump())
        _check_purpose(leaf, at)
        self._remember(data)
        return bytes(token.dump())

    def _remember(self, data: cms.SignedData) -> None:
        with self._lock:
            for choice in data["certificates"]:
                if isinstance(choice.chosen, asn1_x509.Certificate):
                    der = choice.chosen.dump()
                    self._known[der] = x509.load_der_x509_certificate(der)

    # --- what proves its certificates ---
    def validation_data(self, leaves: list[bytes]) -> dict[str, list[bytes]]:
        """As `timestamp.TimestampAuthority` says. Its own certificates are those in tokens of this process and among `leaves`.

        Raises TimestampUnavailable when a CRL that belongs to them cannot be had, or lists one of them.
        """
        with self._lock:
            known = list(self._known.values())
        found = [x509.load_der_x509_certificate(leaf) for leaf in leaves]
        certificates = [*known, *(leaf for leaf in found if _stamps(leaf) and _above(leaf, known))]
        crls: dict[bytes, None] = {}
        for certificate in certificates:  # grows by those above that no token held
            if certificate.issuer != certificate.subject:
                issuer = _above(certificate, certificates)
                if issuer is None:
                    issuer = self._fetch_above(certificate)
                    certificates.append(issuer)
                crls[self._crl(certificate, issuer).public_bytes(Encoding.DER)] = None
        ders = (certificate.public_bytes(Encoding.DER) for certificate in certificates)
        data = revocation.validation_data(leaves)
        return data | {"certs": list(dict.fromkeys([*data["certs"], *ders])), "crls": [*data["crls"], *crls]}

    def _fetch_above(self, certificate: x509.Certificate) -> x509.Certificate:
        """The issuer's certificate from where `certificate` says that it is (RFC 5280 section 4.2.2.1)."""
        name, url = certificate.subject.rfc4514_string(), _issuer_address(certificate)
        if not url:
            raise _refused(f"nobody gives the certificate above {name}")
        try:
            issuer = x509.load_der_x509_certificate(self._ask("GET", url, b"", ANSWER_LIMIT))
        except ValueError as e:
            raise _refused(f"{url} is not a certificate") from e
        if _above(certificate, [issuer]) is None:
            raise _refused(f"{url} is not the certificate above {name}")
        with self._lock:
            self._known[issuer.public_bytes(Encoding.DER)] = issuer
        return issuer

    def _crl(self, certificate: x509.Certificate, issuer: x509.Certificate) -> x509.CertificateRevocationList:
        name = certificate.subject.rfc4514_string()
        url = _crl_address(certificate)
        if not url:
            raise _refused(f"no CRL is named for {name}")
        kept = self._crls.get(url)
        if kept is None or kept[0] < clock.now() - CRL_KEPT:
            body = self._ask("GET", url, b"", CRL_LIMIT)
            try:
                kept = self._crls[url] = (clock.now(), x509.load_der_x509_crl(body))
            except ValueError as e:
                raise _refused(f"{url} is not a CRL") from e
        crl = kept[1]
        until = crl.next_update_utc
        good = crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        if not good or until is None or until < clock.now():
            self._crls.pop(url, None)
            raise _refused(f"the CRL at {url} is not its authority's, or is old")
        if crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            self._crls.pop(url, None)
            raise _refused(f"the certificate of {name} was revoked")
        return crl


@lru_cache(maxsize=4)
def at(url: str) -> Remote:
    """The authority at `url`."""
    return Remote(url)


def _refused(reason: str) -> TimestampUnavailable:
    return TimestampUnavailable(f"the timestamp authority cannot be used: {reason}")


def _require(good: bool, reason: str) -> None:
    if not good:
        raise _refused(reason)


def _signed_by(data: cms.SignedData, content: bytes) -> x509.Certificate:
    """The certificate that the token's signature fits and names (RFC 3161 section 2.4.2: exactly one signer, ESSCertID)."""
    infos = data["signer_infos"]
    _require(len(infos) == 1, "its token has more than one signature")
    leaf = _certificate_of(data, infos[0])
    algorithm = infos[0]["digest_algorithm"]["algorithm"].native
    intact, valid = validate_sig_integrity(
        infos[0], leaf, "tst_info", hashlib.new(algorithm, content).digest()
    )
    _require(intact and valid, "the signature of its token is wrong")
    named: Any = [
        certid
        for attribute in infos[0]["signed_attrs"]
        if attribute["type"].native in ("signing_certificate", "signing_certificate_v2")
        for certid in list(attribute["values"][0]["certs"])[:1]
    ]
    _require(
        bool(named) and all(check_ess_certid(leaf, n) for n in named), "its token names another certificate"
    )
    return x509.load_der_x509_certificate(leaf.dump())


def _certificate_of(data: cms.SignedData, info: cms.SignerInfo) -> asn1_x509.Certificate:
    wanted = info["sid"].chosen
    for choice in data["certificates"]:
        certificate = choice.chosen
        if isinstance(wanted, cms.IssuerAndSerialNumber):
            found = (certificate.issuer, certificate.serial_number) == (
                wanted["issuer"],
                wanted["serial_number"].native,
            )
        else:
            found = certificate.key_identifier == wanted.native
        if found:
            return certificate
    raise _refused("its token does not hold its certificate")


def _check_purpose(leaf: x509.Certificate, at_: datetime) -> None:
    _require(_stamps(leaf), "its certificate is not for time-stamping")
    inside = leaf.not_valid_before_utc <= at_.astimezone(UTC) <= leaf.not_valid_after_utc
    _require(inside, "its certificate has ended")


def _stamps(certificate: x509.Certificate) -> bool:
    """RFC 3161 section 2.3: timeStamping alone."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return list(usage) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _above(certificate: x509.Certificate, known: list[x509.Certificate]) -> x509.Certificate | None:
    for candidate in known:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return candidate
    return None


def _crl_address(certificate: x509.Certificate) -> str:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ""
    names = [name.value for point in points for name in point.full_name or ()]
    return next((n for n in names if isinstance(n, str) and n.startswith(("http://", "https://"))), "")


def _issuer_address(certificate: x509.Certificate) -> str:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    issuers = (a for a in access if a.access_method == AuthorityInformationAccessOID.CA_ISSUERS)
    return next((str(a.access_location.value) for a in issuers), "")
