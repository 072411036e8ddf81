"""Limits on how often something may be tried, counted in the database so that all processes share them."""

from __future__ import annotations

import math
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash

from .models import Attempt

SWEEP_EVERY = 64
"""One try in so many also deletes what no window of its bucket holds any more."""


class LimitReached(Exception):
    """Too many tries; `retry_after` is in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def take(bucket: str, subject: str, limit: int, window: timedelta) -> None:
    """Count one try of `subject` (kept as a keyed hash) and raise LimitReached when it is more than `limit` in the sliding `window`.

    A refused try is not counted, so that a client which keeps knocking gets in again. Use one window for a bucket. Call it outside a
    transaction: the try is committed before it is counted, so simultaneous ones see each other. An error of the database is not caught:
    without counting nobody gets in.
    """
    hashed = keyed_hash(subject, f"limit {bucket}")
    with atomic():
        now = clock.now()
        attempt = Attempt.objects.create(bucket=bucket, subject=hashed, at=now)
        if attempt.pk % SWEEP_EVERY == 0:
            Attempt.objects.filter(bucket=bucket, at__lte=now - window).delete()
    within = Attempt.objects.filter(bucket=bucket, subject=hashed, at__gt=now - window)
    if within.count() > limit:
        oldest = within.order_by("at").values_list("at", flat=True).first() or now
        Attempt.objects.filter(pk=attempt.pk).delete()
        raise LimitReached(max(1, math.ceil((oldest + window - now).total_seconds())))


def clear(bucket: str, subject: str) -> None:
    """Forget the tries of `subject`, after a success."""
    Attempt.objects.filter(bucket=bucket, subject=keyed_hash(subject, f"limit {bucket}")).delete()


def client_address(request: HttpRequest) -> str:
    """Whom to count: the caller's address; of X-Forwarded-For only what our own proxies (`TRUSTED_PROXIES`) added is believed."""
    hops: list[str] = [
        hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()
    ]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    return hops[max(len(hops) - 1 - settings.TRUSTED_PROXIES, 0)]
