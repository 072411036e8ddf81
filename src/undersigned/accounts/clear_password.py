"""Take somebody's password from them, and send them a link for another."""

from __future__ import annotations

from undersigned.base.db import atomic
from undersigned.base.errors import Conflict

from . import password_tokens, passwords
from .capabilities import require, require_over
from .find_user import lock_user
from .models import Capability, User


def clear_password(by: User, user: User) -> None:
    """The user cannot log in, and is out, until they have followed the link that is mailed to them.

    Raises Forbidden, Conflict: robot (they have no mailbox), disabled, no_address.
    """
    require(by, Capability.RESET_PASSWORDS)
    require_over(by, user)
    with atomic():
        user = lock_user(user)
        _refuse_unreachable(user)
        passwords.put(user, None)
        password_tokens.mail_link(user, "password_cleared", by)


def send_link(by: User, user: User) -> None:
    """Mail the user a link for a new password; the present one stays until it is used. Raises as `clear_password`."""
    require(by, Capability.RESET_PASSWORDS)
    require_over(by, user)
    with atomic():
        user = lock_user(user)
        _refuse_unreachable(user)
        password_tokens.mail_link(user, "welcome" if not user.has_usable_password() else "password_lost", by)


def set_robot_password(by: User, robot: User, password: str) -> None:
    """Set the password of a robot. Raises Forbidden, Conflict "person", Invalid (`passwords.check`)."""
    require(by, Capability.RESET_PASSWORDS)
    require_over(by, robot)
    if robot.kind != User.Kind.ROBOT:
        raise Conflict("person")
    passwords.check(password, robot)
    with atomic():
        passwords.put(lock_user(robot), password)


def _refuse_unreachable(user: User) -> None:
    if user.kind == User.Kind.ROBOT:
        raise Conflict("robot")
    if user.disabled_at is not None:
        raise Conflict("disabled")
    if not user.email:
        raise Conflict("no_address")
