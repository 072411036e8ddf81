"""Several files as one ZIP that is never held as a whole."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from typing import Any

from django.http import StreamingHttpResponse

from undersigned.files import scan
from undersigned.files.models import File


@dataclass(frozen=True)
class Member:
    """A file, with its blob, and what it is called in the archive; with "/" it lies in a folder."""

    name: str
    file: File


def zipped(members: Iterable[Member], name: str) -> StreamingHttpResponse:
    """The files in this order, read while they are sent; those whose bytes are gone by then are left out. `name`: of the archive.

    Whoever wants a refusal before the first byte has the files scanned before (`scan.ensure_clean`).
    """
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_written(members), content_type="application/zip", headers=headers)


class _Pipe(RawIOBase):
    """What the archive writes, to be taken out piece by piece."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def take(self) -> bytes:
        piece, self.held = bytes(self.held), bytearray()
        return piece


def _written(members: Iterable[Member]) -> Iterator[bytes]:
    """Stored, since most of it is compressed already."""
    pipe = _Pipe()
    names = _Names()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            blob = member.file.blob
            if blob is None:
                continue
            entry = zipfile.ZipInfo(names.take(member.name), member.file.created_at.timetuple()[:6])
            with archive.open(entry, "w", force_zip64=blob.size >= 1 << 31) as target:
                for piece in scan.read_clean(blob):
                    target.write(piece)
                    yield pipe.take()
    yield pipe.take()


class _Names:
    """Each its own, also where case does not count: `a.pdf`, `a (2).pdf`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.last: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        folder, slash, own = wanted.rpartition("/")
        stem, dot, extension = own.rpartition(".")
        if not stem:
            stem, dot, extension = own, "", ""
        name, number = wanted, self.last.get(wanted.casefold(), 1)
        while name.casefold() in self.taken:
            number += 1
            name = f"{folder}{slash}{stem} ({number}){dot}{extension}"
        self.taken.add(name.casefold())
        self.last[wanted.casefold()] = number
        return name
