"""Users by their ids and names, for who may see them."""

from __future__ import annotations

import uuid

from django.db.models import Q, QuerySet

from undersigned.base.errors import NotFound

from .capabilities import require
from .models import Capability, Organization, User


def users_for(by: User) -> QuerySet[User]:
    """All users of the organisation. Raises Forbidden unless `by` may see them."""
    require(by, Capability.SEE_USERS)
    return User.objects.filter(organization=by.organization).select_related("organization", "created_by")


def matching(users: QuerySet[User], text: str) -> QuerySet[User]:
    """Those of them in whose names, user name or address all words of `text` stand, by last name."""
    for word in text.split():
        named = Q(username__icontains=word) | Q(email__icontains=word)
        users = users.filter(named | Q(name__icontains=word) | Q(surname__icontains=word))
    return users.order_by("surname", "name", "username")


def find_user(by: User, pub: uuid.UUID, capability: Capability = Capability.SEE_USERS) -> User:
    """The user with this id: oneself, or anybody of the organisation for who has the capability. Raises NotFound, Forbidden."""
    return _found(by, User.objects.filter(organization=by.organization, pub=pub), capability)


def find_user_named(by: User, username: str, slug: str, capability: Capability) -> User:
    """The user with this name; raises as `find_user`. Nothing is told of other organisations."""
    of_tenant = User.objects.filter(organization=by.organization, organization__slug=slug)
    return _found(by, of_tenant.filter(username=username), capability)


def _found(by: User, users: QuerySet[User], capability: Capability) -> User:
    found = users.select_related("organization", "created_by").first()
    if found is None or found.pk != by.pk:
        require(by, capability)
    if found is None:
        raise NotFound
    return found


def lock_user(user: User) -> User:
    """The user's row, locked, as it is now; in a transaction."""
    return User.objects.select_for_update(of=("self",)).select_related("organization").get(pk=user.pk)


def lock_organization(organization: Organization) -> None:
    """Let one change of roles at a time pass: two administrators may not remove each other. In a transaction."""
    Organization.objects.select_for_update().get(pk=organization.pk)
