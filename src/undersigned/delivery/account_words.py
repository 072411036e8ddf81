"""The words of mails to users about their account."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .fit import fit_subject, moment
from .words import Block, Material, text


def welcome(m: Material) -> tuple[str, list[Block]]:
    p = m.params
    subject = fit_subject(_("Your account at {organization}"), organization=m.organization)
    if p.sender:
        made = _("{sender} has made an account for you at {organization}.").format(
            sender=p.sender, organization=m.organization
        )
    else:
        made = _("There is an account for you at {organization}.").format(organization=m.organization)
    return subject, [
        text(made),
        text(_("Your user name is {username}").format(username=p.title)),
        m.link(_("Choose your password here:")),
        *_until(m),
    ]


def password_lost(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("A new password for {organization}"), organization=m.organization)
    if m.params.sender:
        asked = _("{sender} sends you this link for a new password. Your user name is {username}").format(
            sender=m.params.sender, username=m.params.title
        )
        harmless = _("Until you use it, your present password stays as it is.")
    else:
        asked = _("A new password was asked for. Your user name is {username}").format(
            username=m.params.title
        )
        harmless = _("If it was not you, do nothing: your present password stays as it is.")
    return subject, [text(asked), m.link(_("Choose your password here:")), *_until(m), text(harmless)]


def password_cleared(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Your password for {organization} was cleared"), organization=m.organization)
    cleared = _("{sender} has cleared your password. Your user name is {username}").format(
        sender=m.params.sender, username=m.params.title
    )
    return subject, [text(cleared), m.link(_("Choose a new one here:")), *_until(m)]


def _until(m: Material) -> list[Block]:
    p = m.params
    if p.due_at is None:
        return []
    until = moment(p.due_at, p.time_zone)
    return [text(_("The link works once, until {date}. Do not pass it on.").format(date=until))]
