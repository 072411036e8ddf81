"""Create a collection and, in it, the first envelope."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import add_months, now
from undersigned.base.db import atomic

from .access import refuse_unless_maker
from .actor import Actor
from .create_envelope import checked_title, new_draft
from .models import Collection
from .ports import dialect


def create_collection(actor: Actor, dialect_name: str, kind: Collection.Kind, title: str) -> Collection:
    """A new collection owned by the actor's user, with a draft at position 1.

    Raises Invalid: title required, too_long, invalid.
    """
    title = checked_title(title)
    with atomic():
        at = now(actor.organization.clock_offset)
        collection = new_collection(actor, dialect_name, kind, title, at)
        new_draft(actor, dialect_name, title, at, collection)
    return collection


def new_collection(
    actor: Actor, dialect_name: str, kind: Collection.Kind, title: str, at: datetime
) -> Collection:
    """The row of a collection, with nothing in it; caller holds the transaction and has checked the title. Raises Forbidden."""
    refuse_unless_maker(actor)
    port = dialect(dialect_name)
    months = port.policy.retention_months
    return Collection.objects.create(
        organization=actor.organization,
        dialect=dialect_name,
        kind=kind,
        pub=port.new_public_id(kind, at),
        title=title,
        owner_user=actor.user,
        created_by_credential=actor.credential,
        # The organisation's rules as they are today: what is changed later touches what is made later.
        retention_signed_months=actor.organization.retention_signed_months,
        retention_unsigned_months=actor.organization.retention_unsigned_months,
        retention_other_months=actor.organization.retention_other_months,
        erase_at=add_months(at, months) if months else None,
        created_at=at,
    )
