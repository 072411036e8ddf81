"""Bearer tokens of OAuth clients (RFC 6750): made at a token endpoint, known by their keyed hash alone, gone when their time is over.

One that a client got for a user's password can be renewed (RFC 6749, 6). Each renewal replaces both tokens; the row stays, so that a
token which was renewed already is known when it comes again: then somebody else holds it too, and the whole session ends (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from undersigned.base import clock
from undersigned.base.db import atomic, one_or_none
from undersigned.base.vault import keyed_hash

from .models import AccessToken, Credential, User

LIFETIME = timedelta(hours=1)
SESSION_LIFETIME = timedelta(hours=8)
"""Of a token for a user."""
REFRESH_LIFETIME = timedelta(days=14)
"""In which a session is renewed, or over."""


@dataclass(frozen=True)
class Session:
    """What a client gets for a user; both are told here and never again."""

    token: str
    refresh: str
    user: User


def issue(
    credential: Credential,
    scopes: Sequence[str] = (),
    *,
    lifetime: timedelta = LIFETIME,
    token: str | None = None,
    user: User | None = None,
) -> str:
    """A new token of `credential`, valid for `lifetime` of real time; it is returned here and never again.

    `token`: its text, where an API prescribes the form; at least 128 random bits of it must be a secret. `user`: for whom it acts, and with
    whose sessions it ends.
    """
    token = token or secrets.token_urlsafe(32)
    AccessToken.objects.create(
        credential=credential,
        user=user,
        token_hash=_hash(token),
        scopes=list(scopes),
        expires_at=clock.now() + lifetime,
    )
    return token


def begin(credential: Credential, user: User) -> Session:
    """A session in which the client acts for `user`, who has proved themselves."""
    return _next(AccessToken(credential=credential, user=user), secrets.token_urlsafe(16))


def renew(credential: Credential, refresh: str) -> Session | None:
    """New tokens for the refresh token; None when it is unknown, over, another client's, or was used before, which ends the session."""
    family, _, number = refresh.partition(".")
    with atomic():
        found = (
            AccessToken.objects.select_for_update(of=("self",))
            .select_related("user__organization")
            .filter(
                _alive(), credential=credential, family_hash=_family(family), refresh_until__gt=clock.now()
            )
            .first()
        )
        if found is None or not number:
            return None
        if not secrets.compare_digest(bytes(found.refresh_hash or b""), _refresh(refresh)):
            found.delete()
            return None
        return _next(found, family)


def _next(row: AccessToken, family: str) -> Session:
    assert row.user is not None
    now = clock.now()
    token, refresh = secrets.token_urlsafe(32), f"{family}.{secrets.token_urlsafe(32)}"
    row.token_hash, row.refresh_hash, row.family_hash = _hash(token), _refresh(refresh), _family(family)
    row.expires_at, row.refresh_until = now + SESSION_LIFETIME, now + REFRESH_LIFETIME
    row.save()
    return Session(token, refresh, row.user)


def find(dialect: str, token: str) -> AccessToken | None:
    """The live token, with its credential, user and organisation; None for unknown and expired ones and those of a disabled client or
    user alike."""
    return one_or_none(
        AccessToken.objects.filter(
            _alive(), token_hash=_hash(token), expires_at__gt=clock.now(), credential__dialect=dialect
        ).select_related("credential__user", "credential__organization", "user__organization")
    )


def end_sessions(user: User) -> int:
    """Forget all tokens that clients have for `user`; return how many."""
    return AccessToken.objects.filter(user=user).delete()[0]


def prune(at: datetime) -> int:
    """Delete the tokens that are over at `at` and can no longer be renewed; return how many."""
    over = Q(refresh_until=None) | Q(refresh_until__lte=at)
    return AccessToken.objects.filter(over, expires_at__lte=at).delete()[0]


def _alive() -> Q:
    """Neither the client nor whom it acts for is switched off."""
    user = Q(user=None) | Q(user__disabled_at=None)
    return Q(credential__enabled=True, credential__user__disabled_at=None) & user


def _hash(token: str) -> bytes:
    return keyed_hash(token, "access token")


def _refresh(token: str) -> bytes:
    return keyed_hash(token, "refresh token")


def _family(family: str) -> bytes:
    return keyed_hash(family, "token family")
