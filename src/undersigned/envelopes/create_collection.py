"""Create a collection and, in it, the first envelope."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import add_months, now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line

from . import audit
from .actor import Actor
from .errors import Invalid
from .models import Collection, Envelope
from .ports import dialect

TITLE_MAX = 1000


def create_collection(actor: Actor, dialect_name: str, kind: Collection.Kind, title: str) -> Collection:
    """A new collection owned by the actor's user, with a draft at position 1.

    Raises Invalid: title required, too_long, invalid.
    """
    title = checked_title(title)
    port = dialect(dialect_name)
    with atomic():
        at = now(actor.organization.clock_offset)
        months = port.policy.retention_months
        collection = Collection.objects.create(
            organization=actor.organization,
            dialect=dialect_name,
            kind=kind,
            pub=port.new_public_id(kind, at),
            title=title,
            owner_user=actor.user,
            created_by_credential=actor.credential,
            erase_at=add_months(at, months) if months else None,
            created_at=at,
        )
        new_draft(actor, collection, position=1, at=at)
    return collection


def new_draft(actor: Actor, collection: Collection, position: int, at: datetime) -> Envelope:
    """An empty draft in a collection; caller holds the transaction."""
    port = dialect(collection.dialect)
    months = port.policy.due_months
    envelope = Envelope.objects.create(
        organization=collection.organization,
        dialect=collection.dialect,
        collection=collection,
        position=position,
        title=collection.title,
        language=collection.organization.language,
        owner_user=collection.owner_user,
        created_by_credential=actor.credential,
        policy=port.policy.model_dump(mode="json"),
        due_at=add_months(at, months) if months else None,
        creator_name=collection.owner_user.full_name[:200],
        company_name=collection.organization.name,
        created_at=at,
    )
    audit.append(envelope, "created", at, by=actor, title=collection.title, position=position)
    return envelope


def checked_title(title: str) -> str:
    """The title without surrounding blanks. Raises Invalid: required, too_long, invalid (line breaks, control characters)."""
    title = title.strip()
    if not title:
        raise Invalid({"title": ["required"]})
    if len(title) > TITLE_MAX:
        raise Invalid({"title": ["too_long"]})
    if not is_one_line(title):
        raise Invalid({"title": ["invalid"]})
    return title
