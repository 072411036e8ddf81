"""Token endpoints and bearer tokens.

An access token has the shape of a JWT, since the vendor's own client takes it apart on every call, and is none: it says who asked for
what, nobody reads that here, and its third part is a secret instead of a signature. It is known by its keyed hash, like any other.
There is no claim `account_id`: that client would add it to every address.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja.security.base import AuthBase

from undersigned.accounts.models import AccessToken, Credential
from undersigned.accounts.tokens import LIFETIME, issue
from undersigned.base import clock
from undersigned.dialects.shared import tokens
from undersigned.envelopes.actor import Actor

from .port import DIALECT

SIGN_SCOPES = ("signicat-api", "client.signature")
"""One of them is needed for every call."""
_HARMLESS_SCOPES = ("openid", "profile", "email")
"""May be asked for, as clients of other products of the vendor do, and give nothing."""
_DESCRIPTIONS = {
    "invalid_request": "The request is not a form, or a parameter is missing or comes twice",
    "invalid_client": "Unknown client or wrong secret",
    "unsupported_grant_type": "Only client_credentials is supported",
    "invalid_scope": "Scope not allowed",
}
TOKEN_PATHS = ("auth/open/connect/token", "oidc/token", "enterprise/oidc/token")


class NoScope(Exception):
    """The token was asked for without a scope for signing."""


class Bearer(AuthBase):
    """RFC 6750. Unknown, expired and missing tokens, and those of disabled clients, look alike. Raises NoScope."""

    openapi_name = "signrestOauth2Security"
    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token from POST /auth/open/connect/token or POST /oidc/token."

    def __call__(self, request: HttpRequest) -> AccessToken | None:
        found = tokens.bearer(request, DIALECT)
        if found is not None and not set(SIGN_SCOPES) & set(found.scopes):
            raise NoScope
        return found


def credential_of(request: HttpRequest) -> Credential:
    """The client that authenticated this request."""
    return cast("AccessToken", request.auth).credential  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, for the core."""
    return Actor.from_credential(credential_of(request))


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """POST: a token for an hour, by client id and secret in the form or by Basic."""
    if request.method != "POST":
        return _only("POST")
    return tokens.answer(request, DIALECT, {"client_credentials": _client_credentials}, _DESCRIPTIONS)


@csrf_exempt
def configuration(request: HttpRequest) -> HttpResponse:
    """GET: where the endpoint is and what it takes (OpenID Connect Discovery 1.0, section 4); clients only look whether it answers."""
    if request.method != "GET":
        return _only("GET")
    issuer = f"{settings.PUBLIC_URL}/auth/open"
    return JsonResponse(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/connect/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "scopes_supported": list(SIGN_SCOPES),
        }
    )


def _client_credentials(asked: tokens.TokenRequest) -> Mapping[str, object]:
    """Without a scope there is a token and it opens nothing; with no scope that we know there is none (RFC 6749, 3.3)."""
    granted = [s for s in dict.fromkeys(asked.scopes) if s in SIGN_SCOPES + _HARMLESS_SCOPES]
    if asked.scopes and not granted:
        raise tokens.TokenError("invalid_scope")
    text = _in_shape_of_jwt(asked.client, granted)
    return {
        "access_token": issue(asked.client, granted, token=text),
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(granted),
    }


def _in_shape_of_jwt(client: Credential, scopes: list[str]) -> str:
    """Three parts (RFC 7515, 7.1), the third 32 random bytes."""
    at = clock.now()
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "iss": f"{settings.PUBLIC_URL}/auth/open",
        "sub": client.client_id,
        "client_id": client.client_id,
        "scope": scopes,
        "iat": int(at.timestamp()),
        "exp": int((at + LIFETIME).timestamp()),
    }
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (head, claims)]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, secrets.token_bytes(32))
    )


def _only(method: str) -> HttpResponse:
    response = HttpResponse(status=405)
    response["Allow"] = method
    return response
