"""Send a recipient their link again, or the link of the version that replaced it. Only to the address on file."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .actor import Actor
from .errors import Conflict
from .locks import lock_envelope
from .models import EnvelopeState, Recipient
from .policy import Policy
from .signer import waits


def resend_link(by: Actor | None, recipient: Recipient) -> None:
    """Queue the invitation once more; at most one a minute, ten a day. Nothing happens when the replacing version does not name the address.

    `by` is None when the person asked for it themselves. Raises Conflict: not_open (there is nothing to sign), not_your_turn (they have
    not been invited yet), no_address (somebody else brings them their link); NotFound, LimitReached.
    """
    with atomic():
        envelope = lock_envelope(recipient.envelope_id)
        if envelope.superseded_at is not None and envelope.collection is not None:
            newest = envelope.collection.envelopes.order_by("-position").first()
            target = Recipient.objects.filter(
                envelope=newest, email__iexact=recipient.email, envelope__state=EnvelopeState.SENT
            ).first()
            if target is None:
                return
            envelope, recipient = lock_envelope(target.envelope_id), target
        else:
            recipient.refresh_from_db()
        if not waits(envelope, recipient):
            raise Conflict("not_open")
        if recipient.invited_at is None and Policy.model_validate(envelope.policy).invitation:
            raise Conflict("not_your_turn")
        if not recipient.channels:
            raise Conflict("no_address")
        if messages.repeated_lately(recipient, messages.asking_channel(recipient)):
            return
        at = now(envelope.organization.clock_offset)
        messages.invite(envelope, recipient, at, again=messages.again(at))
        audit.append(envelope, "link_sent_again", at, by=by, recipient=recipient)
