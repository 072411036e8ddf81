"""The token endpoint (RFC 6749, 3.2) and bearer tokens (RFC 6750), without any vendor's words.

An API brings its grants, each a few lines, and says how its errors look; this module reads the request and knows the client.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from undersigned.accounts import tokens
from undersigned.accounts.credentials import find_oauth_client
from undersigned.accounts.login import check_login
from undersigned.accounts.models import AccessToken, Credential

from . import body, callers

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BODY_MAX = 1 << 16
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749, 5.1: on every answer that holds a token."""
# RFC 6749, 3.3: printable ASCII but quotation mark and backslash, one blank between two.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")
_BASIC_MAX = 2000


class TokenError(Exception):
    """A refusal in the words of RFC 6749, 5.2: invalid_request, invalid_client, invalid_grant, unsupported_grant_type, invalid_scope."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.description = description

    @property
    def status(self) -> int:
        return 401 if self.code == "invalid_client" else 400


@dataclass(frozen=True)
class TokenRequest:
    """A well-formed request of a client that has proved itself."""

    client: Credential
    form: Mapping[str, str]
    scopes: tuple[str, ...]
    """As asked for; empty: whatever the client may do."""
    http: HttpRequest


Grant = Callable[[TokenRequest], Mapping[str, object]]
"""Gives the members of the answer, or raises TokenError."""


def client_credentials(asked: TokenRequest) -> Mapping[str, object]:
    """RFC 6749, 4.4: an access token and nothing that would renew it."""
    return {
        "access_token": tokens.issue(asked.client, asked.scopes),
        "expires_in": int(tokens.LIFETIME.total_seconds()),
        "token_type": "Bearer",
    }


def password(asked: TokenRequest) -> Mapping[str, object]:
    """RFC 6749, 4.3: tokens for a user of the client's organisation. Raises `limits.LimitReached`."""
    username, secret = asked.form.get("username", ""), asked.form.get("password", "")
    if not username or not secret:
        raise TokenError("invalid_request")
    user = check_login(asked.http, username, secret, robots=True)
    if user is None or user.organization_id != asked.client.organization_id:
        raise TokenError("invalid_grant")
    return _session(tokens.begin(asked.client, user))


def refresh_token(asked: TokenRequest) -> Mapping[str, object]:
    """RFC 6749, 6: new tokens for a refresh token, which works once."""
    if not (given := asked.form.get("refresh_token", "")):
        raise TokenError("invalid_request")
    session = tokens.renew(asked.client, given)
    if session is None:
        callers.count_failure(asked.http)
        raise TokenError("invalid_grant")
    return _session(session)


def _session(session: tokens.Session) -> Mapping[str, object]:
    return {
        "access_token": session.token,
        "token_type": "bearer",
        "refresh_token": session.refresh,
        "expires_in": int(tokens.SESSION_LIFETIME.total_seconds()),
    }


def answer(
    request: HttpRequest,
    dialect: str,
    grants: Mapping[str, Grant],
    descriptions: Mapping[str, str] | None = None,
    *,
    multipart: bool = False,
) -> HttpResponse:
    """The answer to a POST: JSON with a token, or the error of RFC 6749, 5.2, with the API's `descriptions` of the codes.

    `multipart`: its clients may also send the form so. Raises `limits.LimitReached` after many failures.
    """
    try:
        form = _form(request, multipart=multipart)
        client = _client(request, dialect, form)
        grant = grants.get(form.get("grant_type", ""))
        if "grant_type" not in form:
            raise TokenError("invalid_request")
        if grant is None:
            raise TokenError("unsupported_grant_type")
        return JsonResponse(grant(TokenRequest(client, form, _scopes(form), request)), headers=NO_STORE)
    except TokenError as e:
        return refusal(e, descriptions)


def refusal(error: TokenError, descriptions: Mapping[str, str] | None = None) -> HttpResponse:
    """`{"error": …}`, with an `error_description` where the API has one for the code; RFC 6749, 5.2 asks for the challenge where a client
    has not proved itself."""
    description = error.description or (descriptions or {}).get(error.code, "")
    content = {"error": error.code} | ({"error_description": description} if description else {})
    response = JsonResponse(content, status=error.status, headers=NO_STORE)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="token"'
    return response


def _form(request: HttpRequest, *, multipart: bool) -> Mapping[str, str]:
    """The parameters, each at most once (RFC 6749, 3.2). Only the media type counts: clients add a charset to it."""
    media_type = (request.content_type or "").lower()
    try:
        if multipart and media_type == MULTIPART:
            pairs = _parts(request)
        elif media_type == FORM:
            raw = body.read_bytes(request, BODY_MAX).decode("utf-8")
            pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=50)
        else:
            raise TokenError("invalid_request")
    except (body.Malformed, body.TooLong, ValueError) as e:
        raise TokenError("invalid_request") from e
    if any("\x00" in value for name, value in pairs if name != "scope"):  # of a scope that is its own fault
        raise TokenError("invalid_request")
    # A parameter without a value counts as left out (RFC 6749, 3.1).
    pairs = [(name, value) for name, value in pairs if value]
    form = dict(pairs)
    if len(form) < len(pairs):
        raise TokenError("invalid_request")
    return form


def _parts(request: HttpRequest) -> list[tuple[str, str]]:
    """Of a multipart form; files in it are nothing that is asked for."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_MAX:
        raise body.TooLong
    try:
        return [(name, value) for name, values in request.POST.lists() for value in values]
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError) as e:
        raise body.Malformed from e


def _client(request: HttpRequest, dialect: str, form: Mapping[str, str]) -> Credential:
    """Who asks, by Basic or by `client_id` and `client_secret` in the form, never by both (RFC 6749, 2.3.1)."""
    header = request.headers.get("Authorization", "")
    pair = basic(header) if header else None
    if pair is None and not header and "client_id" in form:
        pair = form["client_id"], form.get("client_secret", "")
    elif pair is not None and "client_secret" in form:
        raise TokenError("invalid_request")
    found = None
    if pair is not None:
        # RFC 6749, 2.3.1 wants both parts form-encoded; most clients send them as they are, which differs in our ids and secrets by nothing.
        found = find_oauth_client(dialect, *pair) or find_oauth_client(
            dialect, *(unquote_plus(part) for part in pair)
        )
    if found is None:
        callers.count_failure(request)
        raise TokenError("invalid_client")
    callers.admit(found)
    return found


def basic(header: str) -> tuple[str, str] | None:
    """User name and password of an `Authorization: Basic` header; None when there are none to be read."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _BASIC_MAX:
        return None
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if "\x00" not in name else None


def _scopes(form: Mapping[str, str]) -> tuple[str, ...]:
    asked = form.get("scope", "").strip()
    if not asked:
        return ()
    if not _SCOPE.fullmatch(asked):
        raise TokenError("invalid_scope")
    return tuple(asked.split(" "))


def presented(request: HttpRequest) -> str:
    """What an `Authorization: Bearer` header holds; empty when it can be no token."""
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    value = value.strip()
    return value if scheme.lower() == "bearer" and 16 <= len(value) <= 4096 else ""


def bearer(request: HttpRequest, dialect: str) -> AccessToken | None:
    """The live token of an `Authorization: Bearer` header, counted as one call; None, counted as a failure, when there is none.

    Raises `limits.LimitReached`.
    """
    value = presented(request)
    found = tokens.find(dialect, value) if value else None
    if found is None:
        callers.count_failure(request)
        return None
    callers.admit(found.credential)
    return found
