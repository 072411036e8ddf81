"""Where people of a signing process write to each other, and who may: in a space that holds several envelopes, else in one envelope.

Parties are those who own it or were let in (users), and those who sign or read (recipients) where the policy lets them into the space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from django.db.models import Q, QuerySet

from undersigned.accounts.models import User

from .access import visible, visible_collections
from .actor import Actor
from .errors import NotFound
from .models import Collection, Comment, Envelope, EnvelopeState, Grant, Recipient, RecipientState, Sitting
from .policy import Policy
from .proofs import may_read

Place: TypeAlias = Collection | Envelope
Party: TypeAlias = Actor | Sitting
SHOWN = 50
"""Comments on one page."""
_ALIVE = (EnvelopeState.SENT, EnvelopeState.SEALING, EnvelopeState.COMPLETED, EnvelopeState.ON_HOLD)
_TAKES_PART = (RecipientState.ACTIVE, RecipientState.DONE, RecipientState.DECLINED)


def place_of(envelope: Envelope) -> Place:
    """Where the people of `envelope` write: its collection, for an envelope in none itself."""
    return envelope.collection if envelope.collection is not None else envelope


def envelopes_of(place: Place) -> QuerySet[Envelope]:
    """Those that count: neither deleted, erased nor replaced by a newer version; the newest first."""
    rows = Envelope.objects.filter(deleted_at=None, erased_at=None, superseded_at=None)
    own = Q(collection=place) if isinstance(place, Collection) else Q(pk=place.pk)
    return rows.filter(own).order_by("-position", "-pk")


def is_open(place: Place) -> bool:
    """Does the policy of what is in it let anybody write here?"""
    if isinstance(place, Collection) and (place.erased_at or place.marked_deleted_at):
        return False
    return any(
        Policy.model_validate(policy).discussion
        for policy in envelopes_of(place).values_list("policy", flat=True)
    )


def may_take_part(by: Party, place: Place) -> bool:
    """May `by` read and write here?"""
    if not is_open(place):
        return False
    if isinstance(by, Actor):
        return _user_may(by, place)
    if not may_read(by):
        return False
    return recipients_in(place).filter(pk=by.recipient_id).exists()


def _user_may(by: Actor, place: Place) -> bool:
    if visible(by).filter(pk__in=envelopes_of(place).values("pk")).exists():
        return True
    return isinstance(place, Collection) and visible_collections(by).filter(pk=place.pk).exists()


def recipients_in(place: Place) -> QuerySet[Recipient]:
    """People who sign or read, have been asked to, and whom the policy lets into the space."""
    inside = [
        envelope.pk
        for envelope in envelopes_of(place).filter(state__in=_ALIVE)
        if (policy := Policy.model_validate(envelope.policy)).discussion and policy.room_access == "space"
    ]
    # Who signs later has heard of nothing yet.
    asked = Q(kind=Recipient.Kind.SIGNER, invited_at__isnull=False) | Q(kind=Recipient.Kind.VIEWER)
    return Recipient.objects.filter(asked, envelope__in=inside, state__in=_TAKES_PART)


def users_in(place: Place) -> Iterator[User]:
    """Owner, and those who were granted it by name or through a group; nobody who is switched off."""
    on = Q(envelope__in=envelopes_of(place).values("pk"))
    if isinstance(place, Collection):
        on |= Q(collection=place)
    grants = Grant.objects.filter(on, right__in=[Grant.Right.OWNER, Grant.Right.SEE])
    granted = Q(pk__in=grants.values("user")) | Q(groups__in=grants.values("group"))
    people = User.objects.filter(Q(pk=place.owner_user_id) | granted, organization=place.organization_id)
    yield from people.filter(disabled_at=None).distinct().order_by("pk")


def comments(by: Party, place: Place, before: int | None = None) -> list[Comment]:
    """The last `SHOWN` comments (before the one with the id `before`), oldest first; deleted ones are there without their text.

    Raises NotFound for who is no party.
    """
    if not may_take_part(by, place):
        raise NotFound
    rows = on(place).select_related("user", "recipient")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:SHOWN])[::-1]


def on(place: Place) -> QuerySet[Comment]:
    """All comments of a place."""
    return (
        Comment.objects.filter(collection=place)
        if isinstance(place, Collection)
        else Comment.objects.filter(envelope=place)
    )


def is_author(by: Party, comment: Comment) -> bool:
    """Did `by` write it?"""
    if isinstance(by, Actor):
        return comment.user_id == by.user.pk
    return comment.recipient_id == by.recipient_id


def author(comment: Comment) -> str:
    """Who wrote it, by name; empty once that has been erased."""
    who = comment.user or comment.recipient
    return who.full_name if who is not None else ""
