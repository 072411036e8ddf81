"""Bearer tokens of OAuth clients (RFC 6750): made at a token endpoint, known by their keyed hash alone, gone when their time is over."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from undersigned.base import clock
from undersigned.base.vault import keyed_hash

from .models import AccessToken, Credential

LIFETIME = timedelta(hours=1)


def issue(
    credential: Credential,
    scopes: Sequence[str] = (),
    *,
    lifetime: timedelta = LIFETIME,
    token: str | None = None,
) -> str:
    """A new token of `credential`, valid for `lifetime` of real time; it is returned here and never again.

    `token`: its text, where an API prescribes the form; at least 128 random bits of it must be a secret.
    """
    token = token or secrets.token_urlsafe(32)
    AccessToken.objects.create(
        credential=credential,
        token_hash=_hash(token),
        scopes=list(scopes),
        expires_at=clock.now() + lifetime,
    )
    return token


def find(dialect: str, token: str) -> AccessToken | None:
    """The live token, with its credential, user and organisation; None for unknown and expired ones and those of a disabled client alike."""
    return (
        AccessToken.objects.filter(
            token_hash=_hash(token),
            expires_at__gt=clock.now(),
            credential__dialect=dialect,
            credential__enabled=True,
            credential__user__disabled_at=None,
        )
        .select_related("credential__user", "credential__organization")
        .first()
    )


def prune(at: datetime) -> int:
    """Delete the tokens that are over at `at`; return how many."""
    return AccessToken.objects.filter(expires_at__lte=at).delete()[0]


def _hash(token: str) -> bytes:
    return keyed_hash(token, "access token")
