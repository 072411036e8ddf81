"""A certification authority of somebody else's: certificates, PKCS#12 files made by openssl, a CRL and OCSP answers over HTTP."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

PASSWORD = "secret ä"


def new_key(kind: str = "P-256") -> Any:
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))
    return ec.generate_private_key(
        {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[kind]
    )


class OtherAuthority:
    """`serving`: certificates name its CRL and OCSP addresses. `asked`: the paths that were asked for; `down`: answers 503 then."""

    def __init__(self, folder: Path, *, serving: bool = False) -> None:
        self.folder, self.serving = folder, serving
        self.asked: list[str] = []
        self.down = self.nonsense = False
        self.revoked: set[int] = set()
        self.key = new_key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Emicert")])
        ca = x509.BasicConstraints(ca=True, path_length=None)
        self.root = self._build(self.name, self.key, datetime.now(UTC) + timedelta(days=900), [(ca, True)])
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(
                    {"/ca.crl": outer.crl, "/ca.der": outer.root.public_bytes(Encoding.DER)}[self.path]
                )

            def do_POST(self) -> None:
                asked = ocsp.load_der_ocsp_request(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(outer.answer(asked))

            def _answer(self, body: bytes) -> None:
                outer.asked.append(self.path)
                body = b"nonsense" if outer.nonsense else body
                self.send_response(503 if outer.down else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.leaves: dict[int, x509.Certificate] = {}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _build(
        self, subject: x509.Name, key: Any, until: datetime, extensions: list[tuple[Any, bool]]
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(datetime.now(UTC), until) - timedelta(days=1))
            .not_valid_after(until)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(
        self,
        name: str = "Anna Virtanen",
        kind: str = "RSA-2048",
        *,
        days: int = 400,
        usage: tuple[bool, bool] = (True, True),
        eku: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ) -> tuple[Any, x509.Certificate]:
        """Key and certificate; `usage`: digitalSignature and contentCommitment."""
        key = new_key(kind)
        extensions: list[tuple[Any, bool]] = [
            (x509.KeyUsage(*usage, not any(usage), False, False, False, False, False, False), True)
        ]
        if eku is not None:
            extensions.append((x509.ExtendedKeyUsage([eku]), False))
        if self.serving:
            point = x509.DistributionPoint(
                [x509.UniformResourceIdentifier(f"{self.url}/ca.crl")], None, None, None
            )
            at = [
                (AuthorityInformationAccessOID.OCSP, "/ocsp"),
                (AuthorityInformationAccessOID.CA_ISSUERS, "/ca.der"),
            ]
            access = [
                x509.AccessDescription(m, x509.UniformResourceIdentifier(self.url + path)) for m, path in at
            ]
            extensions += [
                (x509.CRLDistributionPoints([point]), False),
                (x509.AuthorityInformationAccess(access), False),
            ]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(subject, key, datetime.now(UTC) + timedelta(days=days), extensions)
        self.leaves[certificate.serial_number] = certificate
        return key, certificate

    def pkcs12(
        self,
        key: Any,
        certificate: x509.Certificate,
        *options: str,
        chain: bool = True,
        password: str = PASSWORD,
    ) -> bytes:
        """Made by openssl."""
        pem, out = self.folder / "in.pem", self.folder / "out.p12"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        above = self.root.public_bytes(Encoding.PEM) if chain else b""
        pem.write_bytes(private + certificate.public_bytes(Encoding.PEM) + above)
        command = [
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            pem,
            "-out",
            out,
            "-passout",
            f"pass:{password}",
            *options,
        ]
        subprocess.run(command, check=True, capture_output=True)
        return out.read_bytes()

    @property
    def crl(self) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now - timedelta(hours=1))
            .next_update(now + timedelta(days=30))
        )
        for serial in self.revoked:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(now - timedelta(hours=2))
            )
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(self, asked: ocsp.OCSPRequest) -> bytes:
        now, leaf = datetime.now(UTC), self.leaves[asked.serial_number]
        withdrawn = asked.serial_number in self.revoked
        status = ocsp.OCSPCertStatus.REVOKED if withdrawn else ocsp.OCSPCertStatus.GOOD
        at = now - timedelta(hours=2) if withdrawn else None
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf, self.root, hashes.SHA1(), status, now, now + timedelta(days=7), at, None
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.root)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)
