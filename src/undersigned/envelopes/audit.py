"""Writing the audit trail. Every use case appends here, in its own transaction, under the envelope's lock."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from undersigned.base.clock import iso_ms
from undersigned.sealing.chain import GENESIS, canonical_json, detail_digest, event_hash

from .actor import Actor
from .models import AuditDetail, AuditEvent, Envelope, Recipient, Sitting

_CHUNK = 400
"""Envelopes of which a statement can name the ids, on every database."""


def append(
    envelope: Envelope,
    kind: str,
    at: datetime,
    *,
    by: Actor | Recipient | Sitting | None,
    recipient: Recipient | None = None,
    document_id: int | None = None,
    assignment_id: int | None = None,
    **detail: Any,
) -> AuditEvent:
    """Add one event to the chain and move the head on the envelope (saved here). `detail` holds all that is personal.

    `by` is None when the server itself acted.
    """
    payload = {k: v for k, v in detail.items() if v is not None}
    actor_kind, actor_ref, credential_id = "system", None, None
    if isinstance(by, Actor):
        actor_kind, actor_ref = ("user", by.user.pk)
        credential_id = by.credential.pk if by.credential else None
        payload["by"] = by.user.full_name
    elif isinstance(by, Sitting):
        actor_kind, actor_ref = "recipient", by.recipient_id
        recipient = recipient or by.recipient
        payload |= {"ip": by.ip, "agent": by.agent}
    elif isinstance(by, Recipient):
        actor_kind, actor_ref = "recipient", by.pk
    if recipient is not None:
        payload |= {"name": recipient.full_name, "email": recipient.email}
    event, detail_row = _next(
        envelope,
        kind,
        at,
        payload,
        recipient_id=recipient.pk if recipient else None,
        document_id=document_id,
        assignment_id=assignment_id,
        actor_kind=actor_kind,
        actor_ref=actor_ref,
        credential_id=credential_id,
    )
    event.save(force_insert=True)
    detail_row.event = event
    detail_row.save(force_insert=True)
    envelope.save(update_fields=["audit_seq", "audit_head", "updated_at"])
    return event


@dataclass(frozen=True)
class Entry:
    """An event that an actor causes, of many that are written at once."""

    envelope: Envelope
    kind: str
    document_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def append_many(entries: Sequence[Entry], at: datetime, *, by: Actor) -> None:
    """As `append`, for many envelopes at once, each with its events in order: a few statements whatever their number."""
    rows = []
    for entry in entries:
        payload = {k: v for k, v in entry.detail.items() if v is not None} | {"by": by.user.full_name}
        rows.append(
            _next(
                entry.envelope,
                entry.kind,
                at,
                payload,
                document_id=entry.document_id,
                actor_kind="user",
                actor_ref=by.user.pk,
                credential_id=by.credential.pk if by.credential else None,
            )
        )
    AuditEvent.objects.bulk_create(event for event, _ in rows)
    for event, detail in rows:
        detail.event = event
    AuditDetail.objects.bulk_create(detail for _, detail in rows)
    last = AuditEvent.objects.filter(envelope=OuterRef("pk")).order_by("-seq")
    touched = list({entry.envelope.pk for entry in entries})
    for start in range(0, len(touched), _CHUNK):
        Envelope.objects.filter(pk__in=touched[start : start + _CHUNK]).update(
            audit_seq=Subquery(last.values("seq")[:1]), audit_head=Subquery(last.values("hash")[:1])
        )


def _next(
    envelope: Envelope, kind: str, at: datetime, payload: dict[str, Any], **columns: Any
) -> tuple[AuditEvent, AuditDetail]:
    """The next link of the chain, unsaved; the envelope's head is moved in memory."""
    salt = secrets.token_bytes(16)
    envelope.audit_seq += 1
    event = AuditEvent(
        envelope=envelope,
        seq=envelope.audit_seq,
        kind=kind,
        at=at,
        detail_digest=detail_digest(salt, payload).hex(),
        prev_hash=envelope.audit_head or GENESIS.hex(),
        **columns,
    )
    event.hash = event_hash(bytes.fromhex(event.prev_hash), hashed_fields(event)).hex()
    envelope.audit_head = event.hash
    return event, AuditDetail(salt=salt.hex(), payload=canonical_json(payload).decode())


def hashed_fields(event: AuditEvent) -> dict[str, Any]:
    """The members of an event that its hash covers, as they stand in the evidence."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "at": iso_ms(event.at),
        "recipient": event.recipient_id,
        "document": event.document_id,
        "assignment": event.assignment_id,
        "actor_kind": event.actor_kind,
        "actor_ref": event.actor_ref,
        "credential": event.credential_id,
        "detail_digest": event.detail_digest,
    }


def trail(envelope: Envelope) -> list[tuple[AuditEvent, dict[str, Any]]]:
    """All events with their details (empty where erased), in order."""
    events = AuditEvent.objects.filter(envelope=envelope).select_related("detail").order_by("seq")
    return [(e, json.loads(e.detail.payload) if hasattr(e, "detail") else {}) for e in events]
