"""What every view of a dialect is wrapped in: HEAD, OPTIONS and refused methods, and the headers that all its answers carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from ninja import NinjaAPI

from .errors import ErrorAnswer, without_body


def patterns(api: NinjaAPI, error: ErrorAnswer, headers: Mapping[str, str]) -> list[URLPattern]:
    """The routes of `api`, each behind a door; without ninja's own root page, which would lie at a path that several dialects share."""
    return [
        URLPattern(p.pattern, door(p.callback, error, headers), p.default_args, p.name)
        for p in api.urls[0]
        if isinstance(p, URLPattern) and p.name != "api-root"
    ]


def door(
    view: Callable[..., HttpResponse], error: ErrorAnswer, headers: Mapping[str, str]
) -> Callable[..., HttpResponse]:
    """HEAD is answered like GET without the content, OPTIONS with `Allow`, another method with the dialect's 405."""

    @wraps(view)  # keeps ninja's csrf_exempt: callers prove themselves with each request, never by cookie
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = request.method == "HEAD"
        if head:
            request.method = "GET"
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = {*response["Allow"].split(", "), "OPTIONS"}
            if "GET" in allowed:
                allowed.add("HEAD")
            response = _bare() if request.method == "OPTIONS" else error(405)
            response["Allow"] = ", ".join(sorted(allowed))
        for name, value in headers.items():
            response.setdefault(name, value)
        return without_body(response) if head else response

    return answer


def _bare() -> HttpResponse:
    response = HttpResponse()
    del response["Content-Type"]
    response["Content-Length"] = "0"
    return response
