"""Change what is known of a user."""

from __future__ import annotations

from undersigned.base.db import atomic
from undersigned.base.errors import Forbidden

from . import user_details
from .capabilities import may, require_over, require_to_give
from .find_user import lock_user
from .models import Capability, User
from .user_details import Details

_VOUCHED_FOR = ("name", "surname", "email", "phone")
"""Others rely on these: signatures carry the names, links and codes go to the addresses."""


def change_user(by: User, user: User, details: Details) -> User:
    """The user as they are now. Who may not change users may change their own language and what programs keep with them.

    Raises Forbidden, Invalid (`user_details`).
    """
    user_details.refuse(user_details.faults_of(details))
    with atomic():
        user = lock_user(user)
        if may(by, Capability.CREATE_USERS):
            require_over(by, user)
            require_to_give(by, (details.capabilities or frozenset()) - set(user.capabilities))
        elif by.pk != user.pk or _goes_too_far(user, details):
            raise Forbidden
        user_details.put(user, details)
        user.save()
        user_details.put_groups(user, details.groups)
    return user


def _goes_too_far(user: User, details: Details) -> bool:
    def differs(field: str) -> bool:
        value = getattr(details, field)
        return value is not None and value.strip() != getattr(user, field)

    groups, capabilities = details.groups, details.capabilities
    return (
        any(differs(field) for field in _VOUCHED_FOR)
        or (groups is not None and set(groups) != set(user.groups.values_list("name", flat=True)))
        or (capabilities is not None and bool(capabilities - set(user.capabilities)))
    )
