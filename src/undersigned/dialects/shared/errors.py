"""Error answers outside the routes, by path: one under a dialect's first segment gets that dialect's body, any other a neutral one.

Asked by `app.errors` for what no view answered: unknown paths, refused hosts, crashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse

ErrorAnswer = Callable[[int], HttpResponse]
"""A dialect's answer for a bare status."""

_owners: list[tuple[re.Pattern[str], ErrorAnswer]] = []


def own(paths: str, answer: ErrorAnswer) -> None:
    """Say which paths (regular expression, matched at the start) get a dialect's error bodies."""
    _owners.append((re.compile(paths), answer))


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
