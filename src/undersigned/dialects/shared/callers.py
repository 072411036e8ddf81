"""Programs that call an API: how often they may, and when their credential was last used."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from undersigned.accounts import limits, tally
from undersigned.accounts.models import Credential, User
from undersigned.base import clock

WINDOW = timedelta(minutes=1)
FAILURES = 30
"""Failed authentications of one address in a window."""
TOUCH = timedelta(minutes=1)
"""`last_used_at` is written at most this often."""


def admit(credential: Credential, user: User | None = None) -> None:
    """Count one call of a credential that has proved itself; where it acts for several users, of that `user`. Raises `limits.LimitReached`."""
    subject = bytes(credential.secret_hash).hex() + (f" {user.pk}" if user else "")
    tally.take("api call", subject, settings.API_CALLS_PER_MINUTE, WINDOW)
    now = clock.now()
    if credential.last_used_at is None or credential.last_used_at <= now - TOUCH:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - TOUCH)
        Credential.objects.filter(stale, pk=credential.pk).update(last_used_at=now)


def count_failure(request: HttpRequest) -> None:
    """Count a failed authentication of the caller's address. Raises `limits.LimitReached`."""
    limits.take("api authentication", limits.client_address(request), FAILURES, WINDOW)
