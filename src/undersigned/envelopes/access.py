"""The only ways to an object of the core. Each takes who asks and gives the object, or NotFound for unknown and forbidden alike."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from undersigned.accounts.capabilities import may, may_create_envelopes
from undersigned.accounts.models import Capability, Credential, User
from undersigned.base.db import one_or_none
from undersigned.delivery.models import WebhookEvent
from undersigned.files.models import File

from .actor import Actor
from .errors import Forbidden, NotFound
from .models import Collection, Document, DocumentVersion, Envelope, EnvelopeState, Grant, Recipient


def _granted(actor: Actor, on: str) -> QuerySet[Grant, dict[str, Any]]:
    """Ids of what `actor` or one of their groups was granted; a subquery, since joins would need DISTINCT over all rows."""
    mine = Q(user=actor.user) | Q(group__in=actor.user.groups.values("pk"))
    found: QuerySet[Grant, dict[str, Any]] = Grant.objects.filter(mine, **{f"{on}__isnull": False}).values(on)
    return found


def _takes_part(actor: Actor) -> Q:
    return Q(pk__in=Recipient.objects.filter(user=actor.user).values("envelope"))


def _shared_with(actor: Actor) -> Q:
    """What others let `actor` see; empty for most people, whose lists are then carried by the owner's index alone."""
    granted = _granted(actor, "envelope")
    shared = Q(pk__in=granted) if granted.exists() else Q()
    return shared | _takes_part(actor) if Recipient.objects.filter(user=actor.user).exists() else shared


def visible(actor: Actor, *, removed: bool = False) -> QuerySet[Envelope]:
    """Envelopes that `actor` may see; with `removed` also those that are about to be erased, and tombstones."""
    all_of_tenant = Envelope.objects.filter(organization=actor.organization, deleted_at=None)
    if not removed:
        marked = Collection.objects.filter(organization=actor.organization, delete_after__isnull=False)
        all_of_tenant = all_of_tenant.filter(erased_at=None)
        if marked.exists():  # else the database would guess that half of the rows go, and choose worse plans
            all_of_tenant = all_of_tenant.exclude(collection__in=marked.values("pk"))
    match actor.reach:
        case Credential.Reach.ACCOUNT:
            return all_of_tenant.filter(owner_user=actor.user)
        case Credential.Reach.CLIENT:
            return all_of_tenant.filter(created_by_credential=actor.credential)
        case Credential.Reach.ROBOT:
            return all_of_tenant.filter(Q(pk__in=_granted(actor, "envelope")) | _takes_part(actor))
        case Credential.Reach.USER:
            if may(actor.user, Capability.SEE_ENVELOPES):
                return all_of_tenant
            return all_of_tenant.filter(Q(owner_user=actor.user) | _shared_with(actor))


def concerning(actor: Actor, user: User) -> QuerySet[Envelope]:
    """Of what `actor` may see that which `user` makes, takes part in, or was let in on."""
    granted = Grant.objects.filter(
        Q(user=user) | Q(group__in=user.groups.values("pk")), envelope__isnull=False
    )
    own = Q(owner_user=user) | Q(pk__in=granted.values("envelope"))
    parts = Recipient.objects.filter(user=user)
    return visible(actor).filter(own | Q(pk__in=parts.values("envelope")))


def owns(actor: Actor, on: Envelope | Collection) -> bool:
    """May `actor` say what becomes of it: owner, who may change anybody's, the credential that made it, or who was granted that?"""
    if on.organization_id != actor.organization.pk:
        return False
    by_role = actor.reach == Credential.Reach.USER and may(actor.user, Capability.CHANGE_ENVELOPES)
    by_client = (
        actor.reach == Credential.Reach.CLIENT
        and actor.credential is not None
        and on.created_by_credential_id == actor.credential.pk
    )
    mine = Q(user=actor.user) | Q(group__in=actor.user.groups.values("pk"))
    return (
        by_role
        or by_client
        or on.owner_user_id == actor.user.pk
        or on.grants.filter(mine, right=Grant.Right.OWNER).exists()
    )


def may_delete(actor: Actor, envelope: Envelope) -> bool:
    """May `actor` delete an envelope that they see: its owner, or who may delete anybody's?"""
    by_capability = actor.reach == Credential.Reach.USER and may(actor.user, Capability.DELETE_ENVELOPES)
    return by_capability or owns(actor, envelope)


def refuse_unless_owner(actor: Actor, on: Envelope | Collection) -> None:
    """Raises NotFound unless `actor` `owns` it."""
    if not owns(actor, on):
        raise NotFound


def refuse_unless_maker(actor: Actor) -> None:
    """Raises Forbidden for who only signs: they make no envelopes, by whichever door."""
    if not may_create_envelopes(actor.user):
        raise Forbidden


def may_change(actor: Actor, on: Envelope) -> bool:
    """Of who may see it: its owner, unless they may make none any more, and whoever may change anybody's. No query."""
    if on.organization_id != actor.organization.pk:
        return False
    own = on.owner_user_id == actor.user.pk and may_create_envelopes(actor.user)
    return own or may(actor.user, Capability.CHANGE_ENVELOPES)


def refuse_unless_may_change(actor: Actor, on: Envelope) -> None:
    """Raises Forbidden unless the actor `may_change` it."""
    if not may_change(actor, on):
        raise Forbidden


def refuse_unless_may_delete(actor: Actor, on: Envelope) -> None:
    """Of who may see it: its owner, and whoever may delete anybody's. Raises Forbidden."""
    same = on.organization_id == actor.organization.pk
    if not same or not (on.owner_user_id == actor.user.pk or may(actor.user, Capability.DELETE_ENVELOPES)):
        raise Forbidden


def get_managed(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope with this row id, for who may change it: owner, who may change anybody's, or who was granted that. Raises NotFound."""
    envelope = get_envelope(actor, envelope_id)
    is_theirs = envelope.owner_user_id == actor.user.pk or may(actor.user, Capability.CHANGE_ENVELOPES)
    owners = Grant.objects.filter(envelope=envelope, right=Grant.Right.OWNER)
    if (
        not is_theirs
        and not owners.filter(Q(user=actor.user) | Q(group__in=actor.user.groups.values("pk"))).exists()
    ):
        raise NotFound
    return envelope


def visible_collections(actor: Actor, *, removed: bool = False) -> QuerySet[Collection]:
    """Collections that `actor` may see; with `removed` also those that are about to be erased."""
    all_of_tenant = Collection.objects.filter(organization=actor.organization, erased_at=None)
    if not removed:
        all_of_tenant = all_of_tenant.filter(delete_after=None)
    match actor.reach:
        case Credential.Reach.CLIENT:
            return all_of_tenant.filter(created_by_credential=actor.credential)
        case Credential.Reach.USER if may(actor.user, Capability.SEE_ENVELOPES):
            return all_of_tenant
        case Credential.Reach.ACCOUNT:
            return all_of_tenant.filter(owner_user=actor.user)
        case _:
            return all_of_tenant.filter(Q(owner_user=actor.user) | Q(pk__in=_granted(actor, "collection")))


def get_collection(
    actor: Actor, dialect: str, kind: Collection.Kind, pub: str, *, removed: bool = False
) -> Collection:
    """The collection with this public id; with `removed` also one that is about to be erased. Raises NotFound."""
    found = one_or_none(
        visible_collections(actor, removed=removed).filter(dialect=dialect, kind=kind, pub=pub)
    )
    if found is None:
        raise NotFound
    return found


def get_envelope_at(collection: Collection, position: int) -> Envelope:
    """The envelope at `position` (1-based) of a collection that the caller already reached. Raises NotFound."""
    found = (
        one_or_none(collection.envelopes.filter(position=position, deleted_at=None))
        if 0 < position < 2**31
        else None
    )
    if found is None:
        raise NotFound
    return found


def get_envelope(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope with this row id (console). Raises NotFound."""
    found = one_or_none(visible(actor, removed=True).filter(pk=envelope_id))
    if found is None:
        raise NotFound
    return found


def get_webhook_event(actor: Actor, dialect: str, pub: str) -> WebhookEvent:
    """The event with this public id, for the account that owns it. Raises NotFound."""
    found = one_or_none(
        WebhookEvent.objects.filter(
            organization=actor.organization, owner_user=actor.user, dialect=dialect, pub=pub
        )
    )
    if found is None:
        raise NotFound
    return found


def get_named(actor: Actor, dialect: str, pub: str) -> Envelope:
    """The envelope with this public id. Raises NotFound."""
    found = one_or_none(
        visible(actor).filter(dialect=dialect, pub=pub).select_related("organization", "collection")
    )
    if found is None:
        raise NotFound
    return found


def visible_files(actor: Actor) -> QuerySet[File]:
    """Files with an id that `actor` may fetch: what their user brought, and what is in, or came out of, an envelope that they may see."""
    all_of_tenant = File.objects.filter(organization=actor.organization, erased_at=None, pub__isnull=False)
    # Until it is erased, who may bring a request back may also fetch what is in it.
    envelopes = visible(actor, removed=True).values("pk")
    documents = Document.objects.filter(envelope__in=envelopes, removed_at=None)
    shown = (DocumentVersion.Kind.PREPARED, DocumentVersion.Kind.SEALED)
    versions = DocumentVersion.objects.filter(
        document__envelope__in=envelopes, kind__in=shown, voided_at=None
    )
    return all_of_tenant.filter(
        Q(created_by_user=actor.user)
        | Q(pk__in=documents.values("original"))
        | Q(pk__in=versions.values("file"))
    )


def visible_templates(actor: Actor) -> QuerySet[Envelope]:
    """Templates that `actor` may see: as `visible`, and those that are offered to everybody in the organisation who may make envelopes."""
    own = visible(actor).filter(template=True)
    if not may_create_envelopes(actor.user):
        return own
    public = Q(template=True, public=True, state=EnvelopeState.OFFERED, deleted_at=None, erased_at=None)
    rows = Envelope.objects.filter(organization=actor.organization)
    return rows.filter(public | Q(pk__in=own.values("pk")))


def get_template(actor: Actor, dialect: str, pub: str) -> Envelope:
    """The template with this public id. Raises NotFound."""
    found = one_or_none(
        visible_templates(actor).filter(dialect=dialect, pub=pub).select_related("organization")
    )
    if found is None:
        raise NotFound
    return found
