"""Switch a user off, and on again."""

from __future__ import annotations

from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.base.errors import Conflict

from . import passwords
from .capabilities import require, require_over
from .find_user import lock_organization, lock_user
from .models import Capability, User


def disable_user(by: User, user: User) -> None:
    """The user is out at once, with all their sessions; none of their tokens and keys works any more. Nothing that is signed changes.

    Raises Forbidden, Conflict "last_admin".
    """
    require(by, Capability.DELETE_USERS)
    require_over(by, user)
    with atomic():
        lock_organization(user.organization)
        user = lock_user(user)
        if user.disabled_at is not None:
            return
        refuse_last_admin(user)
        user.disabled_at = clock.now()
        user.save(update_fields=["disabled_at"])
        passwords.end_all(user)


def enable_user(by: User, user: User) -> None:
    """The user may log in again with the password that they had; keys and lasting tokens work again. Raises Forbidden."""
    require(by, Capability.DELETE_USERS)
    require_over(by, user)
    with atomic():
        user = lock_user(user)
        user.disabled_at = None
        user.save(update_fields=["disabled_at"])


def refuse_last_admin(user: User) -> None:
    """Raises Conflict "last_admin": nobody could manage the organisation any more. The caller has locked the organisation."""
    admins = User.objects.filter(
        organization=user.organization, role=User.Role.ADMIN, kind=User.Kind.PERSON, disabled_at=None
    )
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise Conflict("last_admin")
