"""Choose a new password by a link or a token."""

from __future__ import annotations

from datetime import timedelta

from undersigned.base.db import atomic

from . import limits, password_tokens, passwords
from .models import User

QUARTER = timedelta(minutes=15)
PER_ADDRESS = 20


def choose_password(token: str, password: str, address: str) -> User:
    """Set the password of whoever the token is for; it works once. `address`: of the caller.

    Raises Conflict "password_token", Invalid (`passwords.check`; the token stays good), `limits.LimitReached`.
    """
    limits.take("password.token", address, PER_ADDRESS, QUARTER)
    with atomic():
        row = password_tokens.find(token, lock=True)
        passwords.check(password, row.user)
        passwords.put(row.user, password)  # which ends all tokens, this one too
    return row.user
