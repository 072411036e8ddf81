"""Error answers in a dialect's form: inside its routes by exception, outside them by path.

A path under a dialect's first segment gets that dialect's body, any other a neutral one; `app.errors` asks for what no view answered:
unknown paths, refused hosts, crashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid, NotFound
from undersigned.files.scan import Infected, ScannerUnavailable
from undersigned.files.store import TooLarge

from . import body, idempotency

ErrorAnswer = Callable[[int], HttpResponse]
"""A dialect's answer for a bare status."""
Refusal = Callable[[HttpRequest, Any], HttpResponse]
"""A dialect's answer to a request that raised an exception, with that exception."""

_COMMON: frozenset[type[Exception]] = frozenset(
    {
        Invalid,
        Conflict,
        NotFound,
        Forbidden,
        AuthenticationError,
        LimitReached,
        body.Malformed,
        body.TooLong,
        TooLarge,
        Infected,
        ScannerUnavailable,
        idempotency.BadKey,
        idempotency.KeyReused,
    }
)
"""What a route of any dialect may raise."""

_owners: list[tuple[re.Pattern[str], ErrorAnswer]] = []


def own(paths: str, answer: ErrorAnswer) -> None:
    """Say which paths (regular expression, matched at the start) get a dialect's error bodies."""
    _owners.append((re.compile(paths), answer))


def refuse(api: NinjaAPI, refusals: Mapping[type[Exception], Refusal]) -> None:
    """Answer what the routes of `api` raise. Raises LookupError when nothing is said of an exception that every dialect may meet."""
    if missing := _COMMON - set(refusals):
        raise LookupError(f"no answer to {', '.join(sorted(kind.__name__ for kind in missing))}")
    for kind, refusal in refusals.items():
        api.add_exception_handler(kind, partial(_refused, refusal))


def _refused(refusal: Refusal, request: HttpRequest, error: Exception) -> HttpResponse:
    response = refusal(request, error)
    if isinstance(error, LimitReached | ScannerUnavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


def answer(request: HttpRequest, status: int) -> HttpResponse:
    """The error answer of whoever owns the request's path."""
    for paths, of_dialect in _owners:
        if paths.match(request.path_info):
            response = of_dialect(status)
            break
    else:
        response = neutral(status)
    return without_body(response) if request.method == "HEAD" else response


def neutral(status: int) -> HttpResponse:
    """`{"error": {"status": 404, "message": "Not Found"}}`."""
    return JsonResponse({"error": {"status": status, "message": HTTPStatus(status).phrase}}, status=status)


def without_body(response: HttpResponse) -> HttpResponse:
    """The answer to HEAD: same status and headers, the length that GET would have, no content (RFC 9110, 9.3.2)."""
    bare = HttpResponse(status=response.status_code, headers=dict(response.items()))
    if not response.streaming:
        bare["Content-Length"] = response.get("Content-Length", str(len(response.content)))
    for name in {"Content-Type"} - set(response.headers):
        del bare[name]
    # Not `response.close()`: that ends the whole request, with its database connection. Content that nobody began to read needs none.
    return bare
