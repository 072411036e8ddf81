"""Several signed documents in one PDF: all their pages, the evidence, and the signed files themselves embedded.

The pages are for reading: a signature in them is a picture. What is signed is the embedded files, each of which can be taken out and
checked alone; the whole is sealed and time-stamped by the caller.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from undersigned.base import bounded

from .chain import canonical_json
from .evidence import FORMAT, SEAL_FIELD, VERSION
from .pdf.record import NAME

CHUNK = 1 << 20
AT_ONCE = 16
"""Files that one bounded process has open together."""
LIMITS = bounded.Limits(memory=2 << 30, cpu=60, wall=120.0, file_size=1 << 30)


@dataclass(frozen=True)
class Embedded:
    """A file that goes in as it is. `relationship`: as ISO 32000-2 has it, Source of pages or Supplement."""

    path: Path
    name: str
    description: str
    relationship: Literal["Source", "Supplement"] = "Source"
    media_type: str = "application/pdf"


@dataclass(frozen=True)
class Part:
    """A document: what its pages are taken from (None: it has none), and the files that go with it."""

    title: str
    pages: Path | None
    files: tuple[Embedded, ...] = ()


@dataclass(frozen=True)
class PackagePlan:
    """`record` as `evidence.build_evidence` takes it; `evidence` is the evidence's title in the outline."""

    title: str
    parts: tuple[Part, ...]
    record: dict[str, Any]
    evidence: str


def build_package(target: Path, plan: PackagePlan) -> int:
    """Write the file, with an empty field `evidence.SEAL_FIELD` for the seal, to `target`; returns its number of pages.

    Raises text.MissingGlyph, bounded.BoundedError, bounded.Refusal.
    """
    from undersigned.files.storage import temporary_file

    from .evidence_pages import draw
    from .pdf import text

    with ExitStack() as stack:

        def temporary(suffix: str = ".pdf") -> Path:
            return stack.enter_context(temporary_file(suffix))

        pages, record, streams = temporary(), temporary(".json"), temporary()
        record.write_bytes(canonical_json({"format": FORMAT, "version": VERSION, **plan.record}))
        description = draw(plan.record, pages)
        shown = [(p.title, p.pages) for p in plan.parts if p.pages is not None] + [(plan.evidence, pages)]
        bound, starts, count = _bind([path for _, path in shown], temporary(), temporary())
        files = [f for p in plan.parts for f in p.files]
        wrap([*(f.path for f in files), record], streams)
        bounded.run(
            "undersigned.sealing.pdf.binding:finish",
            LIMITS,
            source=str(bound),
            target=str(target),
            title=text.clean(plan.title),
            outline=[[text.clean(title), start] for (title, _), start in zip(shown, starts, strict=True)],
            streams=str(streams),
            files=[
                *(
                    {
                        "name": f.name,
                        "description": f.description,
                        "relationship": f.relationship,
                        "media_type": f.media_type,
                    }
                    for f in files
                ),
                {
                    "name": NAME,
                    "description": description,
                    "relationship": "Data",
                    "media_type": "application/json",
                },
            ],
            field=SEAL_FIELD,
        )
    return count


@contextmanager
def embedded_pdfs(path: Path) -> Iterator[list[tuple[str, Path]]]:
    """Name and copy of each signed PDF that is in a package, 100 at most; none for other files. Needs neither database nor settings."""
    with TemporaryDirectory() as folder:
        try:
            found = bounded.run(
                "undersigned.sealing.pdf.binding:embedded_pdfs",
                LIMITS,
                path=str(path.absolute()),
                folder=folder,
                most=100,
            )
        except (bounded.Refusal, bounded.BoundedError):
            found = []
        yield [(str(name), Path(copy)) for name, copy in found]


def _bind(files: list[Path], one: Path, other: Path) -> tuple[Path, list[int], int]:
    """All pages in one of two temporary files; with the page at which each file begins, and their number."""
    source: Path | None = None
    target, spare = one, other
    starts: list[int] = []
    count = 0
    for first in range(0, len(files), AT_ONCE):
        done = bounded.run(
            "undersigned.sealing.pdf.binding:append",
            LIMITS,
            source=str(source) if source else None,
            target=str(target),
            files=[str(f.absolute()) for f in files[first : first + AT_ONCE]],
        )
        starts += [int(s) for s in done["starts"]]
        count = int(done["pages"])
        source, target, spare = target, spare, target
    assert source is not None  # the evidence is always there
    return source, starts, count


def wrap(paths: Sequence[Path], target: Path) -> None:
    """A PDF that holds the files as compressed streams under /Files of its catalog: so they come into another PDF piece by piece."""
    offsets: list[int] = []
    with target.open("wb") as out:

        def begin() -> int:
            offsets.append(out.tell())
            out.write(f"{len(offsets)} 0 obj\n".encode())
            return len(offsets)

        out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        streams = []
        for path in paths:
            streams.append(begin())
            out.write(
                f"<< /Type /EmbeddedFile /Filter /FlateDecode /Length {streams[-1] + 1} 0 R "
                f"/Params << /Size {path.stat().st_size} /CheckSum <{_md5(path)}> >> >>\nstream\n".encode()
            )
            start, press = out.tell(), zlib.compressobj(1)
            with path.open("rb") as source:
                while piece := source.read(CHUNK):
                    out.write(press.compress(piece))
            out.write(press.flush())
            length = out.tell() - start
            out.write(b"\nendstream\nendobj\n")
            begin()
            out.write(f"{length}\nendobj\n".encode())
        page, pages = len(offsets) + 1, len(offsets) + 2  # readers want one
        begin()
        out.write(f"<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 10 10] >>\nendobj\n".encode())
        begin()
        out.write(f"<< /Type /Pages /Kids [{page} 0 R] /Count 1 >>\nendobj\n".encode())
        root = begin()
        listed = " ".join(f"{number} 0 R" for number in streams)
        out.write(f"<< /Type /Catalog /Pages {pages} 0 R /Files [{listed}] >>\nendobj\n".encode())
        table = out.tell()
        out.write(f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode())
        out.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
        out.write(
            f"trailer\n<< /Size {len(offsets) + 1} /Root {root} 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
        )


def _md5(path: Path) -> str:
    """As the format wants it (7.11.4, Table 45), to find damage; nothing rests on it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
