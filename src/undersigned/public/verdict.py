"""From what was found to sentences that a clerk can rely on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .checking import Code, RecordSeen, Seen, SignatureSeen
from .templatetags.ui import day, moment


@dataclass(frozen=True)
class Sentence:
    """One line with its tone: ok, warn, bad."""

    text: str
    tone: str


@dataclass(frozen=True)
class Verdict:
    """Heading, tone (ok, warn, bad), what it means, one sentence a signature, what the record says."""

    heading: str
    tone: str
    text: str
    signatures: list[Sentence]
    record: Sentence | None


def verdict(seen: Seen) -> Verdict:
    """The verdict over the file: the worst of its signatures, and which one that is."""
    worst = next((s for s in seen.signatures if s.code == seen.code), None)
    heading, tone, text = _words(seen, worst)
    lines = [Sentence(_sentence(s), "ok" if s.code == Code.VALID else _tone(s.code)) for s in seen.signatures]
    return Verdict(heading, tone, text, lines, _record(seen.record) if seen.record else None)


def _words(seen: Seen, worst: SignatureSeen | None) -> tuple[str, str, str]:
    name = worst.name if worst else ""
    match seen.code:
        case Code.VALID:
            return _("Signed, and unchanged since"), "ok", _("Nothing was changed after the last signature.")
        case Code.UNKNOWN_ISSUER:
            text = _(
                "The file is exactly as signed. The name “{name}” was certified by “{issuer}”, which is not on our trust lists. "
                "If you trust that issuer, compare its fingerprint: {fingerprint}."
            ).format(
                name=name,
                issuer=worst.issuer if worst else "",
                fingerprint=_groups(worst.fingerprint if worst else ""),
            )
            return _("Unchanged, but the issuer is not known to us"), "warn", text
        case Code.CHANGED:
            text = _(
                "After {name} signed on {date}, the file was changed. No signature covers the change. {detail}"
            ).format(name=name, date=day(worst.at if worst else None), detail=seen.detail)
            return _("Changed after it was signed"), "bad", text.strip()
        case Code.BROKEN:
            text = _("The file is damaged or was altered. Ask for it again from its source.")
            return _("The signature does not fit this file"), "bad", text
        case Code.FORGED:
            text = _("It is built so that it looks signed but the signature covers other content.")
            return _("Do not rely on this file"), "bad", f"{text} {seen.detail}".strip()
        case Code.NO_TIME:
            text = _(
                "The certificate has ended and the file holds no trusted time, so it may have been signed before or after. "
                "Ask the signer for other proof."
            )
            return _("We cannot tell when it was signed"), "warn", text
        case Code.REVOKED:
            text = (
                _("It was withdrawn before the time of signing. {detail}").format(detail=seen.detail).strip()
            )
            return _("Signed with a certificate that was withdrawn"), "bad", text
        case Code.UNSIGNED:
            return (
                _("There is no signature in this file"),
                "warn",
                _("A picture of a signature is not a signature."),
            )
        case Code.NOT_PDF:
            return _("This is not a PDF"), "warn", _("Choose a PDF file.")
        case Code.PASSWORD:
            return _("The file has a password"), "warn", _("Remove the password and try again.")
        case Code.UNREADABLE:
            return (
                _("We cannot read this file"),
                "warn",
                _("It is damaged. Ask for it again from its source."),
            )


def _tone(code: Code) -> str:
    return "warn" if code in (Code.UNKNOWN_ISSUER, Code.NO_TIME) else "bad"


def _sentence(seen: SignatureSeen) -> str:
    values = {"name": seen.name, "time": moment(seen.at), "authority": seen.time_confirmed_by}
    if seen.kind == "timestamp":
        return _("{authority} confirmed at {time} that the file existed as it is.").format(**values)
    if seen.kind == "seal":
        if seen.time_confirmed_by:
            return _("{name} sealed it on {time}; the time is confirmed by {authority}.").format(**values)
        return _("{name} sealed it; by its own word on {time}.").format(**values)
    if seen.time_confirmed_by:
        return _("{name} signed on {time}; the time is confirmed by {authority}.").format(**values)
    return _("{name} signed; by their own word on {time}.").format(**values)


def _record(record: RecordSeen) -> Sentence:
    if record.broken_at:
        text = _("Event {n} does not follow from event {before}.").format(
            n=record.broken_at, before=record.broken_at - 1
        )
        return Sentence(text, "bad")
    if not record.belongs:
        return Sentence(_("The record does not belong to this file."), "bad")
    return Sentence(_("The record belongs to this file; {n} events, unbroken.").format(n=record.events), "ok")


def _groups(fingerprint: str) -> str:
    """Hexadecimal in groups of four, to be compared by eye."""
    upper = fingerprint.upper()
    return " ".join(upper[i : i + 4] for i in range(0, len(upper), 4))
