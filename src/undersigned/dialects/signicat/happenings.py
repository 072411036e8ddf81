"""What happened to a task, from the audit trail: kinds that have a word here, with the words that go with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from undersigned.envelopes.models import Assignment, AuditEvent, Document, Forward, Recipient, RecipientState

from . import wire
from .mapping import when

Detail = Mapping[str, Any]
_CHANNELS = {"email": "EMAIL", "sms": "SMS", "url": "URL"}


def _sent(detail: Detail) -> str:
    return f"Notification by {_channel(detail)} was sent to {detail.get('address', '')}"


def _not_sent(detail: Detail) -> str:
    return f"Notification by {_channel(detail)} could not be sent to {detail.get('address', '')}"


def _channel(detail: Detail) -> str:
    channel = str(detail.get("channel", ""))
    return _CHANNELS.get(channel, channel.upper())


def _reason(detail: Detail) -> str:
    return str(detail.get("reason", ""))


def _method(detail: Detail) -> str:
    """The name that the sender used, where there is one."""
    return str(detail.get("asked_as") or detail.get("method") or detail.get("provider") or "")


def _package(detail: Detail) -> str:
    return str(detail.get("package", ""))


def _says(text: str) -> Callable[[Detail], str]:
    return lambda _detail: text


WORDS: Mapping[str, tuple[str, Callable[[Detail], str]]] = {
    "recipient_added": ("task-created", _says("")),
    "opened": ("task-started", _says("")),  # the first time
    "declined": ("task-rejected", _reason),
    "forwarded": ("task-rejected", _says("The task was handed on to somebody else")),
    "expired": ("internal", _says("The time for the task is over")),
    "postponed": ("internal", _says("The signer left, to go on later")),
    "notification_sent": ("notification-sent", _sent),
    "notification_failed": ("error", _not_sent),
    "viewed": ("document-viewed", _says("")),
    "uploaded": ("document-uploaded", _says("")),
    "signed": ("document-signed", _says("")),  # for each document
    "identified": ("user-authenticated", _method),
    "identification_failed": ("user-authentication-cancelled", _method),
    "wrong_person": ("error", _says("Somebody else was identified than the task is for")),
    "package_completed": ("packaging-task-completed", _package),
    "package_failed": ("packaging-task-failed", _package),
}
"""Audit kind to the word, and to what stands in `data`: of events about a document its id, else what the function says."""


_SETTLING = ("viewed", "uploaded", "signed")
"""The last of these completes a task."""


def of(recipient: Recipient, *, upper: bool = False) -> list[wire.Event]:
    """The events of a task, oldest first. `upper`: `NOTIFICATION_SENT` in place of `notification-sent`."""
    found = [
        wire.Event(event_type=word, event_time=when(at), data=data or None)
        for word, at, data in _events(recipient)
    ]
    if upper:
        return [e.model_copy(update={"event_type": e.event_type.upper().replace("-", "_")}) for e in found]
    return found


def _events(recipient: Recipient) -> Iterator[tuple[str, datetime, str]]:
    rows = list(
        AuditEvent.objects.filter(envelope=recipient.envelope, recipient_id=recipient.pk, kind__in=WORDS)
        .select_related("detail")
        .order_by("seq")
    )
    assignments = list(
        Assignment.objects.filter(recipient=recipient).exclude(document__format=Document.Format.DECLARATION)
    )
    settling = [e.seq for e in rows if e.kind in _SETTLING]
    last = settling[-1] if settling and recipient.state == RecipientState.DONE else None
    started = False
    for event in rows:
        if event.kind == "opened" and started:
            continue
        started = started or event.kind == "opened"
        word, says = WORDS[event.kind]
        detail: Detail = json.loads(event.detail.payload) if hasattr(event, "detail") else {}
        if event.kind == "forwarded" and detail.get("mode") == Forward.Mode.BOTH:
            word, says = "internal", _says("Somebody else will sign too")
        for data in _keys(event, detail, assignments) or [says(detail)]:
            yield word, event.at, data
        if event.seq == last:
            yield "task-completed", event.at, ""


def _keys(event: AuditEvent, detail: Detail, assignments: list[Assignment]) -> list[str]:
    """Ids of the task's documents that the event is about."""
    if event.assignment_id is not None:
        return [a.key for a in assignments if a.pk == event.assignment_id]
    signed = [d["document"] for d in detail.get("documents", ()) if isinstance(d, dict)]
    return [a.key for a in assignments if a.document_id in signed and a.action == Assignment.Action.SIGN]
