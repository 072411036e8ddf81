"""Error answers outside the views: pages for people, the dialect's own or a neutral JSON body for programs."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from undersigned.dialects.shared import errors as for_programs
from undersigned.public import errors as for_people

_API = re.compile(r"/(api|auth|enterprise|sign|oidc)(/|$)")
"""First segments of the dialects' paths; no page for people lies there."""


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if _API.match(request.path_info) or "text/html" not in request.headers.get("Accept", ""):
        return for_programs.answer(request, status)
    return for_people.page(request, status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)
