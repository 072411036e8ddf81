"""The address that signers are sent to: it leads into the signing room.

The vendor's addresses hold the order and the task; here the token is what opens, or the artifact where the task asks for one.
"""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from undersigned.envelopes import artifacts
from undersigned.envelopes.models import Recipient

from .port import DIALECT

_SECRET_MAX = 100
_NOTHING = "unknown"
"""Leads to the page that says that a link is not known."""


@require_safe
def docaction(request: HttpRequest, service: str) -> HttpResponse:
    """302 to the room, whatever is asked for: what opens and what does not, is said there."""
    response = HttpResponseRedirect(f"/room/l/{quote(_secret(request), safe='')}")
    response["Cache-Control"] = "no-store"
    return response


def _secret(request: HttpRequest) -> str:
    """What stands in the room's address. An artifact, which is younger, goes before the token that the same address may hold."""
    artifact, token = _word(request, "artifact"), _word(request, "token")
    order, task = request.GET.get("request_id", ""), request.GET.get("task_id", "")
    if artifact and "\x00" not in order + task:
        recipient = Recipient.objects.filter(
            envelope__dialect=DIALECT, envelope__pub=order, key=task, envelope__erased_at=None
        ).first()
        if recipient is not None:
            return artifacts.token(recipient, artifact)
    return token or artifact or _NOTHING


def _word(request: HttpRequest, name: str) -> str:
    given = request.GET.get(name, "")
    return given if len(given) <= _SECRET_MAX and given.isascii() and given.isprintable() else ""
