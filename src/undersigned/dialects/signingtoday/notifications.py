"""What a user has not heard of yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.base.clock import iso_ms, now
from undersigned.envelopes import inbox
from undersigned.envelopes.models import EnvelopeState, InboxItem

from . import dst_wire as wire
from . import query, reading
from .answers import PAGING, described, empty, page_of, statuses
from .auth import actor_of
from .port import DIALECT

router = Router(tags=["notifications"], by_alias=True)
_EVENTS: dict[str, wire.NotificationEvent] = {
    "sent": "dst_status_published",
    EnvelopeState.EXPIRED: "dst_status_expired",
    EnvelopeState.DECLINED: "dst_status_rejected",
    EnvelopeState.CANCELLED: "dst_status_rejected",
    EnvelopeState.COMPLETED: "dst_status_signed",
    EnvelopeState.FAILED: "dst_status_error",
    "fill": "dst_alert_fill",
    "sign": "dst_alert_sign",
    "note_added": "dst_alert_note_added",
    "note_changed": "dst_alert_note_modified",
    "note_removed": "dst_alert_note_deleted",
}


@router.get(
    "/notifications/dsts",
    operation_id="listNotifications",
    summary="What the caller has not heard of yet, the newest first",
    response=statuses(200, wire.Notifications, 400),
    openapi_extra=described(PAGING),
)
def list_notifications(request: HttpRequest) -> HttpResponse:
    rows = inbox.waiting(actor_of(request)).filter(
        envelope__dialect=DIALECT, envelope__deleted_at=None, envelope__erased_at=None, event__in=_EVENTS
    )
    page = query.page(request, rows.select_related("envelope", "user"), {}, "-pk")
    return page_of([_notification(item) for item in page.rows], page.count)


@router.delete(
    "/notifications/dst/{dst_id}",
    operation_id="clearNotifications",
    summary="The caller has heard of all about a transaction",
    response=statuses(204, None, 404),
)
def clear_notifications(request: HttpRequest, dst_id: str) -> HttpResponse:
    """Also of one that they may not see any more; of an unknown one there is nothing to hear."""
    actor = actor_of(request)
    about = inbox.waiting(actor).filter(envelope__pub=str(reading.uuid_of(dst_id)), envelope__dialect=DIALECT)
    about.update(consumed_at=now(actor.organization.clock_offset))
    return empty()


def _notification(item: InboxItem) -> wire.Notification:
    return wire.Notification(
        id=item.pk,
        time=iso_ms(item.at),
        dst_id=item.envelope.pub or "",
        user_id=str(item.user.pub),
        dst_title=item.envelope.title,
        username=item.user.username,
        email=item.user.email,
        event=_EVENTS[item.event],
    )
