"""What a user may do with an envelope that they see, beyond looking at it."""

from __future__ import annotations

from undersigned.accounts.capabilities import may, may_create_envelopes
from undersigned.accounts.models import Capability

from .actor import Actor
from .errors import Forbidden
from .models import Envelope


def may_change(actor: Actor, envelope: Envelope) -> bool:
    """Its owner, and whoever may change anybody's in the organisation."""
    if envelope.organization_id != actor.organization.pk:
        return False
    # Who has lost the right to make any does not go on with those that they made.
    own = envelope.owner_user_id == actor.user.pk and may_create_envelopes(actor.user)
    return own or may(actor.user, Capability.CHANGE_ENVELOPES)


def refuse_unless_may_change(actor: Actor, envelope: Envelope) -> None:
    """Raises Forbidden."""
    if not may_change(actor, envelope):
        raise Forbidden


def refuse_unless_may_delete(actor: Actor, envelope: Envelope) -> None:
    """For its owner and whoever may delete anybody's. Raises Forbidden."""
    same = envelope.organization_id == actor.organization.pk
    own = envelope.owner_user_id == actor.user.pk
    if not same or not (own or may(actor.user, Capability.DELETE_ENVELOPES)):
        raise Forbidden
