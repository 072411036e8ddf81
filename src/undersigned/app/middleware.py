"""One frame around every request: its id, the policies that every page carries, the answer to who tries too often."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from undersigned.accounts.limits import LimitReached
from undersigned.base.page_policy import content_security_policy
from undersigned.files.scan import Infected, ScannerUnavailable

from .errors import too_many, withheld

CONTENT_SECURITY_POLICY = content_security_policy()


class RequestFrame:
    """Gives each answer an `X-Request-ID` and a content security policy (a view may set a stricter or wider one)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        request.META["undersigned.request_id"] = request_id
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A limit, or a file that must not go out, that a view let pass, in the caller's form."""
        if isinstance(exception, Infected | ScannerUnavailable):
            return withheld(request, exception)
        return too_many(request, exception) if isinstance(exception, LimitReached) else None


class Compress(GZipMiddleware):
    """Compresses what people's browsers load as text; on a slow line it halves the wait. Programs' JSON and PDFs go as they are.

    Django adds random bytes against BREACH, and tokens in forms are masked anew in each page.
    """

    TYPES = ("text/html", "text/css", "text/javascript", "image/svg+xml")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if kind not in self.TYPES or request.method == "HEAD" or "Content-Range" in response:
            return response
        return super().process_response(request, response)
