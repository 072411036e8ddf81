"""Proving ourselves to somebody's server, and fetching files from it, with real servers on this machine."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from undersigned.base import outgoing
from undersigned.base.http_auth import HttpAuth, parse_challenges

from .certificates import Authority

pytestmark = pytest.mark.adversarial
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
MUFASA = HttpAuth("digest", "Mufasa", "Circle of Life")


class Guarded:
    """A server that lets in whoever `admits` (its Authorization, method and path) and asks others by `challenges`."""

    def __init__(self, admits: Callable[[str, str, str], bool], challenges: list[str]) -> None:
        self.asked: list[tuple[str, str | None, bytes]] = []
        self.body = b"the file"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, body: bytes) -> None:
                authorization = self.headers.get("Authorization")
                outer.asked.append((self.path, authorization, body))
                good = admits(authorization or "", self.command, self.path)
                self.send_response(200 if good else 401)
                for challenge in () if good else challenges:
                    self.send_header("WWW-Authenticate", challenge)
                data = outer.body if good else b"who are you?"
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?a=1"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()


@pytest.fixture
def guard() -> Iterator[Callable[..., Guarded]]:
    started: list[Guarded] = []

    def start(admits: Callable[[str, str, str], bool], *challenges: str) -> Guarded:
        started.append(Guarded(admits, list(challenges)))
        return started[-1]

    yield start
    for one in started:
        one.server.shutdown()
        one.server.server_close()


def digest_of(username: str, password: str, algorithm: str = "SHA-256") -> Callable[[str, str, str], bool]:
    """A server's side of RFC 7616: does the header prove this user and password for this request?"""

    def admits(header: str, method: str, path: str) -> bool:
        found = re.findall(r'(\w+)=(?:"([^"]*)"|([^", ]+))', header)
        values = {name: quoted or bare for name, quoted, bare in found}
        if (
            not header.startswith("Digest ")
            or values.get("uri") != path
            or values.get("username") != username
        ):
            return False
        hashed = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

        def h(*parts: str) -> str:
            return hashed(":".join(parts).encode()).hexdigest()

        ha1, ha2 = h(username, values["realm"], password), h(method, path)
        expected = h(ha1, NONCE, values["nc"], values["cnonce"], "auth", ha2)
        return (values["nonce"], values["response"]) == (NONCE, expected)

    return admits


def challenge(algorithm: str = "SHA-256", qop: str = 'qop="auth, auth-int", ') -> str:
    return f'Digest realm="files, of Acme", {qop}algorithm={algorithm}, nonce="{NONCE}", opaque="o"'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_example_of_rfc_7616(monkeypatch: pytest.MonkeyPatch, algorithm: str, response: str) -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr(secrets, "token_hex", lambda _: cnonce)
    asked = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    answer = MUFASA.answer(asked, "GET", "/dir/index.html") or ""
    assert f'response="{response}"' in answer
    assert 'username="Mufasa"' in answer
    assert "qop=auth, nc=00000001" in answer


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_is_answered_with_the_whole_body(guard: Callable[..., Guarded], algorithm: str) -> None:
    server = guard(digest_of("jdo", "A12345678z", algorithm), challenge(algorithm))
    auth = HttpAuth("digest", "jdo", "A12345678z")
    assert outgoing.post(server.url, b"event", allow_private=True, auth=auth).status == 200
    assert [body for _, _, body in server.asked] == [b"event", b"event"]
    assert server.asked[0][1] is None


def test_wrong_password_is_asked_for_once(guard: Callable[..., Guarded]) -> None:
    server = guard(digest_of("jdo", "right"), challenge())
    got = outgoing.post(server.url, b"x", allow_private=True, auth=HttpAuth("digest", "jdo", "wrong"))
    assert (got.status, len(server.asked)) == (401, 2)


def test_the_strongest_hash_offered_is_taken() -> None:
    both = f"{challenge('MD5')}, {challenge('SHA-256')}"
    assert "algorithm=SHA-256" in (MUFASA.answer(both, "GET", "/") or "")
    assert MUFASA.answer(challenge("SHA-512-256"), "GET", "/") is None
    assert MUFASA.answer(challenge(qop='qop="auth-int", '), "GET", "/") is None
    assert (
        MUFASA.answer('Basic realm="x"', "GET", "/") is None
    )  # a password is not given in clear where a digest was meant


def test_basic_goes_at_once(guard: Callable[..., Guarded]) -> None:
    server = guard(lambda header, *_: header.startswith("Basic "), 'Basic realm="x"')
    auth = HttpAuth("basic", "jdo", "pässword")
    assert outgoing.post(server.url, b"x", allow_private=True, auth=auth).status == 200
    [(_, header, _)] = server.asked
    assert b64decode((header or "").removeprefix("Basic ")).decode() == "jdo:pässword"


def test_own_authorization_header_goes_first(guard: Callable[..., Guarded]) -> None:
    auth = HttpAuth("basic", "jdo", "p")
    token = guard(lambda header, *_: header == "Token t", 'Basic realm="x"')
    headers = {"authorization": "Token t"}
    assert outgoing.post(token.url, b"x", headers, allow_private=True, auth=auth).status == 200
    assert [header for _, header, _ in token.asked] == ["Token t"]
    basic = guard(lambda header, *_: header.startswith("Basic "), 'Basic realm="x"')
    assert outgoing.post(basic.url, b"x", headers, allow_private=True, auth=auth).status == 200
    assert [(header or "")[:5] for _, header, _ in basic.asked] == ["Token", "Basic"]


def test_the_answer_goes_to_the_address_that_was_vetted(
    guard: Callable[..., Guarded], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = guard(digest_of("jdo", "p"), challenge())
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    url = f"http://rebinding.example:{server.port}/"
    assert outgoing.post(url, b"x", allow_private=True, auth=HttpAuth("digest", "jdo", "p")).status == 200
    assert asked == ["rebinding.example"]


def test_redirect_takes_nothing_along(guard: Callable[..., Guarded]) -> None:
    other = guard(lambda *_: True)

    class Away(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", other.url)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Away) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        got = outgoing.post(url, b"x", allow_private=True, auth=HttpAuth("basic", "jdo", "p"))
        server.shutdown()
    assert (got.status, other.asked) == (307, [])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b=c"', [("basic", {"realm": "a, b=c"})]),
        (
            'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
            [
                ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
                ("basic", {"realm": "simple"}),
            ],
        ),
        ("Negotiate, Digest nonce=x", [("negotiate", {}), ("digest", {"nonce": "x"})]),
        ("", []),
        ("=, ,=x", [("", {}), ("", {})]),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    found = parse_challenges(header)
    if header.startswith("="):  # nonsense: read as something that nobody answers
        assert MUFASA.answer(header, "GET", "/") is None
    else:
        assert found == expected


def test_username_cannot_leave_its_quotes() -> None:
    answer = HttpAuth("digest", 'a", nonce="b\\', "p").answer(challenge(), "GET", "/") or ""
    assert answer.startswith('Digest username="a\\", nonce=\\"b\\\\", realm=')
    other = HttpAuth("digest", "jörg", "p").answer(challenge(), "GET", "/") or ""
    assert "username*=UTF-8''j%C3%B6rg" in other


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: real(cafile=str(made.root)))
    monkeypatch.setattr(outgoing, "_tls_context", ssl.create_default_context)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda _host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
    )
    return made


def test_client_certificate(authority: Authority, guard: Callable[..., Guarded], tmp_path: Path) -> None:
    server = guard(lambda *_: True)
    context = authority.server("hooks.example", wants_client=True)
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    url = f"https://hooks.example:{server.port}/"
    key, certificate = authority.issue("robot.example")
    got = outgoing.post(url, b"x", allow_private=True, auth=HttpAuth("", "", "", key, certificate))
    assert got.status == 200
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for auth in (None, HttpAuth(), HttpAuth("", "", "", *Authority(foreign, "Other").issue("robot.example"))):
        with pytest.raises(outgoing.Unreachable):
            outgoing.post(url, b"x", allow_private=True, auth=auth)
    other_key = authority.issue("robot.example")[0]
    for bad in (HttpAuth("", "", "", other_key, certificate), HttpAuth("", "", "", "no key", certificate)):
        with pytest.raises(outgoing.CertificateRefused):
            outgoing.post(url, b"x", allow_private=True, auth=bad)
    assert len(server.asked) == 1


def test_a_file_is_fetched(guard: Callable[..., Guarded], tmp_path: Path) -> None:
    server = guard(digest_of("jdo", "p"), challenge())
    server.body = b"%PDF" * 100_000
    target = tmp_path / "file"
    auth = HttpAuth("digest", "jdo", "p")
    got = outgoing.download(server.url, target, auth=auth, limit=400_000, allow_private=True)
    assert (got.size, target.read_bytes()) == (400_000, server.body)
    with pytest.raises(outgoing.TooLarge):
        outgoing.download(server.url, target, auth=auth, limit=399_999, allow_private=True)
    with pytest.raises(outgoing.NotServed) as caught:
        outgoing.download(server.url, target, limit=400_000, allow_private=True)
    assert caught.value.code == "http_401"
    with pytest.raises(outgoing.AddressRefused):
        outgoing.download(server.url, target, auth=auth, limit=400_000)
    with pytest.raises(IsADirectoryError):
        outgoing.download(server.url, tmp_path, auth=auth, limit=400_000, allow_private=True)


def test_endless_file_ends_at_the_limit(tmp_path: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        client, _ = listening.accept()
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    client.sendall(b"x" * 65536)
            except OSError:
                pass

    threading.Thread(target=flood, daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with pytest.raises(outgoing.TooLarge):
        outgoing.download(url, tmp_path / "file", limit=1_000_000, allow_private=True)
    assert (tmp_path / "file").stat().st_size == 1_000_001
    listening.close()
