"""`Idempotency-Key`: a creating call that is repeated with its key has one effect and gets one answer, for 24 hours.

The answer is recorded in the transaction of the effect, so neither exists without the other, and of two simultaneous repetitions the
second waits for the first. Refusals are not recorded: nothing happened, and the repetition is judged anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from undersigned.accounts.models import Credential, IdempotencyRecord, User
from undersigned.base import clock
from undersigned.base.db import atomic

KEPT = timedelta(hours=24)
KEY_MAX = 255


class BadKey(Exception):
    """The key is empty, too long or not printable ASCII."""


class KeyReused(Exception):
    """The key came before with another request."""


def once(
    request: HttpRequest,
    credential: Credential,
    body_sha256: bytes,
    act: Callable[[], HttpResponse],
    user: User | None = None,
) -> HttpResponse:
    """Call `act` in a transaction and give its answer, or the recorded answer of the same request with the same key.

    `user`: where a credential acts for several, whose key it is. Slow work (uploads, checks) belongs before this call, not into `act`. Raises BadKey, KeyReused, and whatever `act` raises.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with atomic():
            return act()
    if not (0 < len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
        raise BadKey
    if user is not None:
        key = hashlib.sha256(f"{user.pk} {key}".encode()).hexdigest()
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + body_sha256).digest()
    with atomic():
        now = clock.now()
        IdempotencyRecord.objects.filter(credential=credential, key=key, expires_at__lte=now).delete()
        record, first = IdempotencyRecord.objects.get_or_create(
            credential=credential, key=key, defaults={"request_digest": digest, "expires_at": now + KEPT}
        )
        if not first:
            if bytes(record.request_digest) != digest:
                raise KeyReused
            return _recorded(record)
        response = act()
        record.status, record.body = response.status_code, response.content.decode()
        record.headers = dict(response.items())
        record.save(update_fields=["status", "headers", "body"])
        return response


def _recorded(record: IdempotencyRecord) -> HttpResponse:
    response = HttpResponse(record.body or "", status=record.status, headers=record.headers)
    for name in set(response.headers) - set(record.headers):
        del response[name]
    return response
