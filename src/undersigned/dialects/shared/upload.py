"""Files that come in Base64 inside a JSON object: taken out of the stream and decoded in pieces, so that none is ever held in memory.

What is left of the object, with an empty string in the file's place, or the number of the file where there may be several, is small and
read as any other body.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from undersigned.files.storage import CHUNK, new_temporary
from undersigned.files.store import Received, TooLarge

from .body import JSON_MAX, Malformed, TooLong, parse

_STRING_ENDS = re.compile(rb'["\\]')
_OUTSIDE = re.compile(rb'["{}\[\]]')
_ESCAPES = [
    (b"\\/", b"/"), (b"\\n", b""), (b"\\r", b""),
    *((f"\\u{code}".encode(), sign) for code, sign in (
        ("002b", b"+"), ("002B", b"+"), ("002f", b"/"), ("002F", b"/"), ("003d", b"="), ("003D", b"="),
    )),
]  # fmt: skip
"""What encoders of JSON write for signs of Base64, and for the line breaks in it."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


@dataclass(frozen=True)
class Upload:
    """`fields`: the object, with "" in the file's place. `file` is None when there was no such string; `valid`: it was Base64.

    `digest`: SHA-256 of the body as it came.
    """

    fields: dict[str, Any]
    file: Received | None
    valid: bool
    digest: bytes

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Uploads:
    """`fields`: the object, with the number of the file (from 0, as text) in each one's place. `valid`: whether each was Base64.

    `digest`: SHA-256 of the body as it came.
    """

    fields: dict[str, Any]
    files: tuple[Received, ...]
    valid: tuple[bool, ...]
    digest: bytes

    def __enter__(self) -> Uploads:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files:
            file.path.unlink(missing_ok=True)


def receive_base64(request: HttpRequest, member: str, limit: int) -> Upload:
    """Read the body; the string at top level named `member` is decoded to a temporary file. Use as `with`.

    Raises Malformed (no JSON object, the member twice, a broken upload), TooLong (the rest of the object), `store.TooLarge` when the
    file has more than `limit` bytes.
    """
    with ExitStack() as kept:
        decoders: list[_Decoder] = []
        fields, digest = _scan(request, member, decoders, kept, limit, every=False)
        kept.pop_all()
    if not decoders:
        return Upload(fields, None, True, digest)
    return Upload(fields, decoders[0].received(), decoders[0].valid, digest)


def receive_all_base64(request: HttpRequest, member: str, limit: int) -> Uploads:
    """As `receive_base64`, of every string named `member`, however deep it lies; `limit` is for all of them together."""
    with ExitStack() as kept:
        decoders: list[_Decoder] = []
        fields, digest = _scan(request, member, decoders, kept, limit, every=True)
        kept.pop_all()
    return Uploads(fields, tuple(d.received() for d in decoders), tuple(d.valid for d in decoders), digest)


def _scan(
    request: HttpRequest, member: str, decoders: list[_Decoder], kept: ExitStack, limit: int, *, every: bool
) -> tuple[dict[str, Any], bytes]:
    """The object without its files, and the digest of the body. `kept` takes the temporary files away when this fails."""

    def begin() -> _Decoder:
        path = new_temporary()
        kept.callback(path.unlink, missing_ok=True)
        left = limit - sum(d.size for d in decoders)
        decoders.append(_Decoder(path, left, limit))
        kept.callback(decoders[-1].target.close)
        return decoders[-1]

    scanner = _Scanner(json.dumps(member).encode(), begin, every=every)
    digest = hashlib.sha256()
    for piece in _pieces(request):
        digest.update(piece)
        scanner.feed(piece)
    scanner.close()
    return (parse(bytes(scanner.rest)) if scanner.rest.strip() else {}), digest.digest()


def _pieces(request: HttpRequest) -> Any:
    while True:
        try:
            piece = request.read(CHUNK)
        except UnreadablePostError as e:
            raise Malformed from e
        if not piece:
            return
        yield piece


class _Decoder:
    """Base64 (RFC 4648, 4) in pieces. Line breaks are skipped; anything else that is not Base64 makes it invalid."""

    def __init__(self, path: Path, left: int, limit: int) -> None:
        self.path = path
        self.target = path.open("wb")
        self.left = left
        self.limit = limit
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.valid = True
        self._left = b""

    def feed(self, text: bytes) -> None:
        text = self._left + text.replace(b"\r", b"").replace(b"\n", b"")
        whole = len(text) // 4 * 4
        # The last group may hold the padding, and nothing may follow that; so it waits for what comes.
        whole = max(0, whole - 4) if whole == len(text) else whole
        self._left = text[whole:]
        self._decode(text[:whole], last=False)

    def close(self) -> None:
        self._decode(self._left, last=True)
        self.target.close()

    def received(self) -> Received:
        return Received(self.path, self.sha256.hexdigest(), self.size)

    def _decode(self, text: bytes, *, last: bool) -> None:
        if not text or not self.valid:
            return
        if not _BASE64.fullmatch(text) or (not last and b"=" in text) or len(text) % 4:
            self.valid = False
            return
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            self.valid = False
            return
        self.size += len(data)
        if self.size > self.left:
            raise TooLarge(self.limit)
        self.sha256.update(data)
        self.target.write(data)


class _Scanner:
    """Follows JSON just far enough to know where a member's string begins and ends: the one at top level, or `every` one, which then
    leaves its number. What is no JSON, `parse` finds afterwards.
    """

    def __init__(self, name: bytes, begin: Callable[[], _Decoder], *, every: bool) -> None:
        self.name = name
        self.begin = begin
        self.every = every
        self.decoder: _Decoder | None = None
        self.rest = bytearray()
        self.found = 0
        self._depth = 0
        self._in_string = False
        self._in_file = False
        self._start = 0
        """Where in `rest` the last string began: from there on it may read `"base64" : "`."""
        self._pending = b""

    def feed(self, piece: bytes) -> None:
        piece = self._pending + piece
        self._pending = b""
        at = 0
        while at < len(piece):
            if self._in_file:
                at = self._file(piece, at)
            elif self._in_string:
                at = self._string(piece, at)
            else:
                at = self._outside(piece, at)
        if len(self.rest) > JSON_MAX:
            raise TooLong

    def close(self) -> None:
        if self._in_file or self._in_string or self._pending:
            raise Malformed
        if self.decoder is not None:
            self.decoder.close()

    def _outside(self, piece: bytes, at: int) -> int:
        match = _OUTSIDE.search(piece, at)
        end = match.start() if match else len(piece)
        self.rest += piece[at:end]
        if match is None:
            return end
        sign = match[0]
        self.rest += sign
        if sign in b"{[":
            self._depth += 1
        elif sign in b"}]":
            self._depth -= 1
        elif self._is_value_of_member():
            if self.found and not self.every:
                raise Malformed
            if self.decoder is not None:
                self.decoder.close()
            self.decoder = self.begin()
            self.rest += str(self.found).encode() if self.every else b""
            self.found += 1
            self._in_file = True
        else:
            self._in_string, self._start = True, len(self.rest) - 1
        return end + 1

    def _is_value_of_member(self) -> bool:
        """Does the string that begins at the end of `rest` follow the member's name and a colon?"""
        before = bytes(self.rest[self._start : -1]) if self.every or self._depth == 1 else b""
        name, _, blank = before.rpartition(b":")
        return not blank.strip() and name.strip() == self.name

    def _string(self, piece: bytes, at: int) -> int:
        match = _STRING_ENDS.search(piece, at)
        if match is None:
            self.rest += piece[at:]
            return len(piece)
        end = match.start()
        self.rest += piece[at:end]
        if match[0] == b'"':
            self.rest += b'"'
            self._in_string = False
            return end + 1
        if end + 1 == len(piece):
            self._pending = b"\\"
            return end + 1
        self.rest += piece[end : end + 2]
        return end + 2

    def _file(self, piece: bytes, at: int) -> int:
        assert self.decoder is not None
        end = piece.find(b'"', at)
        text = piece[at:] if end < 0 else piece[at:end]
        if end < 0 and (cut := text.rfind(b"\\", max(0, len(text) - 5))) >= 0:
            text, self._pending = text[:cut], text[cut:]  # an escape may be cut in two
        if b"\\" in text:
            for escape, sign in _ESCAPES:
                text = text.replace(escape, sign)
        if end >= 0 and text.endswith(b"\\"):  # an escaped quotation mark: no Base64, but the string goes on
            self.decoder.valid = False
        elif end >= 0:
            self.rest += b'"'
            self._in_file = False
            self._start = len(self.rest)
        self.decoder.feed(text)
        return len(piece) if end < 0 else end + 1
