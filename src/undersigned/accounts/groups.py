"""Groups of users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count, QuerySet

from undersigned.base.db import atomic
from undersigned.base.errors import Forbidden, Invalid, NotFound

from .capabilities import may, require
from .models import Capability, Group, User
from .user_details import group_faults, refuse


def groups_for(by: User) -> QuerySet[Group]:
    """All groups of the organisation, for who makes envelopes, since they are chosen there. Raises Forbidden."""
    if by.role == User.Role.SIGNER and not may(by, Capability.SEE_USERS):
        raise Forbidden
    return Group.objects.filter(organization=by.organization)


def managed_groups(by: User) -> QuerySet[Group]:
    """All groups, with `size`: how many are in each. Raises Forbidden."""
    require(by, Capability.CREATE_USERS)
    return Group.objects.filter(organization=by.organization).annotate(size=Count("members")).order_by("name")


def find_group(by: User, group_id: int) -> Group:
    """One of them. Raises Forbidden, NotFound."""
    found = managed_groups(by).filter(pk=group_id).first() if group_id < 2**63 else None
    if found is None:
        raise NotFound
    return found


def create_groups(by: User, names: Sequence[str]) -> None:
    """Groups with these names; those that are there stay as they are. Raises Forbidden, Invalid: `0` required, too_long, invalid…"""
    require(by, Capability.CREATE_USERS)
    refuse({str(index): codes for index, name in enumerate(names) if (codes := group_faults(name))})
    with atomic():
        for name in names:
            Group.objects.get_or_create(organization=by.organization, name=name.strip())


def create_group(by: User, name: str, members: Iterable[User]) -> Group:
    """A new group. Raises Forbidden, Invalid: name required, too_long, invalid, already_used."""
    require(by, Capability.CREATE_USERS)
    with atomic():
        group = Group(organization=by.organization)
        _put(group, name, members)
    return group


def change_group(
    by: User, group: Group, name: str, members: Iterable[User], among: Iterable[User] | None = None
) -> None:
    """Another name, other members; with `among` only these users join or leave. Raises as `create_group`."""
    require(by, Capability.CREATE_USERS)
    with atomic():
        _put(Group.objects.select_for_update().get(pk=group.pk), name, members, among)


def delete_group(by: User, group: Group) -> None:
    """The users stay; what was granted to the group is seen by those only to whom it was granted otherwise. Raises Forbidden."""
    require(by, Capability.DELETE_USERS)
    group.delete()


def _put(group: Group, name: str, members: Iterable[User], among: Iterable[User] | None = None) -> None:
    name = name.strip()
    if codes := group_faults(name):
        raise Invalid({"name": codes})
    others = Group.objects.filter(organization=group.organization, name__iexact=name).exclude(pk=group.pk)
    if others.exists():
        raise Invalid({"name": ["already_used"]})
    group.name = name
    group.save()
    chosen = [user for user in members if user.organization_id == group.organization_id]
    if among is None:
        group.members.set(chosen)
    else:
        group.members.remove(*set(among) - set(chosen))
        group.members.add(*chosen)
