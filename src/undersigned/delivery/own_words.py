"""Mails in the sender's own words: what is ours in them is only how they are put on the page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from undersigned.base.text import is_one_line

from .fit import shorten
from .models import Message
from .outbox import is_address
from .params import OwnWords
from .texts import FROM_LIMIT
from .words import Block, Words, text

SUBJECT_LIMIT = 200
"""Characters of a subject that the sender wrote."""


def mail(own: OwnWords, url: str, expand: Callable[[str], str], organization: str) -> Words:
    """Subject, picture, text, button, address, footer. `url`: where button and address lead; empty: neither is shown."""
    subject = _line(expand(own.subject)) or _("{organization} has a message for you").format(
        organization=organization
    )
    style, body = own.style, []
    if _is_web_address(style.logo_url):
        body.append(Block("image", "", style.logo_url))
    body += [Block("own", paragraph) for paragraph in _paragraphs(expand(own.body))]
    if url and style.button:
        body.append(Block("button", _line(expand(style.button)), url))
    if url and style.link_text:
        body += [text(_line(expand(style.link_text))), Block("link", "", url)]
    footer = [Block("own", paragraph) for paragraph in _paragraphs(expand(style.footer))]
    return Words(shorten(subject, SUBJECT_LIMIT), body, footer)


def sender(given: str) -> tuple[str, str, str]:
    """Name and address for From, and the address for answers; each may be empty, and stands for the installation's own then.

    An address stands in From only where the operator said that mails of its domain may come from here (UNDERSIGNED_MAIL_FROM_DOMAINS):
    elsewhere its domain's own rules (SPF, DKIM, DMARC) would have the mail refused, and anybody could write in anybody's name.
    """
    if not is_address(Message.Channel.EMAIL, given):
        return shorten(given.replace("@", " "), FROM_LIMIT), "", ""
    if given.rpartition("@")[2].lower() in settings.MAIL_FROM_DOMAINS:
        return "", given, ""
    return "", "", given


def _line(value: str) -> str:
    """In one line: a variable may have brought a break along."""
    return "".join(c if is_one_line(c) else " " for c in value).strip()


def _paragraphs(value: str) -> list[str]:
    return [part.strip("\n") for part in value.split("\n\n") if part.strip()]


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
