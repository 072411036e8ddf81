"""What users should hear of an envelope that they make, take part in or may see, until they have: rows that programs and pages read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from undersigned.accounts.models import User
from undersigned.delivery.params import Params
from undersigned.delivery.push import post_push

from .actor import Actor
from .models import Envelope, Grant, InboxItem, Recipient
from .policy import Policy

EVENTS = (
    "sent",
    "expired",
    "declined",
    "completed",
    "failed",
    "fill",
    "sign",
    "note_added",
    "note_changed",
    "note_removed",
)
"""What becomes of the envelope; that something is asked of the user; what is noted on it."""


def tell(envelope: Envelope, event: str, users: Iterable[int], at: datetime) -> None:
    """Put `event` into the inbox of these users (row ids), where the envelope's policy keeps one, and on the phones that they trust. Caller
    holds the transaction."""
    if not Policy.model_validate(envelope.policy).inbox:
        return
    items = InboxItem.objects.bulk_create(
        InboxItem(user_id=user, envelope=envelope, event=event, at=at) for user in dict.fromkeys(users)
    )
    with_phones = User.objects.filter(
        pk__in=[item.user_id for item in items], devices__push_token__isnull=False
    )
    phones = {user.pk: user for user in with_phones.select_related("organization").distinct()}
    for item in items:
        if item.user_id in phones:
            post_push(
                phones[item.user_id], event, Params(title=envelope.title), f"push:{item.pk}", envelope.pk
            )


def tell_of_state(envelope: Envelope, at: datetime) -> None:
    """Everybody whom the envelope concerns hears what has become of it."""
    tell(envelope, str(envelope.state), concerned(envelope).values_list("pk", flat=True), at)


def ask(envelope: Envelope, event: str, recipients: Iterable[Recipient], at: datetime) -> None:
    """Those of `recipients` who are users hear that something is asked of them: "fill" or "sign"."""
    tell(envelope, event, [r.user_id for r in recipients if r.user_id is not None], at)


def concerned(envelope: Envelope) -> QuerySet[User]:
    """The owner, users who take part, and who may see it or get a copy."""
    granted = Grant.objects.filter(envelope=envelope)
    mine = (
        Q(pk=envelope.owner_user_id)
        | Q(pk__in=envelope.recipients.filter(user__isnull=False).values("user"))
        | Q(pk__in=granted.filter(user__isnull=False).values("user"))
        | Q(groups__in=granted.filter(group__isnull=False).values("group"))
    )
    return User.objects.filter(mine, disabled_at=None).distinct().order_by("pk")


def waiting(actor: Actor) -> QuerySet[InboxItem]:
    """What the actor's user has not heard of yet, newest first."""
    return InboxItem.objects.filter(user=actor.user, consumed_at=None).order_by("-pk")


def consume(actor: Actor, envelope: Envelope, at: datetime) -> int:
    """The actor's user has heard of all about this envelope. Returns how much that was."""
    return waiting(actor).filter(envelope=envelope).update(consumed_at=at)
