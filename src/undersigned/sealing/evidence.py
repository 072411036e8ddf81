"""Evidence: what happened to an envelope, as one sealed PDF that people read and programs check. The record in it is JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from undersigned.base import bounded

from .chain import canonical_json, first_break
from .pdf.record import MAX_BYTES
from .verify import Report, verify_pdf

FORMAT = "undersigned-evidence"
VERSION = 1
SEAL_FIELD = "Seal"
LIMITS = bounded.Limits(memory=1 << 30, cpu=20, wall=40.0, file_size=256 << 20)


def build_evidence(record: dict[str, Any], target_pdf: Path, target_json: Path) -> None:
    """Write the record as JSON (canonical, `chain.canonical_json`) and as a PDF that holds the same JSON and an empty field for the seal.

    `record`: envelope, people, documents, signatures, audit, root_fingerprints. Raises text.MissingGlyph, bounded.BoundedError.
    """
    from undersigned.files.storage import temporary_file

    from .evidence_pages import draw

    target_json.write_bytes(canonical_json({"format": FORMAT, "version": VERSION, **record}))
    with temporary_file(".pdf") as pages:
        description = draw(record, pages)
        bounded.run(
            "undersigned.sealing.pdf.attachment:finish",
            LIMITS,
            source=str(pages),
            record=str(target_json),
            target=str(target_pdf),
            description=description,
            field=SEAL_FIELD,
        )


class FileMatch(BaseModel):
    """A file that was given, and the document of the record that it is (None: none)."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    title: str | None = None
    version: str | None = None
    """Which state of the document: original, prepared, signed, sealed."""
    named_by_page: bool = False
    """The file itself carries no signatures: people signed a page that names it (`sealing.statement`)."""


class EvidenceReport(BaseModel):
    """What there is to say about a record. `code` is a word of `verdicts.EVIDENCE`; `verdicts.evidence_words` says it."""

    model_config = ConfigDict(frozen=True)

    code: Literal["belongs", "belongs_to_none", "not_belongs", "chain_broken", "changed", "unreadable"]
    events: int = 0
    broken_at: int | None = None
    """Number of the first event that does not follow from the one before."""
    title: str = ""
    files: tuple[FileMatch, ...] = ()
    root_fingerprints: tuple[str, ...] = ()
    """SHA-256 (hex) of the roots that the record names."""
    root_known: bool = False
    """Whether one of these is a root that the caller trusts."""
    seal: Report | None = None
    """The verdict on the evidence PDF itself; None for bare JSON, which nothing protects against being rewritten as a whole."""

    @property
    def good(self) -> bool:
        """The record is whole and belongs to every file given."""
        return self.code in ("belongs", "belongs_to_none")

    def as_json(self) -> dict[str, Any]:
        """JSON-able, with times in ISO 8601."""
        return self.model_dump(mode="json")


def verify_evidence(evidence: Path, files: Iterable[Path], roots: Iterable[bytes] = ()) -> EvidenceReport:
    """Check a record (evidence PDF or JSON) against the signed files. Needs neither database nor settings.

    Chain: each event follows from the one before. Files: each is a version of one of the record's documents, by SHA-256. An evidence PDF's
    own seal is judged too, and a broken one is `changed`.
    """
    roots = list(roots)
    with evidence.open("rb") as file:
        is_pdf = b"%PDF-" in file.read(1024)
    seal = verify_pdf(evidence, roots) if is_pdf else None
    try:
        text = _embedded(evidence) if is_pdf else _plain(evidence)
        record = json.loads(text)
        if record["format"] != FORMAT or record["version"] != VERSION:
            raise ValueError("another format")
        audit = list(record["audit"])
        fingerprints = tuple(str(f) for f in record["root_fingerprints"])
        versions = {
            v["sha256"]: (
                str(d["title"]),
                str(v["kind"]),
                d.get("format") == "statement" and v["kind"] == "original",
            )
            for d in record["documents"]
            for v in d["versions"]
        }
        title = str(record["envelope"]["title"])
        broken_at = first_break(audit) if audit else 1
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        bounded.Refusal,
        bounded.BoundedError,
    ):
        return EvidenceReport(code="unreadable", seal=seal)
    matches = tuple(_match(path, versions) for path in files)
    code: Literal["belongs", "belongs_to_none", "not_belongs", "chain_broken", "changed"]
    if broken_at is not None:
        code = "chain_broken"
    elif seal is not None and seal.verdict in ("broken", "forged_structure", "changed_after_signing"):
        code = "changed"
    elif any(m.title is None for m in matches):
        code = "not_belongs"
    else:
        code = "belongs" if matches else "belongs_to_none"
    trusted = {hashlib.sha256(der).hexdigest() for der in roots}
    return EvidenceReport(
        code=code,
        events=len(audit),
        broken_at=broken_at,
        title=title,
        files=matches,
        root_fingerprints=fingerprints,
        root_known=bool(trusted & set(fingerprints)),
        seal=seal,
    )


def _embedded(path: Path) -> str:
    read = bounded.run("undersigned.sealing.pdf.attachment:read", LIMITS, path=str(path.absolute()))
    return str(read["text"])


def _plain(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("too large")
    return path.read_text("utf-8")


def _match(path: Path, versions: dict[str, tuple[str, str, bool]]) -> FileMatch:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    title, version, named_by_page = versions.get(digest, (None, None, False))
    return FileMatch(name=path.name, sha256=digest, title=title, version=version, named_by_page=named_by_page)
