"""From what the engine found to sentences that a clerk can rely on. Headings and reasons are the engine's (`sealing.verdicts`)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from undersigned.base import clock
from undersigned.sealing.evidence import EvidenceReport
from undersigned.sealing.verdicts import evidence_words, reason_words, verdict_words
from undersigned.sealing.verify import Report, SignatureReport

from .templatetags.ui import day, moment

_TONES = {"valid": "ok", "unknown_issuer": "warn", "incomplete": "warn", "no_poe": "warn"}
_ABOUT_THE_FILE = {"not_signed", "not_pdf", "encrypted", "too_many"}


@dataclass(frozen=True)
class Sentence:
    """One line with its tone: ok, warn, bad."""

    text: str
    tone: str


@dataclass(frozen=True)
class Signed:
    """A version of the file that somebody signed: its number, and whose it is."""

    revision: int
    label: str


@dataclass(frozen=True)
class Verdict:
    """Heading, tone (ok, warn, bad), what it means, whose signature it is, one sentence a signature, the record, the versions to see."""

    heading: str
    tone: str
    text: str
    worst: str
    fingerprint: str
    signatures: list[Sentence]
    record: Sentence | None
    versions: list[Signed]


def verdict(report: Report, record: EvidenceReport | None = None) -> Verdict:
    """The verdict over the file: the worst of its signatures, and which one that is."""
    worst = report.worst
    several = len(report.signatures) > 1 and worst is not None and report.verdict != "valid"
    fingerprint = worst.root_sha256 if worst is not None and report.verdict == "unknown_issuer" else None
    return Verdict(
        verdict_words(report.verdict)[0],
        "warn" if report.verdict in _ABOUT_THE_FILE else _tone(report.verdict),
        _text(report),
        str(worst.signer) if several and worst is not None else "",
        _groups(fingerprint or ""),
        [Sentence(_sentence(s), _tone(s.verdict)) for s in report.signatures],
        Sentence(evidence_words(record.code, record.events, record.broken_at), "ok" if record.good else "bad")
        if record
        else None,
        _versions(report),
    )


def signed_version(report: Report, revision: int) -> int | None:
    """How many bytes of the file are version `revision`, as it was signed; None where there is none to rely on."""
    return next((s.covered_bytes for s in _reliable(report) if s.revision == revision), None)


def _reliable(report: Report) -> list[SignatureReport]:
    """Signatures that fit their bytes and do not cover the file as it is."""
    return [
        s
        for s in report.signatures
        if s.intact and s.verdict != "forged_structure" and 0 < s.covered_bytes < report.size
    ]


def _versions(report: Report) -> list[Signed]:
    return [
        Signed(s.revision or 0, _label(s).format(n=s.revision, total=report.revisions, name=_name(s)))
        for s in _reliable(report)
    ]


def _label(seen: SignatureReport) -> str:
    if seen.kind == "timestamp":
        return _("Version {n} of {total}, as {name} confirmed it")
    if seen.identified_by == "seal":
        return _("Version {n} of {total}, as {name} sealed it")
    return _("Version {n} of {total}, as {name} signed it")


def _tone(code: str) -> str:
    return _TONES.get(code, "bad")


def _text(report: Report) -> str:
    """What the verdict means for this file; the engine's general words where it knows no more."""
    worst = report.worst
    general = verdict_words(report.verdict)[1]
    reason = reason_words(report.reason)
    match report.verdict:
        case "valid":
            return _("Nothing was changed afterwards.")
        case "unknown_issuer" if worst is not None:
            return _(
                "The file is exactly as signed. The name “{name}” was certified by “{issuer}”, which is not on our trust lists. "
                "If you trust that issuer, compare its fingerprint:"
            ).format(name=_name(worst), issuer=worst.issuer)
        case "changed_after_signing":
            said = f"{_change(report)} {general}"
            return f"{said} {_what_is_wrong(reason)}" if report.format == "asice" and reason else said
        case "forged_structure" if reason:
            return _(
                "It is built so that it looks signed, but the signature covers other content ({reason})."
            ).format(reason=reason)
        case "no_poe" if worst is not None and worst.valid_until and worst.valid_until < clock.now():
            return _(
                "The certificate ended on {date} and the file holds no trusted time, so it may have been signed before or after. "
                "Ask the signer for other proof."
            ).format(date=day(worst.valid_until))
        case "revoked" if worst is not None and worst.revoked_at:
            signed = worst.confirmed_at or worst.claimed_at
            if signed and worst.revoked_at < signed:
                return _("It was withdrawn on {date}, before the time of signing {signed}.").format(
                    date=moment(worst.revoked_at), signed=moment(signed)
                )
            return _("It was withdrawn on {date}, and nothing proves that it was used before.").format(
                date=moment(worst.revoked_at)
            )
    if not reason:
        return general
    return f"{general} {_what_is_wrong(reason)}"


def _what_is_wrong(reason: str) -> str:
    return _("What is wrong: {reason}.").format(reason=reason)


def _change(report: Report) -> str:
    """Who signed, and what was changed after that."""
    last = report.worst or (report.signers[-1] if report.signers else None)
    if last is None:
        return _("It was signed, and the signature was taken out.")
    pages = ", ".join(map(str, report.pages[:10])) + ("…" if len(report.pages) > 10 else "")
    how = {
        "content": _("its text or pictures"),
        "notes": _("something was laid over it"),
        "fields": _("a form field was filled in"),
    }
    values = {"name": _name(last), "time": moment(last.confirmed_at or last.claimed_at), "pages": pages}
    if report.change in how:
        return ngettext(
            "After {name} signed on {time}, page {pages} was changed ({how}).",
            "After {name} signed on {time}, pages {pages} were changed ({how}).",
            len(report.pages),
        ).format(how=how[report.change], **values)
    if report.change == "pages":
        return _("After {name} signed on {time}, pages were added or taken out.").format(**values)
    return _("After {name} signed on {time}, the file was changed.").format(**values)


def _name(seen: SignatureReport) -> str:
    return str(seen.signer) or _("Somebody whose name is not in the file")


def _sentence(seen: SignatureReport) -> str:
    confirmed = seen.confirmed_at is not None and seen.confirmed_by is not None
    values = {
        "name": _name(seen),
        "time": moment(seen.confirmed_at or seen.claimed_at),
        "authority": str(seen.confirmed_by or seen.signer),
    }
    if seen.kind == "timestamp":
        return _("{authority} confirmed on {time} that the file existed as it was then.").format(**values)
    if seen.identified_by == "seal" and confirmed:
        return _("{name} sealed it on {time}; the time is confirmed by {authority}.").format(**values)
    if confirmed:
        return _("{name} signed on {time}; the time is confirmed by {authority}.").format(**values)
    if seen.claimed_at is not None:
        return _("{name} signed; by their own word on {time}.").format(**values)
    return _("{name} signed; the file does not say when.").format(**values)


def _groups(fingerprint: str) -> str:
    """Hexadecimal in groups of four, to be compared by eye."""
    upper = fingerprint.upper()
    return " ".join(upper[i : i + 4] for i in range(0, len(upper), 4))
