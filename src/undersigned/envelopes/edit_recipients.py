"""Change the people of a draft."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, search
from .actor import Actor
from .add_recipient import NewRecipient, describe
from .drafts import locked_draft
from .errors import NotFound
from .models import Envelope, Field, Recipient


def change_recipient(actor: Actor, envelope_id: int, recipient_id: int, new: NewRecipient) -> None:
    """Say anew who a person is. Raises Invalid (name, email, phone), Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        recipient = _recipient(envelope, recipient_id)
        describe(recipient, new)
        recipient.save()
        if recipient.kind != Recipient.Kind.SIGNER:
            Field.objects.filter(recipient=recipient).delete()
        search.rebuild(envelope)
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "recipient_changed", at, by=actor, recipient=recipient, phone=new.phone)


def remove_recipient(actor: Actor, envelope_id: int, recipient_id: int) -> None:
    """Take a person out, with their fields. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        recipient = _recipient(envelope, recipient_id)
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "recipient_removed", at, by=actor, recipient=recipient)
        Field.objects.filter(recipient=recipient).delete()
        recipient.delete()
        search.rebuild(envelope)


def move_recipient(envelope_id: int, recipient_id: int, *, up: bool) -> None:
    """Swap a person with their neighbour; no effect at the end. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        mine = _recipient(envelope, recipient_id)
        if up:
            other = envelope.recipients.filter(position__lt=mine.position).order_by("-position").first()
        else:
            other = envelope.recipients.filter(position__gt=mine.position).order_by("position").first()
        if other is None:
            return
        Recipient.objects.filter(pk=mine.pk).update(position=other.position)
        Recipient.objects.filter(pk=other.pk).update(position=mine.position)
        envelope.save(update_fields=["updated_at"])


def _recipient(envelope: Envelope, recipient_id: int) -> Recipient:
    found = envelope.recipients.filter(pk=recipient_id).first()
    if found is None:
        raise NotFound
    return found
