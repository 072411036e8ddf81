"""The one HTTP client for addresses that somebody typed: webhooks, callbacks, files to fetch.

A name is resolved once, every address that it has is vetted, and the connection goes to a vetted address, so that a name that changes
its mind between the check and the connection gains nothing. No redirect is followed, no proxy and no cookie used; time and size are
capped. Callers show the error's `code` at most: what exactly answered inside a network is nobody's business.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, section 2.4
_TUNNELS = (
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("2001::/32"),
)  # 6to4, Teredo: reach any IPv4 address


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


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers with names in lower case, the first bytes of the body and whether there were more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    allow_private: bool = False,
) -> Answer:
    """POST `body`; see `send`."""
    return send("POST", url, body, headers, timeout=timeout, allow_private=allow_private)


def send(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = 10.0,
    limit: int = 65536,
    allow_private: bool = False,
) -> Answer:
    """Make one request and return its answer, whatever its status; redirects are answers like any other.

    `timeout` is seconds for everything together: resolving, connecting, TLS, sending, the last byte. Of the body `limit` bytes are
    read. `allow_private` admits private and loopback addresses, never link-local ones (where clouds keep their credentials).
    Raises InvalidUrl, AddressRefused, Unreachable, TimedOut.
    """
    deadline = monotonic() + timeout
    tls, host, port, target = _split(url)
    sock = _first_socket(_vetted(_resolve(host, port, deadline), allow_private), deadline)
    left = max(deadline - monotonic(), 0.001)
    sock.settimeout(left)
    connection = (
        _Tls(host, port, timeout=left, ssl_context=_tls_context())
        if tls
        else _Plain(host, port, timeout=left)
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
        connection.request(
            method, target, body or None, _headers(method, body, headers), preload_content=False
        )
        response = connection.getresponse()
        data = b""
        while len(data) <= limit and (part := response.read(limit + 1 - len(data), decode_content=False)):
            data += part
        if expired.is_set():  # a cut connection looks like the end of a body without a length
            raise TimedOut(host)
        received = {name.lower(): response.headers[name] for name in response.headers}
        return Answer(response.status, received, data[:limit], len(data) > limit)
    except (OSError, HTTPException, urllib3.exceptions.HTTPError) as e:
        if expired.is_set() or isinstance(e, (TimeoutError, urllib3.exceptions.TimeoutError)):
            raise TimedOut(host) from e
        raise Unreachable(f"{host}: {type(e).__name__}: {e}") from e
    finally:
        watchdog.cancel()
        connection.close()
        sock.close()
        watchdog.join()
        switch.close()


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet may be found at `address`; IPv4 inside IPv6 counts as that IPv4 address."""
    address = _unwrapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        tunnel = any(address in network for network in _TUNNELS)
        return address in _GLOBAL_UNICAST and address.is_global and not tunnel
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unwrapped(address: IPAddress) -> IPAddress:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_private(address: IPAddress) -> bool:
    """Inside a network of the operator's: loopback, RFC 1918, RFC 4193. Not link-local, multicast, unspecified or reserved."""
    address = _unwrapped(address)
    if address.is_loopback:
        return True
    refused = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    return address.is_private and not refused


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
        if not (is_public(address) or (allow_private and _is_private(address))):
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
