"""Lifetime tokens: what a robot, or whoever prefers it to logging in, calls an API with until it is revoked. One an account at a time."""

from __future__ import annotations

from django.db.models import QuerySet

from undersigned.base.db import atomic
from undersigned.base.errors import Forbidden, NotFound

from .capabilities import require_over
from .credentials import create_lasting_token
from .models import Credential, User

DESCRIPTION = "Lifetime token"


def account(caller: User, username: str = "", organization: str = "") -> User:
    """Whose token and configuration are meant: the caller's own, or for an administrator those of the account `username` in the caller's
    organisation (`organization`: its slug; empty means the same).

    Whoever has another's token acts for them, so nobody gets it who could not give its rights. Raises Forbidden, NotFound.
    """
    own = caller.organization
    if username in ("", caller.username) and organization in ("", own.slug):
        return caller
    if caller.role != User.Role.ADMIN:
        raise Forbidden
    found = User.objects.filter(organization=own, username=username, disabled_at=None).first()
    if found is None or organization not in ("", own.slug):
        raise NotFound
    require_over(caller, found)
    found.organization = own
    return found


def lasting_token(user: User, dialect: str) -> str:
    """The user's token for this API, made at the first call and the same at every later one."""
    with atomic():
        User.objects.select_for_update().get(pk=user.pk)
        found = _tokens(user, dialect).first()
        return (found.secret or "") if found is not None else _new(user, dialect)


def renew_token(user: User, dialect: str) -> str:
    """A new token; the former one works no more."""
    with atomic():
        User.objects.select_for_update().get(pk=user.pk)
        revoke_token(user, dialect)
        return _new(user, dialect)


def revoke_token(user: User, dialect: str) -> bool:
    """The token works no more, and can no longer be read. False when there is none."""
    return bool(_tokens(user, dialect).update(enabled=False, secret=None))


def has_token(user: User, dialect: str) -> bool:
    return _tokens(user, dialect).exists()


def _tokens(user: User, dialect: str) -> QuerySet[Credential]:
    return Credential.objects.filter(
        user=user, dialect=dialect, kind=Credential.Kind.LIFETIME, enabled=True
    ).order_by("-pk")


def _new(user: User, dialect: str) -> str:
    return create_lasting_token(user, dialect, Credential.Kind.LIFETIME, DESCRIPTION)[1]
