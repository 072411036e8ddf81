"""Who calls: bearers of a user's access token, of a lifetime token, or of a device's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja.security.base import AuthBase

from undersigned.accounts import tokens as access_tokens
from undersigned.accounts.credentials import LASTING_TOKEN_LENGTH, find_lasting_token
from undersigned.accounts.models import AccessToken, Credential, User
from undersigned.dialects.shared import callers, idempotency, tokens
from undersigned.envelopes.actor import Actor

from .port import DIALECT

_DESCRIPTIONS = {
    "invalid_request": "The request is not a form, or a parameter is missing or comes twice",
    "invalid_client": "Unknown client or wrong secret",
    "invalid_grant": "Bad credentials",
    "unsupported_grant_type": "Only password and refresh_token are supported",
}


@dataclass(frozen=True)
class Caller:
    """For whom a call is made, and with what. `token` is None where the credential is the token."""

    user: User
    credential: Credential
    token: AccessToken | None


class Bearer(AuthBase):
    """RFC 6750. Unknown, expired and missing tokens, and those of disabled users and clients, look alike."""

    openapi_name = "OAuth2"
    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "A token from POST /oauth/token, the lifetime token of a robot, or the token of a device."
    )

    def __call__(self, request: HttpRequest) -> Caller | None:
        if value := tokens.presented(request):
            if len(value) == LASTING_TOKEN_LENGTH:
                if (lasting := find_lasting_token(DIALECT, value)) is not None:
                    callers.admit(lasting)
                    return Caller(lasting.user, lasting, None)
            elif (found := access_tokens.find(DIALECT, value)) is not None:
                user = found.user or found.credential.user
                callers.admit(found.credential, user)
                return Caller(user, found.credential, found)
        callers.count_failure(request)
        return None


def caller_of(request: HttpRequest) -> Caller:
    """Who authenticated this request."""
    return cast("Caller", request.auth)  # type: ignore[attr-defined]


def user_of(request: HttpRequest) -> User:
    """For whom this call is made."""
    return caller_of(request).user


def credential_of(request: HttpRequest) -> Credential:
    """The client, lifetime token or device that authenticated this request."""
    return caller_of(request).credential


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, for the core: the user, through the credential."""
    caller = caller_of(request)
    return Actor(caller.user.organization, caller.user, caller.credential, Credential.Reach.USER)


def once(request: HttpRequest, body_sha256: bytes, act: Callable[[], HttpResponse]) -> HttpResponse:
    """`idempotency.once` for this caller; several users share a client, each has their own keys."""
    caller = caller_of(request)
    return idempotency.once(request, caller.credential, body_sha256, act, caller.user)


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """POST: tokens for a user, by their password or by the refresh token of their session; the client proves itself by Basic."""
    if request.method != "POST":
        response = HttpResponse(status=405)
        response["Allow"] = "POST"
        return response
    grants = {"password": _all(tokens.password), "refresh_token": _all(tokens.refresh_token)}
    return tokens.answer(request, DIALECT, grants, _DESCRIPTIONS, multipart=True)


def _all(grant: tokens.Grant) -> tokens.Grant:
    """The one scope there is."""
    return lambda asked: {**grant(asked), "scope": "all"}
