"""ClamAV's daemon over its socket: the three commands of its protocol that are needed here (clamd(8), "COMMANDS").

Bytes are streamed in pieces, so that memory stays flat. Whatever the daemon says that is not plainly "OK" or "FOUND" counts as not
checked, an overrun of its limits included: it would answer OK for what it has not looked at.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

CONNECT = 3.0
ANSWER = 60.0
"""Seconds for one scan as a whole; a daemon with its own `ReadTimeout` gives up sooner."""
PIECE = 1 << 17
_FOUND = re.compile(r"stream: (.+) FOUND")
_LIMITS = "Heuristics.Limits.Exceeded"
"""What `AlertExceedsMax yes` reports of a file that it has not read to its end."""


class NoAnswer(Exception):
    """The daemon is not there, or has not checked all of it; the argument says why, in English for the log."""


def scan(url: str, pieces: Iterable[bytes]) -> str:
    """Name of the virus in what `pieces` make up, empty when there is none. Raises NoAnswer, and whatever `pieces` raises."""
    with _connection(url, time.monotonic() + ANSWER) as link:
        refused = False
        try:
            link.send(b"zINSTREAM\0")
            for piece in pieces:
                for start in range(0, len(piece), PIECE):
                    part = piece[start : start + PIECE]
                    link.send(len(part).to_bytes(4, "big") + part)
            link.send(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            refused = True  # its last words, if it had any, say why
        words = link.answer(b"\0")
    found = _FOUND.fullmatch(words)
    if found is not None and not found[1].startswith(_LIMITS):
        return found[1]
    if words == "stream: OK" and not refused:
        return ""
    raise NoAnswer(words or "the connection ended without an answer")


def version(url: str) -> tuple[str, datetime | None]:
    """The daemon's version, and when its signatures were made: None when it has none that say so. Raises NoAnswer."""
    with _connection(url, time.monotonic() + 10) as link:
        link.send(b"zVERSION\0")
        words = link.answer(b"\0")
    if not words.startswith("ClamAV"):
        raise NoAnswer(words or "no version")
    name, _, rest = words.partition("/")
    return name, _day(rest.rpartition("/")[2])


def _day(words: str) -> datetime | None:
    """`Fri Nov 20 09:40:09 2026`, in the daemon's time zone, which it does not tell."""
    try:
        return datetime.strptime(" ".join(words.split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


class _Link:
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def send(self, data: bytes) -> None:
        self._wait()
        self._sock.sendall(data)

    def answer(self, end: bytes) -> str:
        """Up to `end`, at most 4 kB. Empty when there is none."""
        words = b""
        while end not in words and len(words) < 4096:
            self._wait()
            try:
                part = self._sock.recv(4096)
            except ConnectionResetError:
                break
            if not part:
                break
            words += part
        return words.partition(end)[0].decode(errors="replace").strip()

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time left")
        self._sock.settimeout(left)


@contextmanager
def _connection(url: str, deadline: float) -> Iterator[_Link]:
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(CONNECT)
            try:
                sock.connect(unquote(parts.path))
            except OSError:
                sock.close()
                raise
        else:
            sock = socket.create_connection((parts.hostname or "", parts.port or 3310), CONNECT)
    except OSError as e:
        raise NoAnswer(f"connecting: {e}") from e
    with sock:
        try:
            yield _Link(sock, deadline)
        except OSError as e:
            raise NoAnswer(f"{type(e).__name__}: {e}") from e
