"""The only ways to an object of the core. Each takes who asks and gives the object, or NotFound for unknown and forbidden alike."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from undersigned.accounts.models import Credential, User
from undersigned.delivery.models import WebhookEvent

from .actor import Actor
from .errors import NotFound
from .models import Collection, Envelope, Grant


def _owned_or_granted(actor: Actor, on: str) -> Q:
    groups = actor.user.groups.all()
    mine = Q(owner_user=actor.user)
    granted = Q(**{f"{on}__user": actor.user}) | Q(**{f"{on}__group__in": groups})
    return mine | granted


def visible(actor: Actor) -> QuerySet[Envelope]:
    """Envelopes that `actor` may see."""
    all_of_tenant = Envelope.objects.filter(organization=actor.organization, deleted_at=None)
    match actor.reach:
        case Credential.Reach.ACCOUNT:
            return all_of_tenant.filter(owner_user=actor.user)
        case Credential.Reach.CLIENT:
            return all_of_tenant.filter(created_by_credential=actor.credential)
        case Credential.Reach.ROBOT:
            ids = Grant.objects.filter(Q(user=actor.user) | Q(group__in=actor.user.groups.all())).values(
                "envelope"
            )
            return all_of_tenant.filter(Q(pk__in=ids) | Q(recipients__user=actor.user)).distinct()
        case Credential.Reach.USER:
            if actor.user.role == User.Role.ADMIN:
                return all_of_tenant
            return all_of_tenant.filter(
                _owned_or_granted(actor, "grants") | Q(recipients__user=actor.user)
            ).distinct()


def visible_collections(actor: Actor) -> QuerySet[Collection]:
    """Collections that `actor` may see."""
    all_of_tenant = Collection.objects.filter(organization=actor.organization, erased_at=None)
    match actor.reach:
        case Credential.Reach.CLIENT:
            return all_of_tenant.filter(created_by_credential=actor.credential)
        case Credential.Reach.USER if actor.user.role == User.Role.ADMIN:
            return all_of_tenant
        case Credential.Reach.ACCOUNT:
            return all_of_tenant.filter(owner_user=actor.user)
        case _:
            return all_of_tenant.filter(_owned_or_granted(actor, "grants")).distinct()


def get_collection(actor: Actor, dialect: str, kind: Collection.Kind, pub: str) -> Collection:
    """The collection with this public id. Raises NotFound."""
    found = visible_collections(actor).filter(dialect=dialect, kind=kind, pub=pub).first()
    if found is None:
        raise NotFound
    return found


def get_envelope_at(collection: Collection, position: int) -> Envelope:
    """The envelope at `position` (1-based) of a collection that the caller already reached. Raises NotFound."""
    found = (
        collection.envelopes.filter(position=position, deleted_at=None).first()
        if 0 < position < 2**31
        else None
    )
    if found is None:
        raise NotFound
    return found


def get_envelope(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope with this row id (console). Raises NotFound."""
    found = visible(actor).filter(pk=envelope_id).first()
    if found is None:
        raise NotFound
    return found


def get_webhook_event(actor: Actor, dialect: str, pub: str) -> WebhookEvent:
    """The event with this public id, for the account that owns it. Raises NotFound."""
    found = WebhookEvent.objects.filter(
        organization=actor.organization, owner_user=actor.user, dialect=dialect, pub=pub
    ).first()
    if found is None:
        raise NotFound
    return found
