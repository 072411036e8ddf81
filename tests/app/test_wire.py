"""The server with raw sockets, and with the real client's upload by curl."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from undersigned.app.wire import Server

pytestmark = pytest.mark.adversarial
MAX_BODY = 300_000


class Application:
    """A WSGI application that keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.environments: list[dict[str, Any]] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], body))
        self.environments.append(environ)
        self.go_on.wait(10)
        start_response("201 Created", [("location", "http://h/contracts/1"), ("content-length", "2")])
        return [b"ok"]


class Running:
    def __init__(self, trusted_proxies: int = 0) -> None:
        self.application = Application()
        listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = listening.getsockname()[1]
        self.server = Server(
            self.application, listening, threads=2, max_body=MAX_BODY, trusted_proxies=trusted_proxies
        )
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def exchange(self, data: bytes) -> bytes:
        """Send and read until the server closes; the sender says that it will send no more only afterwards."""
        with self.connect() as client:
            client.sendall(data)
            return read_all(client)

    def stop(self) -> None:
        self.application.go_on.set()
        self.server.stop()
        self.thread.join(12)
        assert not self.thread.is_alive()


def read_all(client: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def read_until(client: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        part = client.recv(65536)
        assert part, data
        data += part
    return data


@pytest.fixture
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.stop()


UPLOAD = (
    b"POST /api/v1/contracts/1/versions/1/document?filename=Vertr\xc3\xa4ge\xe9.pdf HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
)


def test_upload_with_both_lengths_gets_continue_then_the_answer_then_the_end(running: Running) -> None:
    with running.connect() as client:
        client.sendall(UPLOAD)
        assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        got = read_all(client)
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 201 Created"
    assert b"Location: http://h/contracts/1" in lines
    assert b"Connection: close" in lines
    assert not any(line.startswith(b"Server") for line in lines)
    assert body == b"ok"
    path = "/api/v1/contracts/1/versions/1/document"
    assert running.application.requests == [("POST", path, "filename=Vertr%C3%A4ge%E9.pdf", b"abcde")]
    assert running.application.environments[0]["CONTENT_LENGTH"] == "5"


@pytest.mark.parametrize("claimed", [b"0", b"5", b"11", b"4000"])
def test_second_request_behind_both_lengths_is_not_served(running: Running, claimed: bytes) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    head = (
        b"POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: "
        + claimed
        + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    got = running.exchange(head + b"3\r\nabc\r\n0\r\n\r\n" + smuggled)
    assert got.count(b"HTTP/1.1 ") == 1
    assert [request[1] for request in running.application.requests] == ["/first"]
    assert running.application.requests[0][3] == b"abc"


def test_two_plain_requests_on_one_connection_are_both_served(running: Running) -> None:
    one = b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
    last = b"GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    assert running.exchange(one + last).count(b"HTTP/1.1 201 Created\r\n") == 2
    assert [request[1] for request in running.application.requests] == ["/1", "/2"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("size", [200, 250_000])
def test_curl_upload_of_the_real_client(running: Running, size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    command = [
        "curl",
        "-sS",
        "-i",
        "--max-time",
        "20",
        "-X",
        "POST",
        "-T",
        "-",
        "-H",
        f"Content-Length: {size}",
    ]
    command.append(f"http://127.0.0.1:{running.port}/upload?filename=accordé.pdf")
    got = subprocess.run(command, input=content, capture_output=True, check=True)
    assert got.stdout.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"), got.stdout
    assert running.application.requests == [("POST", "/upload", "filename=accord%C3%A9.pdf", content)]


BAD = {
    "no version": b"GET /\r\n\r\n",
    "version 2": b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
    "lower case method": b"get / HTTP/1.1\r\nHost: h\r\n\r\n",
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "bracket": b"GET http://[::1/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "length no number": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
    "length negative": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "length twice": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length endless": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "length bad beside chunked": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in a list": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "header without colon": b"GET / HTTP/1.1\r\nHost h\r\n\r\n",
    "bare line feed": b"GET / HTTP/1.1\nHost: h\r\n\r\n",
    "too much header": b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "too much body": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\n\r\n",
    "too much body, asked first": b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_malformed_request_is_refused_with_4xx_and_not_served(running: Running, data: bytes) -> None:
    got = running.exchange(data)
    status = got.split(b" ", 2)[1]
    assert status in (b"400", b"413", b"431", b"501")
    assert got.count(b"HTTP/1.") == 1
    assert running.application.requests == []


def test_chunked_body_over_the_limit_is_refused(running: Running) -> None:
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    with running.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(6):
                client.sendall(chunk)
        assert read_all(client).startswith(b"HTTP/1.1 413 ")
    assert running.application.requests == []


def test_expect_without_a_body_is_answered_at_once(running: Running) -> None:
    request = b"POST /empty HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert running.exchange(request).startswith(b"HTTP/1.1 201 Created\r\n")


def test_forwarded_headers_count_only_behind_a_proxy(running: Running) -> None:
    request = b"GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    running.exchange(request)
    environ = running.application.environments[0]
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert "HTTP_X_FORWARDED_FOR" not in environ
    behind = Running(trusted_proxies=1)
    try:
        behind.exchange(request)
    finally:
        behind.stop()
    environ = behind.application.environments[0]
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("192.0.2.7", "https")


def test_half_sent_uploads_hold_up_nobody(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            client = stack.enter_context(running.connect())
            client.sendall(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf")
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
        connection.request("GET", "/quick")
        assert connection.getresponse().status == 201
        connection.close()
        assert time.monotonic() - begun < 2


def test_stop_answers_what_was_begun_and_closes_what_is_idle(running: Running) -> None:
    running.application.go_on.clear()
    with running.connect() as idle, running.connect() as busy:
        busy.sendall(b"GET /begun HTTP/1.1\r\nHost: h\r\n\r\n")
        while not running.application.requests:
            time.sleep(0.01)
        running.server.stop()
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            running.connect()
        running.application.go_on.set()
        assert read_all(busy).endswith(b"\r\n\r\nok")
    running.thread.join(5)
    assert not running.thread.is_alive()
