"""Judge a signed file. Needs neither the database nor the settings: the command line calls it with files alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from undersigned.base import bounded

from .asic.manifest import looks_like_one

Verdict = Literal[
    "valid",
    "unknown_issuer",
    "incomplete",
    "changed_after_signing",
    "broken",
    "forged_structure",
    "no_poe",
    "revoked",
    "not_signed",
    "not_pdf",
    "encrypted",
    "too_many",
]
LIMITS = bounded.Limits(memory=2 << 30, cpu=60, wall=90.0, file_size=1 << 20)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Name(_Frozen):
    """From a certificate's subject."""

    name: str = ""
    organization: str = ""

    def __str__(self) -> str:
        return self.name or self.organization


class Authority(Name):
    """A certificate by its name and fingerprint."""

    sha256: str


class SignatureReport(_Frozen):
    """One signature, seal (`kind` signature) or document timestamp. Times of certificates and tokens in UTC."""

    field: str
    """Of a PDF; of a container the name of the signature's file."""
    kind: Literal["signature", "timestamp"]
    verdict: Verdict
    reason: str = ""
    """Why, as a word, when it is not valid."""
    signer: Name = Name()
    identified_by: str = ""
    """What the certificate says: a word of `policies.POLICIES`, or its own text."""
    issuer: Name = Name()
    serial: str = ""
    certificate_sha256: str = ""
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    """When the issuer withdrew the certificate, by the lists at hand."""
    root_sha256: str | None = None
    """Fingerprint of the root above the certificate, None when it is not known."""
    root_trusted: bool = False
    """Whether the caller named that root."""
    trusted: bool = False
    intact: bool = False
    """The signature fits the bytes that it covers."""
    claimed_at: datetime | None = None
    confirmed_at: datetime | None = None
    """The time by a timestamp."""
    confirmed_by: Name | None = None
    level: Literal["B-B", "B-T", "B-LT", "B-LTA"] | None = None
    indication: str = "TOTAL_FAILED"
    """EN 319 102-1: TOTAL_PASSED, INDETERMINATE, TOTAL_FAILED."""
    sub_indication: str | None = None
    reason_given: str = ""
    revision: int | None = None
    covered_bytes: int = 0
    """The signed version is the file's first so many bytes."""
    modification: str = "NONE"
    """Highest level of later changes: NONE, LTA_UPDATES, FORM_FILLING, ANNOTATIONS, OTHER."""
    changes_allowed: bool = True
    changed_in_revision: int | None = None
    covers: tuple[str, ...] = ()
    """Of a container, the files that the signature is about."""


class Report(_Frozen):
    """What there is to say about a file. `verdict` is the worst of its signatures', or what is wrong with the file as a whole."""

    verdict: Verdict
    reason: str = ""
    format: Literal["pdf", "asice"] = "pdf"
    files: tuple[str, ...] = ()
    """Of a container: the signed files, and those that no signature covers."""
    worst_field: str | None = None
    sha256: str
    size: int
    """Bytes."""
    revisions: int = 0
    changed_in_revision: int | None = None
    change: Literal["content", "notes", "fields", "pages", ""] = ""
    """What that revision changed: page content, notes laid over it, form fields, the number of pages."""
    pages: tuple[int, ...] = ()
    """The pages that it changed, from 1."""
    signatures: tuple[SignatureReport, ...] = ()
    assumed_not_revoked: tuple[Authority, ...] = ()
    """Authorities that were taken for not withdrawn today, for want of anything that says so."""

    @property
    def signers(self) -> tuple[SignatureReport, ...]:
        """Signatures and seals, without document timestamps."""
        return tuple(s for s in self.signatures if s.kind == "signature")

    @property
    def worst(self) -> SignatureReport | None:
        """The signature that the verdict comes from."""
        return next((s for s in self.signatures if s.field == self.worst_field), None)

    @property
    def profile(self) -> str:
        """The family of signature formats that levels are of."""
        return "CAdES" if self.format == "asice" else "PAdES"

    def as_json(self) -> dict[str, Any]:
        """JSON-able, with times in ISO 8601."""
        return self.model_dump(mode="json")


def verify_file(path: Path, roots: Iterable[bytes] = (), crls: Iterable[bytes] = ()) -> Report:
    """Judge a signed PDF or an ASiC-E container with CAdES signatures, as `verify_pdf` does."""
    if looks_like_one(path):
        return _judged("undersigned.sealing.asic.validation:analyse", path, roots, crls)
    return verify_pdf(path, roots, crls)


def verify_pdf(path: Path, roots: Iterable[bytes] = (), crls: Iterable[bytes] = ()) -> Report:
    """Judge the file at `path`, offline, in a bounded process.

    `roots`: certificates (DER) that the caller trusts; without the right one the best verdict is `unknown_issuer`, with the fingerprint of
    the root that the file itself names. `crls`: fresh CRLs (DER), e.g. this installation's own. A hostile file that breaks the limits is
    `too_many`; one that kills the parser is `broken`.
    """
    return _judged("undersigned.sealing.pdf.validation:analyse", path, roots, crls)


def _judged(function: str, path: Path, roots: Iterable[bytes], crls: Iterable[bytes]) -> Report:
    try:
        result = bounded.run(
            function,
            LIMITS,
            path=str(path.absolute()),
            roots=[der.hex() for der in roots],
            crls=[der.hex() for der in crls],
        )
    except bounded.BoundedError as e:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        verdict = "broken" if e.reason == "crashed" else "too_many"
        result = {"verdict": verdict, "reason": e.reason, "sha256": digest, "size": path.stat().st_size}
    return Report.model_validate(result)
