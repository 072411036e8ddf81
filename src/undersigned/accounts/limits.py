"""Limits on tries: sliding windows, kept in the database so that all processes share them. When it cannot be asked, nothing is allowed."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from undersigned.base import clock
from undersigned.base.vault import keyed_hash

from .models import Attempt


class LimitReached(Exception):
    """No more tries for now; `retry_after` in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def take(bucket: str, subject: str, limit: int, window: timedelta) -> None:
    """Count one try of `subject` against `bucket`: at most `limit` in any `window`. Raises LimitReached; a refused try is not counted.

    Call it outside a transaction: the row is written before it is counted, so that simultaneous tries see each other. `subject`
    (an address, a login name) is kept as a keyed hash.
    """
    now = clock.now()
    digest = keyed_hash(subject, f"limit:{bucket}")
    mine = Attempt.objects.create(bucket=bucket, subject=digest, at=now)
    others = Attempt.objects.filter(bucket=bucket, subject=digest, at__gt=now - window).exclude(pk=mine.pk).order_by("at")
    if others.count() < limit:
        return
    mine.delete()
    oldest = others.values_list("at", flat=True).first()
    raise LimitReached(max(1, int((oldest + window - now).total_seconds()) + 1) if oldest else 1)


def clear(bucket: str, subject: str) -> None:
    """Forget the tries of `subject`, after a success."""
    Attempt.objects.filter(bucket=bucket, subject=keyed_hash(subject, f"limit:{bucket}")).delete()


def sweep(older_than: timedelta = timedelta(days=1)) -> int:
    """Delete tries that no window reaches any more; return how many."""
    return Attempt.objects.filter(at__lt=clock.now() - older_than).delete()[0]


def client_address(request: HttpRequest) -> str:
    """Whom to count: the caller's address; of X-Forwarded-For only what our own proxies (`TRUSTED_PROXIES`) added is believed."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    return hops[max(len(hops) - 1 - settings.TRUSTED_PROXIES, 0)]
