"""A timestamp authority of somebody else's, by HTTP: pyHanko's, with an RSA chain and a CRL of its own. It can be told to misbehave."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

HANG = 30.0


@lru_cache
def _key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _certificate(name: str, issuer: str, crl: str, *, ca: bool, usage: bool = True) -> x509.Certificate:
    now = datetime.now(UTC)
    key = _key(name).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(_key(issuer).public_key()), critical=False
        )
    )
    if usage and not ca:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    if name != issuer:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        above = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier(crl.replace("crl", "root")),
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([above]), critical=False)
    return builder.sign(_key(issuer), hashes.SHA256())


class Authority:
    """`fault`: "" answers well; see `_answer` and `_crl` for the others."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked = 0
        self.url = ""

    def certify(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/tsa"
        crl = f"http://127.0.0.1:{port}/crl"
        self.root = _certificate("Root of time", "Root of time", crl, ca=True)
        self.leaf = _certificate("Unit of time", "Root of time", crl, ca=False)
        self.other = _certificate("Unit of time", "Root of time", crl, ca=False, usage=False)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        self.asked += 1
        match self.fault:
            case "hangs":
                time.sleep(HANG)
            case "errs":
                return 503, b"down for maintenance"
            case "babbles":
                return 200, b"<html>welcome</html>"
            case "rejects":
                status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {"time_not_available"}})
                return 200, b"\x30" + bytes([len(status.dump())]) + status.dump()
        request = tsp.TimeStampReq.load(body)
        if self.fault == "wrong imprint":
            request["message_imprint"]["hashed_message"] = bytes(32)
        if self.fault == "wrong nonce":
            request["nonce"] = 1
        certificate = self.other if self.fault == "wrong purpose" else self.leaf
        key = _key("somebody else" if self.fault == "bad signature" else "Unit of time")
        at = datetime.now(UTC) - (timedelta(days=1) if self.fault == "wrong time" else timedelta())
        stamper = DummyTimeStamper(
            asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
            keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
            []
            if self.fault == "no chain"
            else [asn1_x509.Certificate.load(self.root.public_bytes(Encoding.DER))],  # type: ignore[arg-type]
            fixed_dt=at.replace(microsecond=0),
        )
        return 200, stamper.request_tsa_response(request).dump()

    def crl(self) -> tuple[int, bytes]:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - timedelta(days=2))
            .next_update(now + timedelta(days=-1 if self.fault == "old CRL" else 7))
        )
        if self.fault == "revoked":
            entry = x509.RevokedCertificateBuilder().serial_number(self.leaf.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now).build())
        if self.fault == "no CRL":
            return 404, b""
        key = _key("somebody else" if self.fault == "forged CRL" else "Root of time")
        return 200, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@contextlib.contextmanager
def serving() -> Iterator[Authority]:
    """An authority on a free port of this machine."""
    it = Authority()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._send(*it.answer(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            self._send(*(it.crl() if self.path == "/crl" else (200, it.root.public_bytes(Encoding.DER))))

        def _send(self, status: int, body: bytes) -> None:
            with contextlib.suppress(OSError):  # whoever asked has gone
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        listening.block_on_close = False
        it.certify(listening.server_address[1])
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield it
        listening.shutdown()
