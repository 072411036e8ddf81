"""Basic authentication: the user name is the API key; a password is ignored."""

from __future__ import annotations

import base64
import binascii
from typing import cast

from django.http import HttpRequest
from ninja.security.base import AuthBase

from undersigned.accounts.credentials import find_api_key
from undersigned.accounts.models import Credential
from undersigned.dialects.shared import callers
from undersigned.envelopes.actor import Actor

DIALECT = "signsquid"


class ApiKey(AuthBase):
    """RFC 7617. Unknown, disabled and missing keys look alike."""

    openapi_type = "http"
    openapi_scheme = "basic"
    openapi_description = "User name: your API key. No password."

    def __call__(self, request: HttpRequest) -> Credential | None:
        key = key_in(request.headers.get("Authorization", ""))
        credential = find_api_key(DIALECT, key) if key else None
        if credential is None:
            callers.count_failure(request)
            return None
        callers.admit(credential)
        return credential


def key_in(header: str) -> str | None:
    """The user name of an `Authorization: Basic` header; None when there is none to be read."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[0]


def credential_of(request: HttpRequest) -> Credential:
    """The credential that authenticated this request."""
    return cast("Credential", request.auth)  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, for the core."""
    return Actor.from_credential(credential_of(request))
