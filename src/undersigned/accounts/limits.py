"""Limits on how often something may be tried, counted in the database so that all processes share them.

Who reaches one gets 429 with Retry-After: a view lets LimitReached pass and `app.middleware` answers in the caller's form, or answers
in its own words with `refused`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse

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

    @property
    def minutes(self) -> int:
        """The wait in whole minutes, for people; at least 1."""
        return math.ceil(self.retry_after / 60)


def refused(response: HttpResponse, limit: LimitReached) -> HttpResponse:
    """`response` as 429 (RFC 6585 section 4) that says when to come again."""
    response.status_code = 429
    response["Retry-After"] = str(limit.retry_after)
    return response


def take(bucket: str, subject: str, limit: int, window: timedelta) -> Attempt:
    """Count one try of `subject` (kept as a keyed hash) and raise LimitReached when it is more than `limit` in the sliding `window`.

    Gives the try, for `give_back` where only failures are to count.

    A refused try is not counted, so that a client which keeps knocking gets in again. Use one window for a bucket. Call it outside a
    transaction: the try is committed before it is counted, so simultaneous ones see each other. An error of the database is not caught:
    without counting nobody gets in.
    """
    with atomic():
        now = clock.now()
        attempt = write(bucket, subject, now, window)
    if within(bucket, subject, now - window).aggregate(n=Sum("count"))["n"] > limit:
        refusal = reached(bucket, subject, window)
        attempt.delete()
        raise refusal
    return attempt


def give_back(attempts: Iterable[Attempt]) -> None:
    """Let these tries count no longer."""
    with atomic():
        Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).delete()


def write(bucket: str, subject: str, at: datetime, window: timedelta, count: int = 1) -> Attempt:
    """A row of `count` tries; some of these also delete what no window holds any more. In the caller's transaction."""
    attempt = Attempt.objects.create(bucket=bucket, subject=_hashed(bucket, subject), at=at, count=count)
    if attempt.pk % SWEEP_EVERY == 0:
        Attempt.objects.filter(bucket=bucket, at__lte=at - window).delete()
    return attempt


def within(bucket: str, subject: str, since: datetime) -> QuerySet[Attempt]:
    """The tries after `since`."""
    return Attempt.objects.filter(bucket=bucket, subject=_hashed(bucket, subject), at__gt=since)


def reached(bucket: str, subject: str, window: timedelta) -> LimitReached:
    """The refusal, with the time until the oldest try leaves the window."""
    now = clock.now()
    oldest = within(bucket, subject, now - window).order_by("at").values_list("at", flat=True).first() or now
    return LimitReached(max(1, math.ceil((oldest + window - now).total_seconds())))


def clear(bucket: str, subject: str) -> None:
    """Forget the tries of `subject`, after a success."""
    Attempt.objects.filter(bucket=bucket, subject=_hashed(bucket, subject)).delete()


def _hashed(bucket: str, subject: str) -> bytes:
    return keyed_hash(subject, f"limit {bucket}")


def client_address(request: HttpRequest) -> str:
    """Whom to count: the caller's address; of X-Forwarded-For only what our own proxies (`TRUSTED_PROXIES`) added is believed."""
    hops: list[str] = [
        hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()
    ]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    return hops[max(len(hops) - 1 - settings.TRUSTED_PROXIES, 0)]
