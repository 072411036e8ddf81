"""What judging a signature has in common for PDFs and containers: facts of its certificate, verdicts, what the missing answers mean.

EN 319 102-1. Runs in the bounded process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko.sign.validation.ades import ades_basic_validation
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from undersigned.sealing.policies import WORDS

from .trust import Certificates

# The engine logs each failed step with the names in the certificates; the report says what matters, without a log.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

SIGNATURES_MAX = 60
WORST_FIRST = (
    "not_pdf",
    "encrypted",
    "too_many",
    "forged_structure",
    "broken",
    "changed_after_signing",
    "revoked",
    "no_poe",
    "unknown_issuer",
    "incomplete",
    "not_signed",
    "valid",
)
"""Verdicts; several signatures get the worst. `incomplete`: all fits, but no answer is at hand whether certificates were withdrawn."""
_I = AdESIndeterminate
_VERDICTS: dict[AdESSubIndic, str] = {
    AdESPassed.OK: "valid",
    AdESFailure.FORMAT_FAILURE: "forged_structure",
    AdESFailure.HASH_FAILURE: "broken",
    AdESFailure.SIG_CRYPTO_FAILURE: "broken",
    AdESFailure.REVOKED: "revoked",
    AdESFailure.NOT_YET_VALID: "no_poe",
    _I.REVOKED_NO_POE: "revoked",
    _I.REVOKED_CA_NO_POE: "revoked",
    _I.NO_SIGNING_CERTIFICATE_FOUND: "unknown_issuer",
    _I.NO_CERTIFICATE_CHAIN_FOUND: "unknown_issuer",
    _I.CHAIN_CONSTRAINTS_FAILURE: "unknown_issuer",
    _I.CERTIFICATE_CHAIN_GENERAL_FAILURE: "incomplete",
    _I.TRY_LATER: "incomplete",
}
"""Sub-indications of EN 319 102-1 clause 5.1.3 to verdicts; the others mean that the time of signing cannot be told."""


def worse(one: str, other: str) -> bool:
    """Is verdict `one` worse than `other`?"""
    return WORST_FIRST.index(one) < WORST_FIRST.index(other)


def summary(signatures: list[dict[str, Any]], vouched: list[x509.Certificate]) -> dict[str, Any]:
    """What the reports on all signatures of a file come to: the worst of them, and which certificates were taken to stand."""
    worst = min(signatures, key=lambda s: WORST_FIRST.index(s["verdict"]))
    return {
        "verdict": worst["verdict"],
        "reason": worst["reason"],
        "worst_field": worst["field"],
        "signatures": signatures,
        "assumed_not_revoked": [name(c) | {"sha256": c.sha256.hex()} for c in vouched],
    }


def facts(leaf: x509.Certificate, certificates: Certificates) -> dict[str, Any]:
    """What the report says of the certificate that signed."""
    root = certificates.root(leaf)
    return {
        "signer": name(leaf),
        "issuer": name(certificates.chain(leaf)[-1] if root is None else root),
        "certificate_sha256": leaf.sha256.hex(),
        "serial": f"{leaf.serial_number:x}",
        "valid_until": leaf.not_valid_after.isoformat(),
        "revoked_at": iso(certificates.revoked_at(leaf)),
        "identified_by": _identified_by(leaf),
        "root_sha256": root.sha256.hex() if root is not None else None,
        "root_trusted": certificates.trusted(root),
    }


def judged(
    evaluate: Callable[[Any], dict[str, Any]],
    leaf: x509.Certificate,
    certificates: Certificates,
    vouched: list[x509.Certificate],
    leaves: list[x509.Certificate],
    *,
    is_timestamp: bool,
) -> dict[str, Any]:
    """What `evaluate` finds by the specification that it is given, and what it means where answers about certificates are missing.

    `leaves`: of all signatures in the file.
    """
    trusted = certificates.trusted(certificates.root(leaf))
    report: dict[str, Any] = {}
    try:
        report |= evaluate(certificates.spec(trusted, vouched, leaves))
        if report["verdict"] in ("incomplete", "no_poe") and not is_timestamp and lasts(leaf):
            # Does everything but the missing answers fit? Then that alone is what is wrong.
            relaxed = evaluate(certificates.spec(trusted, vouched, leaves, check=False))
            report["verdict"] = "incomplete" if relaxed["verdict"] == "valid" else report["verdict"]
            for key in ("confirmed_at", "confirmed_by", "level"):
                report[key] = report[key] or relaxed[key]
        if report["verdict"] in ("incomplete", "no_poe") and _used_after_withdrawal(
            leaf, certificates, report
        ):
            report["verdict"] = "revoked"
        withdrawn = iso(certificates.revoked_at(leaf, by_callers=True))
        if withdrawn and report["verdict"] in ("incomplete", "no_poe") and report["confirmed_at"] is None:
            report["verdict"] = "revoked"
        elif report["verdict"] == "incomplete" and not lasts(leaf) and report["confirmed_at"] is None:
            report["verdict"] = (
                "no_poe"  # no answer of today says anything about a certificate that has ended
            )
    except Exception as e:  # noqa: BLE001 - malformed certificates or CMS: never good, never a crash
        report |= {
            "intact": False,
            "verdict": "broken",
            "reason": f"unreadable_signature: {type(e).__name__}",
        }
    return report


def _used_after_withdrawal(
    leaf: x509.Certificate, certificates: Certificates, report: dict[str, Any]
) -> bool:
    """Does a list in the file itself say that the certificate was withdrawn before the time that a timestamp confirms?"""
    withdrawn, confirmed = certificates.revoked_at(leaf), report["confirmed_at"]
    return withdrawn is not None and confirmed is not None and withdrawn <= datetime.fromisoformat(confirmed)


def basic(signed_data: cms.SignedData, digest: bytes, spec: Any) -> dict[str, Any]:
    """A signature without a timestamp (clause 5.3): as good as the certificate is today. With time the engine would ask for one and say no
    more."""
    result = asyncio.run(ades_basic_validation(signed_data, spec, raw_digest=digest))
    return outcome(result.ades_subindic, result.api_status) | {
        "confirmed_at": None,
        "confirmed_by": None,
        "level": "B-B",
    }


def outcome(indication: AdESSubIndic, status: Any) -> dict[str, Any]:
    """The report's words for what the engine found."""
    passed = indication == AdESPassed.OK
    unclear = isinstance(indication, _I)
    return {
        "intact": bool(status is not None and status.intact and status.valid),
        "indication": "INDETERMINATE" if unclear else f"TOTAL_{indication.status.name}",
        "sub_indication": None if passed else indication.standard_name,
        "reason": "" if passed else indication.standard_name.lower(),
        "verdict": _VERDICTS.get(indication, "no_poe"),
    }


def tokens(signer_info: Any) -> list[cms.SignedData]:
    """The signature timestamps (id-aa-timeStampToken)."""
    return list(extract_tst_data_iter(signer_info, signed=False))


def signer_of(data: cms.SignedData) -> x509.Certificate:
    """The certificate of the one signer of a message."""
    serial = data["signer_infos"][0]["sid"].chosen["serial_number"].native
    return next(c.chosen for c in data["certificates"] if c.chosen.serial_number == serial)


def iso(moment: datetime | None) -> str | None:
    """ISO 8601."""
    return moment.isoformat() if moment is not None else None


def lasts(certificate: x509.Certificate) -> bool:
    """Has it not ended?"""
    ends: datetime = certificate.not_valid_after
    return ends > datetime.now(ends.tzinfo)


def name(certificate: x509.Certificate) -> dict[str, str]:
    """Whose it is, as `verify.Name`."""
    subject = certificate.subject.native
    return {
        key: str(subject.get(source) or "")
        for key, source in (("name", "common_name"), ("organization", "organization_name"))
    }


def _identified_by(certificate: x509.Certificate) -> str:
    """What the certificate says about how its holder was identified: the subject's description, else our policy's word, else nothing."""
    subject = certificate.subject.native
    description = subject.get("description") or subject.get("2.5.4.13")
    if description:
        return str(description)
    for policy in certificate.certificate_policies_value or []:
        if policy["policy_identifier"].dotted in WORDS:
            return WORDS[policy["policy_identifier"].dotted]
    return ""
