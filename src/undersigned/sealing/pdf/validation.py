"""Judge a signed PDF, offline, in the bounded process: integrity, later changes, trust, time, level (EN 319 102-1, EN 319 142-1).

`analyse` gives the JSON that `verify.Report` is made of.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import IO, Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import async_validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec
from pyhanko_certvalidator import ValidationContext

from . import ades, changes, structure
from .ades import SIGNATURES_MAX
from .structure import Found
from .trust import Certificates

REVISIONS_MAX = 200


def analyse(path: str, roots: list[str], crls: list[str]) -> dict[str, Any]:
    """The whole report on the file at `path`. `roots`: certificates (DER as hex) that the caller trusts; `crls`: fresh ones, likewise."""
    file_path = Path(path)
    size = file_path.stat().st_size
    with file_path.open("rb") as file:
        report: dict[str, Any] = {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "size": size,
            "signatures": [],
        }
        file.seek(0)
        if b"%PDF-" not in file.read(1024):
            return report | {"verdict": "not_pdf"}
        if _ends_in_nothing(file, size):
            return report | _unreadable(file)
        try:
            reader = PdfFileReader(file, strict=False)
            encrypted, revisions = reader.encrypted, reader.xrefs.total_revisions
            reader.root["/Pages"]  # fails when the file cannot be read
        except Exception:  # noqa: BLE001 - whatever the parser throws
            return report | _unreadable(file)
        if encrypted:
            return report | {"verdict": "encrypted"}
        report["revisions"] = revisions
        if revisions > REVISIONS_MAX:
            return report | {"verdict": "too_many"}
        try:
            found = structure.find(reader, file, size)
        except Exception:  # noqa: BLE001 - the form's tree is malformed
            return report | _unreadable(file)
        if len(found) > SIGNATURES_MAX:
            return report | {"verdict": "too_many"}
        if not found:
            if structure.had_signatures(reader):
                return report | {"verdict": "changed_after_signing", "reason": "signature_removed"}
            return report | {"verdict": "not_signed"}
        return report | _judge(
            reader, file, size, found, [bytes.fromhex(r) for r in roots], [bytes.fromhex(c) for c in crls]
        )


LAST_LINE_MAX = 65_536
"""Bytes. A PDF ends with the short line `%%EOF` (ISO 32000-1, 7.5.5); the parser looks for its beginning byte by byte."""


def _ends_in_nothing(file: IO[bytes], size: int) -> bool:
    """Is the last line so long that it cannot be the end of a PDF?"""
    file.seek(max(0, size - LAST_LINE_MAX))
    end = file.read(LAST_LINE_MAX).rstrip(b"\r\n")
    return size > LAST_LINE_MAX and b"\n" not in end and b"\r" not in end


def _unreadable(file: IO[bytes]) -> dict[str, str]:
    """A file that cannot be read: damaged if it says that it was signed, else none of ours to judge."""
    file.seek(0)
    carry = b""
    while part := file.read(1 << 20):
        if b"/ByteRange" in carry + part:
            return {"verdict": "broken", "reason": "unreadable"}
        carry = part[-16:]
    return {"verdict": "not_pdf", "reason": "unreadable"}


def _judge(
    reader: PdfFileReader,
    file: IO[bytes],
    size: int,
    found: list[Found],
    roots: list[bytes],
    crls: list[bytes],
) -> dict[str, Any]:
    certificates = Certificates(roots, crls)
    certificates.read_dss(reader)
    sound = [f for f in found if f.embedded is not None]
    leaves: list[x509.Certificate] = []
    newest: x509.Certificate | None = None
    for one in sound:
        one.problem = one.problem or ("hybrid_file" if reader.xrefs.hybrid_xrefs_present else "")
        one.problem = one.problem or structure.coverage_problem(one)
        assert one.embedded is not None
        for data in (one.embedded.signed_data, *ades.tokens(one.embedded.signer_info)):
            certificates.add(c.chosen for c in data["certificates"] if isinstance(c.chosen, x509.Certificate))
        leaves.append(one.embedded.signer_cert)
        if one.embedded.sig_object_type == "/DocTimeStamp":
            newest = one.embedded.signer_cert
    first = min((f.embedded.signed_revision for f in sound if f.embedded), default=0)
    levels = structure.steps(reader, first)
    vouched = certificates.vouched(newest)
    signatures = [_signature(one, reader, levels, certificates, vouched, leaves) for one in found]
    result = ades.summary(signatures, vouched)
    later = structure.unsigned_end(found, reader, levels, file, size) if sound else 0
    changed = later or next((s["changed_in_revision"] for s in signatures if s.get("changed_in_revision")), 0)
    if changed > 1:
        result |= changes.between(reader, changed - 1)
    if later and ades.worse("changed_after_signing", result["verdict"]):
        result |= {"verdict": "changed_after_signing", "reason": "unsigned_end", "changed_in_revision": later}
    elif not any(s["kind"] == "signature" for s in signatures) and result["verdict"] == "valid":
        result |= {"verdict": "not_signed", "reason": "timestamps_only"}
    return result


def _signature(
    one: Found,
    reader: PdfFileReader,
    levels: dict[int, Any],
    certificates: Certificates,
    vouched: list[x509.Certificate],
    leaves: list[x509.Certificate],
) -> dict[str, Any]:
    """One signature's part of the report."""
    if one.embedded is None:
        verdict = "broken" if one.damaged else "forged_structure"
        return {"field": one.field, "kind": "signature", "verdict": verdict, "reason": one.problem}
    signature = one.embedded
    is_timestamp = signature.sig_object_type == "/DocTimeStamp"
    leaf = signature.signer_cert
    trusted_root = certificates.trusted(certificates.root(leaf))
    level, refused = structure.allowed(one, reader, levels)
    report: dict[str, Any] = {
        "field": one.field,
        "kind": "timestamp" if is_timestamp else "signature",
        **ades.facts(leaf, certificates),
        "claimed_at": _claimed(signature),
        "reason_given": _text(signature.sig_object, "/Reason"),
        "revision": signature.signed_revision + 1,
        "covered_bytes": one.end,
        "modification": level,
        "changes_allowed": not refused,
        "changed_in_revision": refused + 1 if refused else None,
    }
    evaluate = _timestamp_result if is_timestamp else _ades_result
    report |= ades.judged(
        lambda spec: evaluate(signature, certificates, spec, reader),
        leaf,
        certificates,
        vouched,
        leaves,
        is_timestamp=is_timestamp,
    )
    report["trusted"] = trusted_root and report["verdict"] == "valid"
    if one.problem:
        report |= {"verdict": "forged_structure", "reason": one.problem, "trusted": False}
    elif refused and report["verdict"] not in ("broken", "forged_structure"):
        report |= {"verdict": "changed_after_signing", "reason": "later_revision", "trusted": False}
    elif not trusted_root and report["verdict"] in ("valid", "incomplete"):
        report["verdict"] = "unknown_issuer"
    return report


def _ades_result(
    signature: Any, certificates: Certificates, spec: Any, reader: PdfFileReader
) -> dict[str, Any]:
    signature.compute_integrity_info(skip_diff=True)
    if not ades.tokens(signature.signer_info):
        return ades.basic(signature.signed_data, signature.compute_digest(), spec)
    result = asyncio.run(ades_lta_validation(signature, PdfSignatureValidationSpec(spec, diff_policy=None)))
    indication = result.ades_subindic
    token, confirmed = ades.tokens(signature.signer_info)[0], None
    status = result.api_status
    stamp = result.signature_timestamp_status
    stamped = (
        stamp.api_status if stamp is not None else status.timestamp_validity if status is not None else None
    )
    good = (stamp is not None and stamp.ades_subindic == AdESPassed.OK) or (
        stamped is not None and stamped.intact and stamped.valid and stamped.trusted
    )
    if good and stamped is not None:
        confirmed = stamped.timestamp
    elif result.oldest_evidence_record_timestamp is not None:
        confirmed = result.oldest_evidence_record_timestamp
    passed = indication == AdESPassed.OK
    level = "B-T"
    if passed and certificates.has_dss:
        level = "B-LT" if result.oldest_evidence_record_timestamp is None else "B-LTA"
    return ades.outcome(indication, status) | {
        "confirmed_at": ades.iso(confirmed),
        "confirmed_by": ades.name(ades.signer_of(token)) if confirmed is not None else None,
        "level": level,
    }


def _timestamp_result(
    signature: Any, certificates: Certificates, spec: Any, reader: PdfFileReader
) -> dict[str, Any]:
    """A document timestamp by itself: intact, and from a known authority. What it proves shows in the signatures before it."""
    context = ValidationContext(
        trust_roots=list(spec.cert_validation_policy.trust_manager.iter_certs()),
        other_certs=list(certificates.known.values()),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    status = asyncio.run(async_validate_pdf_timestamp(signature, context, skip_diff=True))
    intact = bool(status.intact and status.valid)
    ended = not ades.lasts(signature.signer_cert)
    good = intact and (status.trusted or ended)
    return {
        "intact": intact,
        "indication": "TOTAL_PASSED" if good else "INDETERMINATE" if intact else "TOTAL_FAILED",
        "sub_indication": None if good else "NO_CERTIFICATE_CHAIN_FOUND" if intact else "HASH_FAILURE",
        "reason": "",
        "verdict": "valid" if good else "unknown_issuer" if intact else "broken",
        "confirmed_at": status.timestamp.isoformat() if intact else None,
        "confirmed_by": ades.name(signature.signer_cert) if intact else None,
        "level": None,
    }


def _text(dictionary: Any, key: str) -> str:
    value = dictionary[key] if key in dictionary else ""  # noqa: SIM401 - get() does not follow references
    return str(value) if isinstance(value, str) else ""


def _claimed(signature: Any) -> str | None:
    try:
        moment = signature.self_reported_timestamp
    except Exception:  # noqa: BLE001 - a date that nobody can read
        return None
    return ades.iso(moment)
