"""Services of the operator's choice that take a short text for one receiver, by Apprise: SMS and push messages."""

from __future__ import annotations

import logging
from urllib.parse import quote, urlsplit, urlunsplit

from .errors import Rejected, Unreachable

logging.getLogger("apprise").propagate = False  # its lines name those it wrote to


def address(service: str, to: str) -> str:
    """`service` for one receiver: put in place of `{to}`, else added as the last part of the path, as Apprise's services have it."""
    receiver = quote(to, safe="")
    if "{to}" in service:
        return service.replace("{to}", receiver)
    parts = urlsplit(service)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{receiver}"))


def send(service: str, setting: str, to: str, text: str, title: str = "") -> str:
    """Send one text; returns an empty answer, since Apprise gives none. Raises Unreachable with its complaint.

    Apprise does not tell a refusal from an outage, so every failure is tried again. Without a `service` (the value of the environment
    variable `setting`): Rejected.
    """
    if not service:
        raise Rejected(f"no gateway: {setting} is not set")
    import apprise  # with all its services, for those who send any

    gateway = apprise.Apprise.instantiate(address(service, to))
    if gateway is None:
        raise Unreachable(f"{setting} is not an Apprise URL")
    with apprise.LogCapture(level=logging.WARNING) as complaints:  # type: ignore[no-untyped-call]
        if not gateway.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
            raise Unreachable(complaints.getvalue() or "the gateway did not take it")
    return ""
