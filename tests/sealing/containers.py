"""An ASiC-E container on its way: a PDF, signatures over it, the seal."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from tests.pdfs import make_pdf
from undersigned.base import clock
from undersigned.sealing import cms
from undersigned.sealing.asic import manifest
from undersigned.sealing.asic.manifest import Reference
from undersigned.sealing.authority import Subject
from undersigned.sealing.seal import SealRequest
from undersigned.sealing.seal_container import seal_container
from undersigned.sealing.sign import SignRequest, sign_detached

REQUEST = SealRequest("board", "Board Oy", "")


def reference(document: Path, name: str = "Vuokrasopimus (åäö).pdf") -> Reference:
    return Reference(name, manifest.PDF, hashlib.sha256(document.read_bytes()).hexdigest())


def signature(
    folder: Path, number: int, name: str, about: Reference, signer: cms.Signer | None = None
) -> bytes:
    target = folder / f"{number}.p7s"
    request = SignRequest(
        field="",
        subject=Subject(name, reference="1-1", identified_by="sms-code"),
        not_after=clock.now() + timedelta(days=90),
        signer=signer,
    )
    sign_detached(manifest.for_signature(number, about), target, request)
    return target.read_bytes()


def make(folder: Path, names: tuple[str, ...] = ("Anna Virtanen", "Åsa Öberg")) -> Path:
    """Signed by `names`, the second number left out, and sealed."""
    document, target = folder / "prepared.pdf", folder / "Vuokrasopimus.asice"
    document.write_bytes(make_pdf(pages=2, text="Lease"))
    about = reference(document)
    numbers = [1, *range(3, 2 + len(names))]
    signatures = {n: signature(folder, n, name, about) for n, name in zip(numbers, names, strict=True)}
    assert seal_container(document, about, signatures, target, REQUEST) == []
    return target


def contents(path: Path) -> dict[str, bytes]:
    """All files, in order."""
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def pack(target: Path, files: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> Path:
    """A ZIP file of these, whatever they are called, and however often."""
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files:
            entry = zipfile.ZipInfo("x", (1980, 1, 1, 0, 0, 0))
            entry.filename = name
            made.writestr(entry, content)
    return target


def changed(path: Path, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> Path:
    return pack(path.with_name("changed.asice"), change(list(contents(path).items())))
