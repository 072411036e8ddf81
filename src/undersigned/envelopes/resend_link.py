"""Send a recipient their link again, or the link of the version that replaced it. Only to the address on file."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict
from .locks import lock_envelope
from .models import EnvelopeState, Recipient, RecipientState, Sitting


def resend_link(by: Actor | Sitting | None, recipient: Recipient) -> None:
    """Queue the invitation once more; at most one a minute. Nothing happens when the replacing version does not name the address.

    Raises Conflict (not_open) when there is nothing to sign.
    """
    with atomic():
        envelope = lock_envelope(recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        if envelope.superseded_at is not None and envelope.collection is not None:
            newest = envelope.collection.envelopes.order_by("-position").first()
            target = Recipient.objects.filter(
                envelope=newest, email=recipient.email, envelope__state=EnvelopeState.SENT
            ).first()
            if target is None:
                return
            envelope, recipient = lock_envelope(target.envelope_id), target
        if envelope.state != EnvelopeState.SENT or recipient.state != RecipientState.ACTIVE:
            raise Conflict("not_open")
        messages.invite(envelope, recipient, at, again=f":again:{at:%Y%m%d%H%M}")
        audit.append(
            envelope,
            "link_sent_again",
            at,
            by=by if not isinstance(by, Sitting) else None,
            recipient=recipient,
        )
