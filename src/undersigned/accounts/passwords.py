"""What a password must be, and what setting one ends."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from undersigned.base.errors import Invalid

from . import tokens
from .models import PasswordToken, User

LENGTH_MAX = 1000


def check(password: str, user: User) -> None:
    """Raises Invalid: password required, too_long, invalid (no text), password_too_short, password_too_common."""
    if not password:
        raise Invalid({"password": ["required"]})
    if len(password) > LENGTH_MAX:
        raise Invalid({"password": ["too_long"]})
    if "\x00" in password or any("\ud800" <= c <= "\udfff" for c in password):
        raise Invalid({"password": ["invalid"]})
    try:
        validate_password(password, user)
    except ValidationError as e:
        raise Invalid({"password": [error.code or "invalid" for error in e.error_list]}) from e


def put(user: User, password: str | None) -> None:
    """Set a checked password, or take it away. Sessions in the console and of programs, and all links for another password, end.

    In the caller's transaction.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    end_all(user)


def end_all(user: User) -> None:
    """End what the user's former password began. Console sessions end with the password's hash."""
    tokens.end_sessions(user)
    PasswordToken.objects.filter(user=user).delete()
