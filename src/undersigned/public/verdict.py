"""From what the engine found to sentences that a clerk can rely on. Headings and reasons are the engine's (`sealing.verdicts`)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from undersigned.sealing.evidence import EvidenceReport
from undersigned.sealing.verdicts import evidence_words, reason_words, verdict_words
from undersigned.sealing.verify import Report, SignatureReport

from .templatetags.ui import moment

_TONES = {"valid": "ok", "unknown_issuer": "warn", "incomplete": "warn", "no_poe": "warn"}
_ABOUT_THE_FILE = {"not_signed", "not_pdf", "encrypted", "too_many"}


@dataclass(frozen=True)
class Sentence:
    """One line with its tone: ok, warn, bad."""

    text: str
    tone: str


@dataclass(frozen=True)
class Verdict:
    """Heading, tone (ok, warn, bad), what it means, what exactly is wrong, whose signature it is, one sentence a signature, the record."""

    heading: str
    tone: str
    text: str
    reason: str
    worst: str
    fingerprint: str
    signatures: list[Sentence]
    record: Sentence | None


def verdict(report: Report, record: EvidenceReport | None = None) -> Verdict:
    """The verdict over the file: the worst of its signatures, and which one that is."""
    heading, text = verdict_words(report.verdict)
    worst = report.worst
    several = len(report.signatures) > 1 and worst is not None and report.verdict != "valid"
    fingerprint = worst.root_sha256 if worst is not None and report.verdict == "unknown_issuer" else None
    return Verdict(
        heading,
        "warn" if report.verdict in _ABOUT_THE_FILE else _tone(report.verdict),
        text,
        reason_words(report.reason),
        str(worst.signer) if several and worst is not None else "",
        _groups(fingerprint or ""),
        [Sentence(_sentence(s), _tone(s.verdict)) for s in report.signatures],
        Sentence(evidence_words(record.code, record.events, record.broken_at), "ok" if record.good else "bad")
        if record
        else None,
    )


def _tone(code: str) -> str:
    return _TONES.get(code, "bad")


def _sentence(seen: SignatureReport) -> str:
    confirmed = seen.confirmed_at is not None and seen.confirmed_by is not None
    values = {
        "name": str(seen.signer) or _("Somebody whose name is not in the file"),
        "time": moment(seen.confirmed_at or seen.claimed_at),
        "authority": str(seen.confirmed_by or seen.signer),
    }
    if seen.kind == "timestamp":
        return _("{authority} confirmed on {time} that the file existed as it was then.").format(**values)
    if confirmed:
        return _("{name} signed on {time}; the time is confirmed by {authority}.").format(**values)
    if seen.claimed_at is not None:
        return _("{name} signed; by their own word on {time}.").format(**values)
    return _("{name} signed; the file does not say when.").format(**values)


def _groups(fingerprint: str) -> str:
    """Hexadecimal in groups of four, to be compared by eye."""
    upper = fingerprint.upper()
    return " ".join(upper[i : i + 4] for i in range(0, len(upper), 4))
