"""Bearer tokens, and `acting_handle`: a client may act as its own robot and as nobody else."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja.security.base import AuthBase

from undersigned.accounts.models import AccessToken, Credential
from undersigned.dialects.shared import tokens
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.actor import Actor

from . import handles
from .port import DIALECT


class Forbidden(Exception):
    """The handle is not the client's, or not an owner."""


class Bearer(AuthBase):
    """RFC 6750. Unknown, expired and missing tokens, and those of disabled clients, look alike."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token from POST /auth/token."

    def __call__(self, request: HttpRequest) -> AccessToken | None:
        return tokens.bearer(request, DIALECT)


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """POST /auth/token."""
    if request.method != "POST":
        response = HttpResponse(status=405)
        response["Allow"] = "POST"
        return response
    return tokens.answer(request, DIALECT, {"client_credentials": tokens.client_credentials})


def credential_of(request: HttpRequest) -> Credential:
    """The client that authenticated this request."""
    return cast("AccessToken", request.auth).credential  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, for the core."""
    return Actor.from_credential(credential_of(request))


def acting(request: HttpRequest, fields: Fields) -> Actor:
    """Who asks, when `acting_handle` names them; notes a fault when there is none. Raises Forbidden."""
    actor = actor_of(request)
    handle = fields.text("acting_handle", required=True)
    if handle and not handles.is_user(handle, actor.user):
        raise Forbidden
    return actor
