"""Create an envelope: a draft without documents or people."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import add_months, now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line

from . import audit, clocks, search
from .access import refuse_unless_maker
from .actor import Actor
from .errors import Invalid
from .models import Collection, Envelope
from .ports import dialect

TITLE_MAX = 1000


def create_envelope(actor: Actor, dialect_name: str, title: str) -> Envelope:
    """A draft that stands for itself, in no collection, owned by the actor's user. Raises Invalid: title required, too_long, invalid; Forbidden."""
    title = checked_title(title)
    with atomic():
        at = now(actor.organization.clock_offset)
        return new_draft(actor, dialect_name, title, at)


def new_draft(
    actor: Actor,
    dialect_name: str,
    title: str,
    at: datetime,
    collection: Collection | None = None,
    position: int = 1,
    *,
    named: bool | None = None,
) -> Envelope:
    """An empty draft, perhaps in a collection, whose owner it then has; caller holds the transaction.

    Raises Forbidden for who only signs. `named`: it has a public id of its own, as by default those have that are in no collection.
    """
    refuse_unless_maker(actor)
    port = dialect(dialect_name)
    policy = port.policy
    owner = collection.owner_user if collection else actor.user
    # What is in a collection goes with it, by its rules.
    rules = Collection() if collection else actor.organization
    envelope = Envelope(
        organization=actor.organization,
        dialect=dialect_name,
        pub=port.new_public_id("envelope", at) if named or (named is None and not collection) else None,
        collection=collection,
        position=position,
        title=title,
        language=actor.organization.language,
        owner_user=owner,
        created_by_credential=actor.credential,
        policy=policy.model_dump(mode="json"),
        due_at=add_months(at, policy.due_months) if policy.due_months else None,
        retention_signed_months=rules.retention_signed_months,
        retention_unsigned_months=rules.retention_unsigned_months,
        retention_other_months=rules.retention_other_months,
        creator_name=owner.full_name[:200],
        company_name=actor.organization.name,
        created_at=at,
    )
    clocks.wind(envelope, at)
    envelope.save(force_insert=True)
    search.add(envelope, title, pub=envelope.pub or (collection.pub if collection else ""))
    audit.append(envelope, "created", at, by=actor, title=title, position=position)
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
