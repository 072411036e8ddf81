"""One frame around every request: its id, the policies that every page carries."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


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
