"""Webhook events, read back by whoever wants to know that a received one is genuine."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.envelopes.access import get_webhook_event
from undersigned.envelopes.errors import NotFound

from . import wire
from .answers import NO_CACHE, statuses
from .auth import DIALECT, actor_of

router = Router(tags=["events"])
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@router.get(
    "/webhookevents/{event_id}",
    operation_id="getWebhookEvent",
    summary="Exactly what was posted as the event with this id",
    response=statuses(200, wire.Event, 404),
)
def get_event(request: HttpRequest, event_id: str) -> HttpResponse:
    if not _UUID.fullmatch(event_id.lower()):
        raise NotFound
    event = get_webhook_event(actor_of(request), DIALECT, event_id.lower())
    return HttpResponse(bytes(event.body), content_type="application/json", headers=NO_CACHE)
