"""Channel "url": somebody's address is asked for, and that says what there is to say; nothing is posted."""

from __future__ import annotations

from django.conf import settings

from undersigned.base import outgoing

from . import ports
from .errors import Rejected, Unreachable
from .models import Message

TIMEOUT = 10.0
"""Seconds for the whole exchange."""


def send(message: Message) -> str:
    """GET the address; any 2xx counts. Returns the status line and the start of the answer.

    Raises Rejected for what is no address, or none that may be reached from here, else Unreachable.
    """
    url = ports.registered().renderer.callback(message)
    try:
        answer = outgoing.send("GET", url, timeout=TIMEOUT, allow_private=settings.WEBHOOKS_MAY_BE_PRIVATE)
    except (outgoing.InvalidUrl, outgoing.AddressRefused) as e:
        raise Rejected(e.code) from e
    except outgoing.OutgoingError as e:
        raise Unreachable(e.code) from e
    words = f"{answer.status} {answer.body.decode(errors='replace')}".strip()
    if not 200 <= answer.status < 300:
        raise Unreachable(words)
    return words
