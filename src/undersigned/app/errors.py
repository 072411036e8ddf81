"""Error answers outside the views: pages for people, the dialect's own or a neutral JSON body for programs."""

from __future__ import annotations

import errno
import re
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from undersigned.accounts.limits import LimitReached, refused
from undersigned.dialects.shared import errors as for_programs
from undersigned.files.scan import Infected, ScannerUnavailable
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


def too_many(request: HttpRequest, limit: LimitReached) -> HttpResponse:
    """429 with Retry-After."""
    return refused(_answer(request, 429), limit)


def withheld(request: HttpRequest, error: Infected | ScannerUnavailable) -> HttpResponse:
    """A file that did not pass the virus scan (403), or could not be scanned (503 with Retry-After)."""
    status = 403 if isinstance(error, Infected) else 503
    if _API.match(request.path_info) or "text/html" not in request.headers.get("Accept", ""):
        response = for_programs.answer(request, status)
    else:
        response = for_people.withheld(request, status)
    if isinstance(error, ScannerUnavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500 for a fault of ours; 503 when the database or the disk is what fails: repeating the same request will help then."""
    if not _passes(sys.exception()):
        return _answer(request, 500)
    response = _answer(request, 503)
    response["Retry-After"] = "5"
    return response


def _passes(error: BaseException | None) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or isinstance(error, OperationalError | InterfaceError)
