"""Judge an ASiC-E container with CAdES signatures, offline, in the bounded process (EN 319 162-1, EN 319 122-1, EN 319 102-1).

`analyse` gives the JSON that `verify.Report` is made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from asn1crypto import x509

from undersigned.base.bounded import Refusal
from undersigned.sealing.pdf import ades
from undersigned.sealing.pdf.trust import Certificates

from .detached import Detached, Knowledge, evaluate, evaluate_token
from .reading import SIGNATURE_MAX, Container, Manifest

_REFUSED = {
    "too_many": "too_many",
    "encrypted": "encrypted",
    "not_container": "not_pdf",
    "malformed": "broken",
}
"""What is wrong with the file as a whole; anything else is a container that lies."""


def analyse(path: str, roots: list[str], crls: list[str]) -> dict[str, Any]:
    """The whole report on the container at `path`; `roots` and `crls` as `pdf.validation.analyse` has them."""
    with Path(path).open("rb") as file:
        report: dict[str, Any] = {
            "format": "asice",
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "size": Path(path).stat().st_size,
        }
        try:
            container = Container(file, report["size"])
            manifests = container.manifests()
            if sum(not m.archive for m in manifests) > ades.SIGNATURES_MAX:
                raise Refusal("too_many")
            certificates = Certificates([bytes.fromhex(r) for r in roots], [bytes.fromhex(c) for c in crls])
            return report | _judge(container, manifests, certificates)
        except Refusal as e:
            return report | {"verdict": _REFUSED.get(e.code, "forged_structure"), "reason": e.code}


def _judge(container: Container, manifests: list[Manifest], certificates: Certificates) -> dict[str, Any]:
    signing = [m for m in manifests if not m.archive]
    if not signing:
        foreign = any(n.startswith("META-INF/") and "signature" in n for n in container.names)
        return {"verdict": "not_pdf", "reason": "unknown_format"} if foreign else {"verdict": "not_signed"}
    if problem := _structure_problem(container, manifests):
        return {"verdict": problem[0], "reason": problem[1], "signatures": []}
    wrong = _wrong_files(container, manifests)
    found = [Detached.read(m, container.read(m.signature, SIGNATURE_MAX)) for m in manifests]
    knowledge = Knowledge.of(found, wrong, certificates)
    stamps = [f for f in found if f.manifest.archive and f.data is not None]
    newest = max(stamps, key=lambda s: s.stamped_at, default=None)
    vouched = certificates.vouched(newest.signer if newest is not None else None)
    leaves = [f.signer for f in found if f.signer is not None]
    signatures = [_report(f, knowledge, certificates, vouched, leaves) for f in found]
    result = ades.summary(signatures, vouched) | {
        "files": sorted({n.name for m in signing for n in m.files}),
    }
    if (stray := _stray(container, manifests)) and ades.worse("changed_after_signing", result["verdict"]):
        result |= {
            "verdict": "changed_after_signing",
            "reason": "unnamed_file",
            "files": [*result["files"], *stray],
        }
    return result


def _structure_problem(container: Container, manifests: list[Manifest]) -> tuple[str, str] | None:
    """What makes the whole a container that says nothing: verdict and reason."""
    signatures = [m.signature for m in manifests]
    if len(set(signatures)) < len(signatures):
        return "forged_structure", "shared_signature"
    if any(s not in container.names for s in signatures):
        return "changed_after_signing", "signature_removed"
    if any(not m.files or len({n.name for n in m.files}) < len(m.files) for m in manifests):
        return "forged_structure", "malformed"
    return None


def _wrong_files(container: Container, manifests: Iterable[Manifest]) -> dict[str, str]:
    """By manifest, what is wrong with a file that it names: missing_file, changed_file."""
    wanted: dict[str, set[str]] = {}
    for named in (n for m in manifests for n in m.files):
        wanted.setdefault(named.name, set()).add(named.algorithm)
    have = {n: container.digests(n, algorithms) for n, algorithms in wanted.items() if n in container.names}
    wrong: dict[str, str] = {}
    for manifest in manifests:
        for named in manifest.files:
            if named.name not in have:
                wrong[manifest.name] = "missing_file"
            elif (have[named.name] or {}).get(named.algorithm) != named.digest:
                wrong.setdefault(manifest.name, "changed_file")
    return wrong


def _stray(container: Container, manifests: list[Manifest]) -> list[str]:
    """Files that no signature covers: neither named by a signature's manifest, nor what makes the container one."""
    covered = {"mimetype"} | {n.name for m in manifests if not m.archive for n in m.files}
    for manifest in manifests:
        covered |= {manifest.name, manifest.signature}
    return [n for n in container.names if n not in covered]


def _report(
    one: Detached,
    knowledge: Knowledge,
    certificates: Certificates,
    vouched: list[x509.Certificate],
    leaves: list[x509.Certificate],
) -> dict[str, Any]:
    """One signature's, or timestamp's, part of the report."""
    is_timestamp = one.manifest.archive
    report: dict[str, Any] = {
        "field": one.manifest.signature,
        "kind": "timestamp" if is_timestamp else "signature",
        "covers": [n.name for n in one.manifest.files],
    }
    if one.data is None or one.signer is None:
        return report | {"verdict": "broken", "reason": "unreadable_signature"}
    leaf = one.signer
    trusted = certificates.trusted(certificates.root(leaf))
    judge = evaluate_token if is_timestamp else evaluate
    report |= ades.facts(leaf, certificates) | {"claimed_at": ades.iso(one.claimed_at)}
    report |= ades.judged(
        lambda spec: judge(one, knowledge, spec),
        leaf,
        certificates,
        vouched,
        leaves,
        is_timestamp=is_timestamp,
    )
    if problem := knowledge.wrong.get(one.manifest.name):
        report |= {"verdict": "broken", "reason": problem, "intact": False}
    elif not trusted and report["verdict"] in ("valid", "incomplete"):
        report["verdict"] = "unknown_issuer"
    report["trusted"] = trusted and report["verdict"] == "valid"
    return report
