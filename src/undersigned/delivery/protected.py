"""Messages about requests that are shown only after identification: they name no title, file or person."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .fit import fit_sms, fit_subject, moment
from .words import Block, Material, text


def invitation(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization} has a document for you"), organization=m.organization)
    if m.params.methods:
        how = _("You will be asked to identify yourself with {methods}.").format(
            methods=", ".join(m.params.methods)
        )
    else:
        how = _("You will be asked to identify yourself.")
    return subject, [text(how), m.link(_("Open:"))]


def reminder(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("Reminder: {organization} has a document for you"), organization=m.organization)
    body = invitation(m)[1]
    if m.params.due_at is not None:
        until = moment(m.params.due_at, m.params.time_zone)
        body.append(text(_("It can be opened until {date}.").format(date=until)))
    return subject, body


def completed(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization}: all have signed"), organization=m.organization)
    get = m.link(_("Get the sealed copy here (you will be asked to identify yourself):"))
    return subject, [get, Block("link", _("Anyone can check it at"), m.verify)]


def stopped(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization}: signing has stopped"), organization=m.organization)
    return subject, [text(_("The document that waited for you is not signed any more. You need do nothing."))]


def cancelled(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization}: called off"), organization=m.organization)
    return subject, [
        text(_("The document that waited for you has been called off. Earlier links no longer work."))
    ]


def comment(m: Material) -> tuple[str, list[Block]]:
    subject = fit_subject(_("{organization} has a message for you"), organization=m.organization)
    return subject, [text(_("You will be asked to identify yourself.")), m.link(_("Open:"))]


def sms_invitation(m: Material) -> str:
    words = _("{organization} has a document for you. {url}")
    return fit_sms(words, keep={"url": m.secrets["url"]}, organization=m.organization)
