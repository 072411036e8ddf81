"""Who is meant by a handle: an e-mail address, an id, or `group:` and an id.

Ids of users and groups look like all others here (24 hexadecimal digits, the creation second first) and are stored nowhere: row number
and a keyed digest make the rest, so that an id is read back without a search, and one that was made up is none.
"""

from __future__ import annotations

import re

from undersigned.accounts.models import Group, Organization, User
from undersigned.base.vault import keyed_hash
from undersigned.envelopes.grants import NewGrant

GROUP = "group:"
_ID = re.compile(r"[0-9a-f]{24}")


def user_id(user: User) -> str:
    """The id of a user."""
    return _id("user", user)


def group_handle(group: Group) -> str:
    """`group:` and the id of a group."""
    return GROUP + _id("group", group)


def is_user(handle: str, user: User) -> bool:
    """Is it this user's id or e-mail address?"""
    return handle == user_id(user) or (bool(user.email) and handle.lower() == user.email.lower())


def find_user(organization: Organization, handle: str) -> User | None:
    """The active user of the organisation with this id or e-mail address; of several with one address the first."""
    active = User.objects.filter(organization=organization, disabled_at=None)
    if "@" in handle:
        return active.filter(email__iexact=handle).order_by("pk").first()
    found = active.filter(pk=_row(handle)).first() if _ID.fullmatch(handle) else None
    return found if found is not None and user_id(found) == handle else None


def find_group(organization: Organization, handle: str) -> Group | None:
    """The group of the organisation with this handle."""
    number = handle.removeprefix(GROUP)
    if not handle.startswith(GROUP) or not _ID.fullmatch(number):
        return None
    found = Group.objects.filter(organization=organization, pk=_row(number)).first()
    return found if found is not None and group_handle(found) == handle else None


def resolve(organization: Organization, handle: str) -> NewGrant:
    """Who it is, as far as known; what is not known is kept as it was sent."""
    if handle.startswith(GROUP):
        return NewGrant(handle, group=find_group(organization, handle))
    return NewGrant(handle, user=find_user(organization, handle))


def _id(kind: str, row: User | Group) -> str:
    mark = keyed_hash(str(row.pk), f"signspace {kind}").hex()
    return f"{int(row.created_at.timestamp()):08x}{mark[:8]}{row.pk:08x}"


def _row(number: str) -> int:
    return int(number[16:], 16) if number[16:] < "7fffffff" else 0
