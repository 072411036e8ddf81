"""Give a user another role."""

from __future__ import annotations

from collections.abc import Set

from undersigned.base.db import atomic
from undersigned.base.errors import Invalid

from .capabilities import brought_by, require, require_over, require_to_give
from .disable_user import refuse_last_admin
from .find_user import lock_organization, lock_user
from .models import Capability, User


def set_role(by: User, user: User, role: str, beside: Set[str] = frozenset()) -> User:
    """The user may do what the role brings, and `beside`; other capabilities end, but that of an operator, who is the installation's.

    Raises Forbidden, Invalid: role unknown, capabilities unknown, Conflict "last_admin".
    """
    require(by, Capability.CREATE_USERS)
    if role not in User.Role.values:
        raise Invalid({"role": ["unknown"]})
    if beside - set(Capability):
        raise Invalid({"capabilities": ["unknown"]})
    with atomic():
        lock_organization(user.organization)
        user = lock_user(user)
        require_over(by, user)
        require_to_give(by, (brought_by(role) | beside) - set(user.capabilities))
        if role != User.Role.ADMIN:
            refuse_last_admin(user)
        kept = set(user.capabilities) & {Capability.OPERATE}
        user.role = role
        user.capabilities = sorted((beside - brought_by(role)) | kept)
        user.save(update_fields=["role", "capabilities"])
    return user
