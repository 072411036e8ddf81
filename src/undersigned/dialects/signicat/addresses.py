"""Addresses that this API hands out."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest

from undersigned.envelopes import links
from undersigned.envelopes.models import Envelope, Recipient

BASES = ("enterprise/sign", "sign")
"""Where the API lies: today's address, and that of older installations."""


def address(request: HttpRequest, *segments: str) -> str:
    """The absolute address of a resource, below the base by which the caller came."""
    base = BASES[1] if request.path_info.startswith(f"/{BASES[1]}/") else BASES[0]
    return "/".join([f"{settings.PUBLIC_URL}/{base}", *(quote(s, safe="") for s in segments)])


def signing_url(envelope: Envelope, recipient: Recipient, artifact: str = "", *, token: bool = True) -> str:
    """Where the signer goes. The token opens the task; where the sender vouches for the signer, an artifact does that in its place."""
    query = {"request_id": envelope.pub or "", "task_id": recipient.key}
    query |= {"token": links.token(recipient)} if token else {}
    query |= {"artifact": artifact} if artifact else {}
    return f"{settings.PUBLIC_URL}/std/docaction/{quote(envelope.organization.slug)}?{urlencode(query)}"
