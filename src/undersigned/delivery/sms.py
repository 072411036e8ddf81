"""SMS through the operator's gateway, by Apprise."""

from __future__ import annotations

import logging
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings

from .errors import Rejected, Unreachable

logging.getLogger("apprise").propagate = False  # its lines name the numbers it wrote to


def gateway_url(phone: str) -> str:
    """`settings.SMS_URL` for one number: put in place of `{to}`, else added as the last part of the path, as Apprise's services have it."""
    url, number = settings.SMS_URL, quote(phone, safe="")
    if "{to}" in url:
        return str(url.replace("{to}", number))
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{number}"))


def send(phone: str, text: str) -> str:
    """Send one SMS to an E.164 number; returns an empty answer, since Apprise gives none. Raises Unreachable with its complaint.

    Apprise does not tell a refusal from an outage, so every failure is tried again. Without a gateway: Rejected.
    """
    if not settings.SMS_URL:
        raise Rejected("no SMS gateway: UNDERSIGNED_SMS_URL is not set")
    import apprise  # with all its services, for those who send any

    gateway = apprise.Apprise.instantiate(gateway_url(phone))
    if gateway is None:
        raise Unreachable("UNDERSIGNED_SMS_URL is not an Apprise URL")
    with apprise.LogCapture(level=logging.WARNING) as complaints:  # type: ignore[no-untyped-call]
        if not gateway.notify(body=text, body_format=apprise.NotifyFormat.TEXT):
            raise Unreachable(complaints.getvalue() or "the gateway did not take it")
    return ""
