"""The words of every mail and SMS. Plain text and HTML are made from the same blocks, so they cannot say different things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .fit import date, fit_sms, fit_subject, moment, shorten
from .params import Params


class Block(NamedTuple):
    """One paragraph. `quote`: words of the sender, shown as such; `link`: `text` is what stands before the address `url`."""

    kind: Literal["text", "quote", "link", "code"]
    text: str
    url: str = ""


@dataclass(frozen=True)
class Words:
    """A mail: subject of at most 59 characters, body, footer."""

    subject: str
    body: list[Block]
    footer: list[Block]


@dataclass(frozen=True)
class Material:
    """What a text is made from. `secrets` holds "url" or "code" as the purpose needs; `attached`: the files travel with the mail."""

    params: Params
    organization: str
    secrets: dict[str, str]
    attached: bool = False

    @property
    def documents(self) -> str:
        n = self.params.documents
        return ngettext("%(n)d document", "%(n)d documents", n) % {"n": n}

    @property
    def verify(self) -> str:
        return f"{settings.PUBLIC_URL}/verify"

    def link(self, text: str) -> Block:
        return Block("link", text, self.secrets["url"])


def _text(words: str) -> Block:
    return Block("text", words)


def _request(m: Material) -> list[Block]:
    p = m.params
    values = {"sender": p.sender, "organization": m.organization, "title": p.title, "documents": m.documents}
    if p.due_at is None:
        first = _("{sender} of {organization} asks you to read and sign “{title}” ({documents}).").format(
            **values
        )
    else:
        first = _(
            "{sender} of {organization} asks you to read and sign “{title}” ({documents}) by {date}."
        ).format(date=moment(p.due_at, p.time_zone), **values)
    blocks = [_text(first)]
    if p.message:
        blocks += [_text(_("Message from {sender}:").format(sender=p.sender)), Block("quote", p.message)]
    return blocks


def _code_apart(m: Material) -> list[Block]:
    if not m.params.code_apart:
        return []
    return [
        _text(_("You also need a code. {sender} gives it to you separately.").format(sender=m.params.sender))
    ]


def _invitation(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(
        _("{sender} asks you to sign: {title}"), sender=m.params.sender, title=m.params.title
    )
    yours = _(
        "The link is yours alone; do not pass it on. To hand it to somebody else, use “Hand on” in the page."
    )
    return subject, [*_request(m), m.link(_("Open:")), *_code_apart(m), _text(yours)]


def _invitation_protected(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization} has a document for you"), organization=m.organization)
    if m.params.methods:
        how = _("You will be asked to identify yourself with {methods}.").format(
            methods=", ".join(m.params.methods)
        )
    else:
        how = _("You will be asked to identify yourself.")
    return subject, [_text(how), m.link(_("Open:"))]


def _reminder(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    if p.due_at is None:
        subject = fit_subject(_("Reminder: {title} waits for you"), title=p.title)
    else:
        until_when = {"date": date(p.due_at, p.time_zone)}
        subject = fit_subject(
            _("Reminder: {title} waits for you until {date}"), keep=until_when, title=p.title
        )
    waiting = _("{sender} is still waiting for you to sign “{title}”.").format(sender=p.sender, title=p.title)
    until = (
        [_text(_("It can be signed until {date}.").format(date=moment(p.due_at, p.time_zone)))]
        if p.due_at
        else []
    )
    return subject, [
        _text(waiting),
        *until,
        m.link(_("Open:")),
        *_code_apart(m),
        _text(_("If you do not want to sign, you can refuse there.")),
    ]


def _code(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Your code for {organization}"), organization=m.organization)
    return subject, [
        Block("code", m.secrets["code"]),
        _text(_("It works for 10 minutes, once. We never ask for it by phone.")),
    ]


def _your_turn(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("It is your turn to sign: {title}"), title=m.params.title)
    return subject, [
        _text(_("Those before you have signed.")),
        *_request(m),
        m.link(_("Open:")),
        *_code_apart(m),
    ]


def _completed(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("All have signed: {title}"), title=p.title)
    check = Block("link", _("Anyone can check it at"), m.verify)
    if m.attached:
        n = len(p.files)
        with_it = ngettext(
            "Attached is the sealed file of “{title}”.", "Attached are the sealed files of “{title}”.", n
        )
        return subject, [_text(with_it.format(title=p.title)), check]
    done = _("All have signed “{title}”. The sealed copy is ready.").format(title=p.title)
    get = _("Get it here (you will be asked to identify yourself):") if p.protected else _("Get it here:")
    return subject, [_text(done), m.link(get), check]


def _refused(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("{name} refused to sign: {title}"), name=p.person, title=p.title)
    blocks = [_text(_("{name} refused to sign “{title}”.").format(name=p.person, title=p.title))]
    if p.reason:
        blocks += [_text(_("Reason:")), Block("quote", p.reason)]
    return subject, [*blocks, _text(_("Signing has stopped."))]


def _stopped(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Signing has stopped: {title}"), title=m.params.title)
    return subject, [
        _text(_("Signing of “{title}” has stopped. You need do nothing.").format(title=m.params.title))
    ]


def _cancelled(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Called off: {title}"), title=p.title)
    off = _("{sender} has called off “{title}”. Earlier links no longer work.").format(
        sender=p.sender, title=p.title
    )
    return subject, [_text(off)]


def _replaced(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("New version to sign: {title}"), title=p.title)
    if p.at is None:
        first = _("{sender} replaced the document “{title}”.").format(sender=p.sender, title=p.title)
    else:
        first = _("{sender} replaced the document “{title}” on {date}.").format(
            sender=p.sender, title=p.title, date=moment(p.at, p.time_zone)
        )
    return subject, [
        _text(first),
        m.link(_("Please read and sign the new one:")),
        *_code_apart(m),
        _text(_("Your earlier link and signature no longer count.")),
    ]


def _expired(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Time ran out: {title}"), title=p.title)
    count = _("{signed} of {signers} signed “{title}” in time.").format(
        signed=p.signed, signers=p.signers, title=p.title
    )
    return subject, [_text(count), m.link(_("Open the envelope to give more time:"))]


def _sms_invitation(m: Material) -> str:
    words = _("{organization}: {sender} asks you to sign a document. {url}")
    return fit_sms(words, keep={"url": m.secrets["url"]}, organization=m.organization, sender=m.params.sender)


def _sms_code(m: Material) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    words = (
        _("{code} is your code for {organization}. Do not share it.") + "\n\n@{host} #{code}"
    )  # WebOTP: phones fill it in
    return fit_sms(words, keep={"code": m.secrets["code"], "host": host}, organization=m.organization)


def _sms_signer_code(m: Material) -> str:
    words = _("Your code to open the document from {sender}: {code}")
    return fit_sms(words, keep={"code": m.secrets["code"]}, sender=m.params.sender)


Secret = Literal["", "url", "code"]
FROM_LIMIT = 64

MAILS: dict[str, tuple[Callable[[Material], tuple[str, list[Block]]], Secret]] = {
    "invitation": (_invitation, "url"),
    "invitation_protected": (_invitation_protected, "url"),
    "reminder": (_reminder, "url"),
    "code": (_code, "code"),
    "your_turn": (_your_turn, "url"),
    "completed": (_completed, "url"),
    "refused": (_refused, ""),
    "stopped": (_stopped, ""),
    "cancelled": (_cancelled, ""),
    "replaced": (_replaced, "url"),
    "expired": (_expired, "url"),
}
"""Mail purposes: how each is worded, and the one secret that its text holds. No text has a slot for both link and code."""

SMS: dict[str, tuple[Callable[[Material], str], Secret]] = {
    "invitation": (_sms_invitation, "url"),
    "code": (_sms_code, "code"),
    "signer_code": (_sms_signer_code, "code"),
}

_ANONYMOUS = ("invitation_protected", "code")
"""Purposes whose text names no person before identification."""


def check_purpose(channel: str, purpose: str) -> None:
    """Raise ValueError unless there is a text for it."""
    if purpose not in (MAILS if channel == "email" else SMS):
        raise ValueError(f"no {channel} text for {purpose!r}")


def secret(channel: str, purpose: str) -> Secret:
    """Which secret the text holds."""
    if channel == "email":
        return MAILS[purpose][1]
    return SMS[purpose][1] if channel == "sms" else ""


def mail(purpose: str, m: Material) -> Words:
    """The words of a mail in the active language."""
    subject, body = MAILS[purpose][0](m)
    p = m.params
    greeting = (
        [_text(_("{name},").format(name=p.name))] if p.name and purpose != "invitation_protected" else []
    )
    return Words(subject, greeting + body, _footer(purpose, m))


def sms(purpose: str, m: Material) -> str:
    """The words of an SMS in the active language."""
    return SMS[purpose][0](m)


def sender_name(purpose: str, m: Material) -> str:
    """What stands before the address in From: `{sender} via {organization}`, or the organisation alone."""
    if purpose in _ANONYMOUS or not m.params.sender or m.params.role == "sender":
        return shorten(m.organization, FROM_LIMIT)
    words = _("{sender} via {organization}")
    names = {
        "sender": shorten(m.params.sender, FROM_LIMIT // 2),
        "organization": shorten(m.organization, FROM_LIMIT // 2),
    }
    return words.format(**names)


def reply_to(purpose: str, m: Material) -> str:
    """Where answers go: to the sender, unless the text must not say who that is."""
    return "" if purpose in _ANONYMOUS or m.params.role == "sender" else m.params.sender_email


def _footer(purpose: str, m: Material) -> list[Block]:
    p = m.params
    footer = [_text(m.organization)]
    if purpose in _ANONYMOUS or not p.sender:
        return footer
    reasons = {
        "signer": _("You got this because {sender} named you as signer."),
        "viewer": _("You got this because {sender} named you as reader."),
        "copy": _("You got this because {sender} asked for a copy to you."),
        "sender": _("You got this because you sent it out for signature."),
    }
    footer.append(_text(reasons[p.role].format(sender=p.sender)))
    if p.sender_email and p.role != "sender":
        footer.append(
            _text(_("Questions? Answer this mail; your answer goes to {sender}.").format(sender=p.sender))
        )
    return footer
