"""Change one's own password."""

from __future__ import annotations

from datetime import timedelta

from undersigned.base.db import atomic
from undersigned.base.errors import Forbidden

from . import limits, passwords
from .models import User

QUARTER = timedelta(minutes=15)
TRIES = 10


def change_password(user: User, present: str, new: str) -> None:
    """Replace the password of a user who knows the present one; all their sessions end.

    Raises Forbidden for a wrong one, Invalid (`passwords.check`), `limits.LimitReached`.
    """
    limits.take("password.change", str(user.pk), TRIES, QUARTER)
    if not user.check_password(present):
        raise Forbidden
    passwords.check(new, user)
    with atomic():
        passwords.put(User.objects.select_for_update().get(pk=user.pk), new)
