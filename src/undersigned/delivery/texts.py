"""The words of every mail and SMS that is ours; those in a sender's own words are in `own_words`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import account_words, protected
from .fit import date, fit_sms, fit_subject, moment, shorten
from .push_texts import PUSH
from .words import Block, Material, Words, text


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
    blocks = [text(first)]
    if p.message:
        blocks += [text(_("Message from {sender}:").format(sender=p.sender)), Block("quote", p.message)]
    return blocks


def _code_apart(m: Material) -> list[Block]:
    if not m.params.code_apart:
        return []
    return [
        text(_("You also need a code. {sender} gives it to you separately.").format(sender=m.params.sender))
    ]


def _invitation(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(
        _("{sender} asks you to sign: {title}"), sender=m.params.sender, title=m.params.title
    )
    yours = _(
        "The link is yours alone; do not pass it on. To hand it to somebody else, use “Hand on” in the page."
    )
    return subject, [*_request(m), m.link(_("Open:")), *_code_apart(m), text(yours)]


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
        [text(_("It can be signed until {date}.").format(date=moment(p.due_at, p.time_zone)))]
        if p.due_at
        else []
    )
    return subject, [
        text(waiting),
        *until,
        m.link(_("Open:")),
        *_code_apart(m),
        text(_("If you do not want to sign, you can refuse there.")),
    ]


def _code(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Your code for {organization}"), organization=m.organization)
    return subject, [
        Block("code", m.secrets["code"]),
        text(_("It works for 10 minutes, once. We never ask for it by phone.")),
    ]


def _fill_in(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Please fill in: {title}"), title=p.title)
    first = _("{sender} of {organization} asks you to fill in your part of “{title}” ({documents}).").format(
        sender=p.sender, organization=m.organization, title=p.title, documents=m.documents
    )
    said = (
        [text(_("Message from {sender}:").format(sender=p.sender)), Block("quote", p.message)]
        if p.message
        else []
    )
    after = _("When everybody has filled in their part, signing begins and we write to those who sign.")
    return subject, [text(first), *said, m.link(_("Open:")), text(after)]


def _your_turn(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("It is your turn to sign: {title}"), title=m.params.title)
    return subject, [
        text(_("Those before you have signed.")),
        *_request(m),
        m.link(_("Open:")),
        *_code_apart(m),
    ]


def _completed(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("All have signed: {title}"), title=p.title)
    check = Block("link", _("Anyone can check it at"), m.verify)
    apart = [
        text(
            _(
                "“{file}” stays as it was; the signatures on it are in “{page}”. Keep the two together."
            ).format(file=pair.file, page=pair.page)
        )
        for pair in p.pairs
    ]
    if m.attached:
        n = len(p.files)
        with_it = ngettext(
            "Attached is the sealed file of “{title}”.", "Attached are the sealed files of “{title}”.", n
        )
        return subject, [text(with_it.format(title=p.title)), *apart, check]
    done = _("All have signed “{title}”. The sealed copy is ready.").format(title=p.title)
    return subject, [text(done), m.link(_("Get it here:")), *apart, check]


def _refused(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("{name} refused to sign: {title}"), name=p.person, title=p.title)
    blocks = [text(_("{name} refused to sign “{title}”.").format(name=p.person, title=p.title))]
    if p.reason:
        blocks += [text(_("Reason:")), Block("quote", p.reason)]
    return subject, [*blocks, text(_("Signing has stopped."))]


def _stopped(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Signing has stopped: {title}"), title=m.params.title)
    return subject, [
        text(_("Signing of “{title}” has stopped. You need do nothing.").format(title=m.params.title))
    ]


def _cancelled(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Called off: {title}"), title=p.title)
    off = _("{sender} has called off “{title}”. Earlier links no longer work.").format(
        sender=p.sender, title=p.title
    )
    return subject, [text(off)]


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
        text(first),
        m.link(_("Please read and sign the new one:")),
        *_code_apart(m),
        text(_("Your earlier link and signature no longer count.")),
    ]


def _files_replaced(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Please read and sign again: {title}"), title=p.title)
    first = _("{sender} has changed the files of “{title}”. Signatures given before no longer count.").format(
        sender=p.sender, title=p.title
    )
    return subject, [text(first), *_request(m), m.link(_("Open:")), *_code_apart(m)]


def _under_way(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("For your information: {title}"), title=p.title)
    first = _("{sender} of {organization} has sent out “{title}” ({documents}) to be signed.").format(
        sender=p.sender, organization=m.organization, title=p.title, documents=m.documents
    )
    return subject, [
        text(first),
        text(_("You need do nothing; you get a copy when all have signed.")),
    ]


def _comment(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("New message: {title}"), title=p.title)
    wrote = _("{name} has written a message about “{title}”.").format(name=p.person, title=p.title)
    return subject, [text(wrote), m.link(_("Read it and answer:"))]


def _expired(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Time ran out: {title}"), title=p.title)
    count = _("{signed} of {signers} signed “{title}” in time.").format(
        signed=p.signed, signers=p.signers, title=p.title
    )
    return subject, [text(count), m.link(_("Open the envelope to give more time:"))]


def _removal(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    assert p.due_at is not None  # the day of its erasure
    day = {"date": date(p.due_at, p.time_zone)}
    subject = fit_subject(_("“{title}” will be erased on {date}"), keep=day, title=p.title)
    until = _(
        "{name} has removed “{title}”. It is erased on {date}; until then an owner can restore it:"
    ).format(name=p.person, title=p.title, date=moment(p.due_at, p.time_zone))
    said = [text(_("Message from {sender}:").format(sender=p.person)), Block("quote", p.message)]
    return subject, [
        m.link(until),
        *(said if p.message else []),
        text(_("Save what you need before that.")),
    ]


def _infected(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Virus scan: {title}"), title=p.title)
    found = _("A file of “{title}” did not pass the virus scan ({reason}).").format(
        title=p.title, reason=p.reason
    )
    held = _(
        "It is no longer handed out, and nobody can sign it. If the scanner was wrong, download the file again once it knows better."
    )
    return subject, [text(found), text(held), m.link(_("Open:"))]


def _sms_invitation(m: Material) -> str:
    words = _("{organization}: {sender} asks you to sign a document. {url}")
    if not m.params.sender:  # who must be identified before they hear of anybody
        words = _("{organization} has a document for you") + ". {url}"
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


OWN_WORDS = "own_words"
"""Purpose of mails and SMS whose words the sender brought along."""
Secret = Literal["", "url", "code"]
FROM_LIMIT = 64

MAILS: dict[str, tuple[Callable[[Material], tuple[str, list[Block]]], Secret]] = {
    "invitation": (_invitation, "url"),
    "invitation_protected": (protected.invitation, "url"),
    "reminder": (_reminder, "url"),
    "reminder_protected": (protected.reminder, "url"),
    "code": (_code, "code"),
    "your_turn": (_your_turn, "url"),
    "fill_in": (_fill_in, "url"),
    "completed": (_completed, "url"),
    "completed_protected": (protected.completed, "url"),
    "refused": (_refused, ""),
    "stopped": (_stopped, ""),
    "stopped_protected": (protected.stopped, ""),
    "cancelled": (_cancelled, ""),
    "cancelled_protected": (protected.cancelled, ""),
    "replaced": (_replaced, "url"),
    "expired": (_expired, "url"),
    "files_replaced": (_files_replaced, "url"),
    "under_way": (_under_way, ""),
    "removal": (_removal, "url"),
    "infected": (_infected, "url"),
    "comment": (_comment, "url"),
    "comment_protected": (protected.comment, "url"),
    "welcome": (account_words.welcome, "url"),
    "password_lost": (account_words.password_lost, "url"),
    "password_cleared": (account_words.password_cleared, "url"),
}
"""Mail purposes: how each is worded, and the one secret that its text holds. No text has a slot for both link and code."""

SMS: dict[str, tuple[Callable[[Material], str], Secret]] = {
    "invitation": (_sms_invitation, "url"),
    "invitation_protected": (protected.sms_invitation, "url"),
    "code": (_sms_code, "code"),
    "signer_code": (_sms_signer_code, "code"),
}

_PROTECTED = (
    "invitation_protected",
    "reminder_protected",
    "completed_protected",
    "stopped_protected",
    "cancelled_protected",
    "comment_protected",
)
_ANONYMOUS = (*_PROTECTED, "code", "welcome", "password_lost", "password_cleared")
"""Purposes that come from the organisation: their text names no person before identification, or they are about the reader's account."""


def check_purpose(channel: str, purpose: str) -> None:
    """Raise ValueError unless there is a text for it."""
    texts: dict[str, Collection[str]] = {"email": MAILS, "sms": SMS, "push": PUSH}
    known = texts.get(channel, ())
    if purpose not in known and (purpose != OWN_WORDS or channel == "push"):
        raise ValueError(f"no {channel} text for {purpose!r}")


def secret(channel: str, purpose: str) -> Secret:
    """Which secret the text holds."""
    if purpose == OWN_WORDS:
        return ""
    if channel == "email":
        return MAILS[purpose][1]
    return SMS[purpose][1] if channel == "sms" else ""


def mail(purpose: str, m: Material) -> Words:
    """The words of a mail in the active language."""
    subject, body = MAILS[purpose][0](m)
    p = m.params
    greeting = [text(_("{name},").format(name=p.name))] if p.name and purpose not in _PROTECTED else []
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
    footer = [text(m.organization)]
    if purpose in _ANONYMOUS or not p.sender:
        return footer
    reasons = {
        "signer": _("You got this because {sender} named you as signer."),
        "viewer": _("You got this because {sender} named you as reader."),
        "copy": _("You got this because {sender} asked for a copy to you."),
        "sender": _("You got this because you sent it out for signature."),
        "member": _("You got this because {sender} shares it with you."),
    }
    footer.append(text(reasons[p.role].format(sender=p.sender)))
    if p.sender_email and p.role != "sender":
        footer.append(
            text(_("Questions? Answer this mail; your answer goes to {sender}.").format(sender=p.sender))
        )
    return footer
