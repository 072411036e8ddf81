"""The one HTTP client for addresses that somebody typed: webhooks, callbacks, files to fetch.

A name is resolved once, every address that it has is vetted, and the connection goes to a vetted address, so that a name that changes
its mind between the check and the connection gains nothing. No redirect is followed, no proxy and no cookie used; time and size are
capped. What we prove ourselves with goes to that address alone. Callers show the error's `code` at most: what exactly answered inside a network is nobody's business.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from .addresses import is_private, is_public
from .http_auth import HttpAuth

_PIECE = 1 << 16
T = TypeVar("T")


class OutgoingError(Exception):
    """The request was not answered. `code` is a word that may be shown, the message is for the log."""

    code = "failed"


class InvalidUrl(OutgoingError):
    """Not an http or https address, or one with credentials in it."""

    code = "invalid_url"


class AddressRefused(OutgoingError):
    """The host is, or resolves to, an address that is not public."""

    code = "address_refused"


class Unreachable(OutgoingError):
    """No such name, no connection, no valid certificate, or no HTTP."""

    code = "unreachable"


class TimedOut(OutgoingError):
    """No complete answer within the time allowed."""

    code = "timeout"


class CertificateRefused(OutgoingError):
    """Our own client certificate and its key cannot be used."""

    code = "client_certificate"


class NotServed(OutgoingError):
    """A file was asked for and something else than 200 came: the code says which status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
        self.code = f"http_{status}"


class TooLarge(OutgoingError):
    """The file is larger than allowed."""

    code = "too_large"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers with names in lower case, the first bytes of the body and whether there were more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool


@dataclass(frozen=True)
class Downloaded:
    """A file that was fetched: its size in bytes, and the answer's headers with names in lower case."""

    size: int
    headers: Mapping[str, str]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    allow_private: bool = False,
    auth: HttpAuth | None = None,
) -> Answer:
    """POST `body`; see `send`."""
    return send("POST", url, body, headers, timeout=timeout, allow_private=allow_private, auth=auth)


def send(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = 10.0,
    limit: int = 65536,
    allow_private: bool = False,
    auth: HttpAuth | None = None,
) -> Answer:
    """Make one request and return its answer, whatever its status; redirects are answers like any other.

    `timeout` is seconds for everything together: resolving, connecting, TLS, sending, the last byte. Of the body `limit` bytes are
    read. `allow_private` admits private and loopback addresses, never link-local ones (where clouds keep their credentials).
    `auth`: how to prove ourselves; a challenge (401) is answered once, at the same address.
    Raises InvalidUrl, AddressRefused, Unreachable, TimedOut, CertificateRefused.
    """

    def read(response: BaseHTTPResponse) -> Answer:
        data = b""
        for part in _parts(response, limit + 1):
            data += part
        return Answer(response.status, _received(response), data[:limit], len(data) > limit)

    return _ask(method, url, body, headers, read, timeout, allow_private, auth)


def download(
    url: str,
    target: Path,
    *,
    headers: Mapping[str, str] | None = None,
    auth: HttpAuth | None = None,
    timeout: float = 60.0,
    limit: int,
    allow_private: bool = False,
) -> Downloaded:
    """GET a file of at most `limit` bytes into `target`, piece by piece; the other arguments are those of `send`.

    Raises NotServed for any other status than 200, TooLarge, and what `send` raises; OSError when it cannot be written here. `target`
    holds nothing of use then.
    """

    with target.open("wb") as file:

        def read(response: BaseHTTPResponse) -> Downloaded:
            if response.status != 200:
                raise NotServed(response.status)
            declared = response.headers.get("Content-Length", "")
            if declared.isdecimal() and int(declared) > limit:
                raise TooLarge(declared)
            size = 0
            for part in _parts(response, limit + 1):
                try:
                    size += file.write(part)
                except OSError as e:
                    raise _CannotKeep(e) from e
            if size > limit:
                raise TooLarge(str(size))
            return Downloaded(size, _received(response))

        try:
            return _ask("GET", url, b"", headers, read, timeout, allow_private, auth)
        except _CannotKeep as e:
            raise e.error from None


@dataclass(frozen=True)
class _Place:
    """Where a request goes: the vetted addresses of a name, and until when (monotonic seconds)."""

    tls: ssl.SSLContext | None
    host: str
    port: int
    addresses: list[tuple[Any, ...]]
    deadline: float


class _CannotKeep(Exception):
    """Our own disk's fault, not the other side's."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class _Challenged(Exception):
    """401, and how it can be answered."""

    def __init__(self, authorization: str) -> None:
        super().__init__("401")
        self.authorization = authorization


def _ask(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None,
    read: Callable[[BaseHTTPResponse], T],
    timeout: float,
    allow_private: bool,
    auth: HttpAuth | None,
) -> T:
    """The answer as `read` has it; a challenge that `auth` can answer is none yet."""
    deadline = monotonic() + timeout
    tls, host, port, target = _split(url)
    addresses = _vetted(_resolve(host, port, deadline), allow_private)
    place = _Place(_context(auth) if tls else None, host, port, addresses, deadline)
    sent = _headers(method, body, headers)
    own = next((name for name in sent if name.lower() == "authorization"), "Authorization")
    if auth is not None and auth.mode == "basic":
        sent.setdefault(
            own, auth.basic()
        )  # one that the caller wrote goes first: it may be all that is asked for

    def first(response: BaseHTTPResponse) -> T:
        answer = None
        if response.status == 401 and auth is not None:
            answer = auth.answer(", ".join(response.headers.getlist("WWW-Authenticate")), method, target)
        if answer is not None and answer != sent.get(own):
            raise _Challenged(answer)
        return read(response)

    try:
        return _exchange(place, method, target, body, sent, first)
    except _Challenged as challenge:
        return _exchange(place, method, target, body, sent | {own: challenge.authorization}, read)


def _exchange(
    place: _Place,
    method: str,
    target: str,
    body: bytes,
    headers: Mapping[str, str],
    read: Callable[[BaseHTTPResponse], T],
) -> T:
    """One connection, one request, and what `read` makes of the answer."""
    sock = _first_socket(place.addresses, place.deadline)
    left = max(place.deadline - monotonic(), 0.001)
    sock.settimeout(left)
    connection = (
        _Tls(place.host, place.port, timeout=left, ssl_context=place.tls)
        if place.tls is not None
        else _Plain(place.host, place.port, timeout=left)
    )
    connection.pinned = sock
    # The socket's own timeout starts again with every byte; this one does not. The duplicate stays usable while TLS owns the original.
    switch = sock.dup()
    expired = threading.Event()
    watchdog = threading.Timer(left, _cut, [switch, expired])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.connect()
        connection.request(method, target, body or None, headers, preload_content=False)
        with contextlib.closing(
            connection.getresponse()
        ) as response:  # one not read to its end keeps the socket
            answer = read(response)
        if expired.is_set():  # a cut connection looks like the end of a body without a length
            raise TimedOut(place.host)
        return answer
    except (OSError, HTTPException, urllib3.exceptions.HTTPError) as e:
        if expired.is_set() or isinstance(e, (TimeoutError, urllib3.exceptions.TimeoutError)):
            raise TimedOut(place.host) from e
        raise Unreachable(f"{place.host}: {type(e).__name__}: {e}") from e
    finally:
        watchdog.cancel()
        connection.close()
        sock.close()
        watchdog.join()
        switch.close()


def _parts(response: BaseHTTPResponse, most: int) -> Iterator[bytes]:
    """The body as it comes, `most` bytes of it."""
    while most > 0 and (part := response.read(min(most, _PIECE), decode_content=False)):
        most -= len(part)
        yield part


def _received(response: BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): response.headers[name] for name in response.headers}


def _context(auth: HttpAuth | None) -> ssl.SSLContext:
    if auth is None or not auth.has_certificate:
        return _tls_context()
    try:
        return auth.tls_context()
    except (ValueError, TypeError, ssl.SSLError) as e:
        raise CertificateRefused(type(e).__name__) from e


def _split(url: str) -> tuple[bool, str, int, str]:
    """TLS or not, host, port, request target (path and query)."""
    if not url.isascii() or any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        raise InvalidUrl("characters that belong into no address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as e:
        raise InvalidUrl(str(e)) from e
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("http", "https") or not host or "%" in host or port == 0:
        raise InvalidUrl("not an http or https address")
    if "@" in parts.netloc:
        raise InvalidUrl("credentials in the address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), target


def _resolve(host: str, port: int, deadline: float) -> list[tuple[Any, ...]]:
    """What the system says about `host`, also when it is a number in any notation. It may hang, hence the thread."""
    found: queue.SimpleQueue[list[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as e:
            found.put(e)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        result = found.get(timeout=max(deadline - monotonic(), 0))
    except queue.Empty as e:
        raise TimedOut(f"resolving {host}") from e
    if isinstance(result, Exception):
        raise Unreachable(f"resolving {host}: {result}") from result
    return result


def _vetted(found: list[tuple[Any, ...]], allow_private: bool) -> list[tuple[Any, ...]]:
    """`found` if every address in it is admitted: a name with one bad address is a bad name."""
    for *_, sockaddr in found:
        address = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        if not (is_public(address) or (allow_private and is_private(address))):
            raise AddressRefused(str(address))
    if not found:
        raise Unreachable("no address")
    return found


def _first_socket(addresses: list[tuple[Any, ...]], deadline: float) -> socket.socket:
    error: OSError | None = None
    for family, kind, protocol, _, sockaddr in addresses:
        left = deadline - monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left)
            sock.connect(sockaddr)
        except OSError as e:
            error = e
            sock.close()
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    if error is None or isinstance(error, TimeoutError):
        raise TimedOut("connecting") from error
    raise Unreachable(f"connecting: {error}") from error


class _Plain(HTTPConnection):
    """HTTP over a socket that is connected already; `host` stays the name, for the Host header."""

    pinned: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.pinned


class _Tls(HTTPSConnection):
    """The same under TLS, where the name also counts for SNI and the certificate."""

    pinned: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.pinned


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(switch: socket.socket, expired: threading.Event) -> None:
    """End whatever the connection is waiting for."""
    expired.set()
    with contextlib.suppress(OSError):
        switch.shutdown(socket.SHUT_RDWR)


def _headers(method: str, body: bytes, headers: Mapping[str, str] | None) -> dict[str, str]:
    sent = {"User-Agent": "Undersigned", "Accept-Encoding": "identity", "Connection": "close"} | dict(
        headers or {}
    )
    if method == "POST" and not body:
        sent["Content-Length"] = "0"
    return sent
