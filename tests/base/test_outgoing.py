"""The outgoing client against real servers on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from undersigned.base import outgoing
from undersigned.base.addresses import is_public
from undersigned.base.outgoing import (
    AddressRefused,
    InvalidUrl,
    OutgoingError,
    TimedOut,
    Unreachable,
    post,
    send,
)

pytestmark = pytest.mark.adversarial
Script = Callable[[socket.socket], None]


class Server:
    """Accepts connections and lets a script answer each; keeps what arrived first."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._script = script
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), client:
                if self._tls is not None:
                    with self._tls.wrap_socket(client, server_side=True) as secure:
                        self._answer(secure)
                else:
                    self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(5)
        data = client.recv(65536)
        while data.startswith(b"POST") and (b"\r\n\r\n" not in data or data.endswith(b"\r\n\r\n")):
            data += client.recv(65536)  # every POST here has a body
        self.requests.append(data)
        self._script(client)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(script: Script, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def answer(data: bytes) -> Script:
    return lambda client: client.sendall(data)


OK = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok")


def test_post_sends_the_body_and_returns_the_answer(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    got = post(
        f"http://127.0.0.1:{server.port}/hook?a=%C3%A9",
        b'{"x":1}',
        {"Content-Type": "application/json"},
        allow_private=True,
    )
    assert (got.status, got.body, got.truncated, got.headers["x-a"]) == (200, b"ok", False, "1, 2")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"x":1}'
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?a=%C3%A9 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}".encode() in lines
    assert b"Content-Length: 7" in lines
    assert b"Content-Type: application/json" in lines


def test_redirect_is_an_answer_and_not_followed(serve: Callable[..., Server]) -> None:
    target = serve(OK)
    server = serve(
        answer(
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{target.port}/\r\nContent-Length: 0\r\n\r\n".encode()
        )
    )
    got = post(f"http://127.0.0.1:{server.port}/", b"x", allow_private=True)
    assert got.status == 307
    assert target.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_host_that_is_not_public_is_refused_without_a_connection(
    serve: Callable[..., Server], host: str
) -> None:
    server = serve(OK)
    with pytest.raises((AddressRefused, Unreachable)) as caught:
        post(f"http://{host}:{server.port}/", b"x")
    assert caught.value.code == "address_refused" or "resolving" in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "0.0.0.0", "[fe80::1]", "[ff02::1]", "[::]", "[::ffff:169.254.169.254]", "224.0.0.1"],
)
def test_link_local_is_refused_even_where_private_is_allowed(host: str) -> None:
    with pytest.raises(AddressRefused):
        post(f"http://{host}/", b"x", allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def _answers(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    def getaddrinfo(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return getaddrinfo


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answers("8.8.8.8", "10.0.0.1"))
    with pytest.raises(AddressRefused):
        post("http://two-faced.example/", b"x")


def test_name_that_changes_its_mind_is_resolved_once(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebinding resolver: harmless on the first question, another address on every later one."""
    server = serve(OK)
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return _answers("127.0.0.1" if len(asked) == 1 else "10.255.255.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    got = post(f"http://rebinding.example:{server.port}/", b"x", allow_private=True)
    assert got.status == 200
    assert asked == ["rebinding.example"]
    assert f"Host: rebinding.example:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "http://",
        "http:///x",
        "http://user:pw@example.com/",
        "http://user@example.com/",
        "http://example.com\\@10.0.0.1/",
        "http://example.com/ HTTP/1.1\r\nX: y",
        "http://example.com/\n",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://exam\u2024ple.com/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        post(url, b"x")


def test_huge_body_is_cut_at_the_limit(serve: Callable[..., Server]) -> None:
    def flood(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            client.sendall(b"x" * 65536)

    server = serve(flood)
    got = send("GET", f"http://127.0.0.1:{server.port}/", limit=1000, allow_private=True)
    assert (len(got.body), got.truncated) == (1000, True)


def test_compressed_body_is_not_unpacked(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"))
    assert send("GET", f"http://127.0.0.1:{server.port}/", allow_private=True).body == b"abcd"


def _drip(before: bytes, piece: bytes) -> Script:
    def script(client: socket.socket) -> None:
        client.sendall(before)
        for _ in range(100):
            client.sendall(piece)
            time.sleep(0.1)

    return script


@pytest.mark.parametrize(
    "script",
    [
        _drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        _drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b""),
    ],
    ids=["body", "chunks", "header", "continue", "silence"],
)
def test_slow_answer_ends_at_the_deadline(serve: Callable[..., Server], script: Script) -> None:
    server = serve(script)
    begun = time.monotonic()
    with pytest.raises(TimedOut):
        post(f"http://127.0.0.1:{server.port}/", b"x", timeout=0.5, allow_private=True)
    assert 0.4 < time.monotonic() - begun < 2


def test_slow_tls_handshake_ends_at_the_deadline(serve: Callable[..., Server]) -> None:
    # A handshake record of 16 kB that arrives one byte at a time.
    server = serve(_drip(b"\x16\x03\x03\x40\x00", b"\x02"))
    begun = time.monotonic()
    with pytest.raises(TimedOut):
        post(f"https://127.0.0.1:{server.port}/", b"x", timeout=0.5, allow_private=True)
    assert time.monotonic() - begun < 2


def test_resolver_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(1) or [])
    with pytest.raises(TimedOut):
        post("http://slow.example/", b"x", timeout=0.2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"220 smtp.example ESMTP\r\n",
        b"\x00\xff" * 100,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
    ],
)
def test_no_http_is_unreachable(serve: Callable[..., Server], data: bytes) -> None:
    server = serve(answer(data))
    with pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{server.port}/", b"x", allow_private=True)


def test_closed_port_and_unknown_name_are_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{port}/", b"x", allow_private=True)

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable):
        post("http://no-such-name.example/", b"x")


def test_environment_proxy_is_not_used(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(OK), serve(OK)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    post(f"http://127.0.0.1:{server.port}/", b"x", allow_private=True)
    assert proxy.requests == []


def _certificate(tmp_path: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = (
        builder.serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    path = tmp_path / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_checks_the_name_of_the_address_not_the_ip(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pem = _certificate(tmp_path, "hooks.example")
    server_names: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    tls.sni_callback = lambda _sock, name, _context: server_names.append(name)
    server = serve(OK, tls)
    monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
    with pytest.raises(Unreachable):  # nobody trusts this certificate yet
        post(f"https://hooks.example:{server.port}/", b"x", allow_private=True)
    monkeypatch.setattr(outgoing, "_tls_context", lambda: ssl.create_default_context(cafile=str(pem)))
    assert post(f"https://hooks.example:{server.port}/", b"x", allow_private=True).status == 200
    assert server_names == ["hooks.example", "hooks.example"]
    with pytest.raises(Unreachable):
        post(f"https://other.example:{server.port}/", b"x", allow_private=True)


def test_errors_have_words_to_show() -> None:
    assert {e.code for e in (OutgoingError, InvalidUrl, AddressRefused, Unreachable, TimedOut)} == {
        "failed",
        "invalid_url",
        "address_refused",
        "unreachable",
        "timeout",
    }
