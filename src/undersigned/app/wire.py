"""The HTTP/1.1 server: waitress, made to understand what real clients of the four APIs send.

waitress is the server that keeps reason phrases and header names as clients compare them, answers `100 Continue`, buffers slow clients
without a thread each, and takes a request with both lengths. The classes here add what it lacks.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

DRAIN_SECONDS = 8.0
"""How long requests that were begun may take after SIGTERM; the supervisor kills after ten seconds."""
_MAX_HEADER = 64 * 1024
_CONNECTIONS = 500
_IDLE_SECONDS = 60
_LENGTH = re.compile(r"[0-9]{1,18}")

WsgiApplication = Callable[..., Any]


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request more liberally where a real client needs it and more strictly where framing is at stake."""

    path = ""  # the log names it, also of a request that could not be read

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.completed:
            # Nothing more is expected, so nobody waits for "100 Continue": a request without a body, or one that was refused.
            # The channel would take back `completed` and wait for ever.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        line, separator, rest = header_plus.partition(b"\r\n")
        # A client puts file names into the URL as they are: RFC 3986 section 2.1 says how they should have been written.
        line = b"".join(b"%%%02X" % byte if byte >= 0x80 else bytes([byte]) for byte in line)
        try:
            super().parse_header(line + separator + rest)
        except ParsingError:
            raise
        except ValueError as e:  # an unclosed bracket in the target, a length of a thousand digits
            raise ParsingError("Invalid request") from e
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Unsupported HTTP version")
        self._check_framing(rest)

    def _check_framing(self, header: bytes) -> None:
        codings = [
            value.strip()
            for name, _, value in (line.partition(b":") for line in header.split(b"\r\n"))
            if name.lower() == b"transfer-encoding"
        ]
        if codings and (self.version == "1.0" or codings[1:] or b"," in codings[0]):
            raise ParsingError("Transfer-Encoding is not understood")
        length = self.headers.get("CONTENT_LENGTH")
        if self.chunked and length is not None:
            # RFC 9112 section 6.3: chunked wins, and the connection must be closed after the answer, since whoever stands in front
            # may have believed the other length and taken what follows for the next request.
            if not _LENGTH.fullmatch(length):
                raise ParsingError("Content-Length is invalid")
            self.headers["CONNECTION"] = "close"
            self.connection_close = True


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    parser_class = Parser

    @property
    def idle(self) -> bool:
        """No request is being read, served or answered."""
        return not self.requests and self.request is None and not self.total_outbufs_len


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Serves a socket that is listening already and shared with other processes."""

    channel_class = Channel

    def __init__(
        self,
        application: WsgiApplication,
        listening: socket.socket,
        *,
        threads: int,
        max_body: int,
        trusted_proxies: int,
    ) -> None:
        """`max_body` is in bytes. Of `trusted_proxies` reverse proxies X-Forwarded-For and -Proto are believed; with 0 they are removed."""
        options: dict[str, Any] = {
            "threads": threads,
            "ident": None,
            "max_request_body_size": max_body,
            "max_request_header_size": _MAX_HEADER,
            "connection_limit": _CONNECTIONS,
            "channel_timeout": _IDLE_SECONDS,
            "asyncore_use_poll": True,
            "log_socket_errors": False,
            "clear_untrusted_proxy_headers": True,
        }
        if trusted_proxies:
            options |= {
                "trusted_proxy": "*",
                "trusted_proxy_count": trusted_proxies,
                "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
            }
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(threads)
        self.stopping = False
        super().__init__(
            application,
            {},
            True,
            listening,
            dispatcher=dispatcher,
            adj=Adjustments(**options),
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )

    def stop(self) -> None:
        """Let `run` drain and return. May be called from a signal handler or another thread."""
        if not self.stopping:
            self.stopping = True
            with contextlib.suppress(OSError):  # it noticed by itself and is gone
                self.pull_trigger()

    def run(self) -> None:
        """Serve until `stop`; then accept nothing more, answer what was begun, for `DRAIN_SECONDS` at most."""
        while not self.stopping:
            self._turn(30)
        wasyncore.dispatcher.close(
            self
        )  # the listening socket alone; other processes have their own handle of it
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.active_channels and time.monotonic() < deadline:
            for channel in list(self.active_channels.values()):
                if channel.idle:
                    channel.handle_close()
            self._turn(0.05)
        self.task_dispatcher.shutdown(timeout=max(deadline - time.monotonic(), 0.1))
        wasyncore.close_all(self._map)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)


def serve(
    application: WsgiApplication,
    listening: socket.socket,
    *,
    threads: int,
    max_body: int,
    trusted_proxies: int,
) -> None:
    """Serve `application` on `listening` in this process until SIGTERM (SIGINT is the supervisor's)."""
    server = Server(
        application, listening, threads=threads, max_body=max_body, trusted_proxies=trusted_proxies
    )
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    server.run()
