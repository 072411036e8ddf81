"""What all edits of a draft share."""

from __future__ import annotations

import hashlib
import json

from undersigned.base.clock import iso_ms

from .errors import Conflict
from .locks import lock_envelope
from .models import Envelope, EnvelopeState, Field
from .plan import plan_of


def locked_draft(envelope_id: int) -> Envelope:
    """Lock an envelope that may still be edited. Raises Conflict: already_sent (also for a version that a newer one replaced), NotFound."""
    envelope = lock_envelope(envelope_id)
    refuse_unless_draft(envelope)
    return envelope


def refuse_unless_draft(envelope: Envelope) -> None:
    """For work that comes before the lock, such as an upload: spare it when it would be refused. Raises Conflict (already_sent)."""
    if envelope.state != EnvelopeState.DRAFT or envelope.superseded_at is not None:
        raise Conflict("already_sent")


def digest(envelope: Envelope) -> str:
    """SHA-256 (hex) of all that `send` would send: what a check page showed is sent, or nothing is."""
    people = envelope.recipients.order_by("position", "pk")
    documents = envelope.documents.filter(removed_at=None).order_by("position")
    fields = Field.objects.filter(document__in=documents).order_by("document", "pk")
    content = [
        [envelope.title, envelope.description, envelope.due_at and iso_ms(envelope.due_at)],
        [envelope.policy, plan_of(envelope).model_dump()],
        [[d.pk, d.title] for d in documents],
        [[r.pk, r.kind, r.full_name, r.email, r.phone, r.language, r.identity_policy] for r in people],
        [
            [f.document_id, f.recipient_id, f.page, *(round(v or 0, 3) for v in (f.x, f.y, f.w, f.h))]
            for f in fields
        ],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
