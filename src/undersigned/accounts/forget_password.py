"""Somebody says that they forgot their password."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

from undersigned.base.db import atomic

from . import limits, password_tokens
from .models import User

HOUR = timedelta(hours=1)
PER_ADDRESS = 20
PER_ACCOUNT = 3
EVENLY = 0.1
"""Seconds that an answer takes at least, so that it does not tell whether there is such an account."""


def forget_password(username: str, slug: str, address: str) -> None:
    """Mail a link to the user, if there is such a person with a mail address; the caller hears nothing of that.

    `address`: of the caller. After three mails an hour no further one goes to the same account. Raises `limits.LimitReached` for too many
    questions from one address.
    """
    limits.take("password.lost.address", address, PER_ADDRESS, HOUR)
    with _evenly():
        user = (
            User.objects.filter(
                organization__slug=slug, username=username, kind=User.Kind.PERSON, disabled_at=None
            )
            .exclude(email="")
            .select_related("organization")
            .first()
        )
        if user is None:
            return
        try:
            limits.take("password.lost.account", str(user.pk), PER_ACCOUNT, HOUR)
        except limits.LimitReached:
            return
        with atomic():
            password_tokens.mail_link(user, "password_lost")


@contextlib.contextmanager
def _evenly() -> Iterator[None]:
    begun = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0.0, begun + EVENLY - time.monotonic()))
