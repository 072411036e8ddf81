"""Who is logged in, logging in through the organisation's own service, and logging out."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.accounts import tokens, vouched_login
from undersigned.accounts.credentials import own_client
from undersigned.accounts.models import User
from undersigned.accounts.user_details import Details
from undersigned.accounts.vouched_login import NotBelieved, Word
from undersigned.dialects.shared import body, callers
from undersigned.dialects.shared.fields import Fields

from .answers import TEXT, described, empty, json_of, statuses, takes_form
from .auth import caller_of, user_of
from .port import DIALECT
from .reading import form_of, moment_of
from .user_wire import UserModel, user_out

router = Router(tags=["auth"], by_alias=True)
_MESSAGE_MAX = 64 * 1024
_SAML = takes_form(
    "application/x-www-form-urlencoded",
    domain=TEXT,
    IDToken1={**TEXT, "description": "Base64 of the SAML reply as JSON."},
    IDToken2={**TEXT, "description": "HMAC-SHA256 of the decoded IDToken1, in hexadecimal."},
    required=("domain", "IDToken1", "IDToken2"),
)
_GROUPS = ("isMemberOf", "groups")


@router.get(
    "/auth/logout",
    operation_id="logout",
    summary="End the session of the presented token",
    response=statuses(204, None),
)
def logout(request: HttpRequest) -> HttpResponse:
    """The access token and the refresh token of its session end. Lifetime tokens and those of devices stay until they are revoked."""
    if (token := caller_of(request).token) is not None:
        token.delete()
    return empty()


@router.get(
    "/auth/user",
    operation_id="getCurrentUser",
    summary="Return the account behind the token",
    response=statuses(200, UserModel),
)
def current(request: HttpRequest) -> HttpResponse:
    """Oneself."""
    return json_of(user_out(user_of(request)))


@router.post(
    "/auth/saml",
    auth=None,
    operation_id="samlLogin",
    summary="Create or refresh a user out of an HMAC-protected SAML assertion and log in",
    response=statuses(303, None, 400, 409, 413),
    openapi_extra=described((), _SAML)
    | {"responses": {303: {"description": "Logged in", "headers": {"Location": {"schema": TEXT}}}}},
)
def vouched(request: HttpRequest) -> HttpResponse:
    """303 to a page of ours with the access token in the fragment, where no server sees it. 409 for whatever cannot be believed: unknown
    domain, wrong signature, not valid at this time, presented before."""
    try:
        user = _vouched_for(request)
    except NotBelieved:
        callers.count_failure(request)
        raise
    client = own_client(user, DIALECT, "Login service")
    token = tokens.issue(client, lifetime=tokens.SESSION_LIFETIME, user=user)
    seconds = int(tokens.SESSION_LIFETIME.total_seconds())
    fragment = urlencode({"access_token": token, "token_type": "bearer", "expires_in": seconds})
    response = HttpResponse(status=303)
    response["Location"] = f"{settings.PUBLIC_URL}/console/vouched#{fragment}"
    return response


def _vouched_for(request: HttpRequest) -> User:
    """Raises NotBelieved, Invalid."""
    form = form_of(request)
    encoded = form.get("IDToken1", "")
    if len(encoded) > _MESSAGE_MAX:
        raise NotBelieved
    try:
        message = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as e:
        raise NotBelieved from e
    organization = vouched_login.signed_by(form.get("domain", ""), message, form.get("IDToken2", ""))
    try:
        said = Fields(body.parse(message))
    except body.Malformed as e:
        raise NotBelieved from e
    return vouched_login.log_in(organization, message, _word(said, organization.slug))


def _word(said: Fields, slug: str) -> Word:
    """What the service says, in the core's words. Raises NotBelieved."""
    begins, ends = moment_of(said.text("_not_before")), moment_of(said.text("_not_onorafter"))
    name, at, domain = said.text("eduPersonPrincipalName").rpartition("@")
    if begins is None or ends is None or (at and domain != slug):
        raise NotBelieved
    mails = [said.text(member) for member in ("rfc822Mailbox", "mailAlternateAddress")]
    surname = said.text("surname")
    shown = said.text("displayName") or said.text("commonName")
    given = said.text("givenName") or shown.removesuffix(surname).strip()
    return Word(
        begins,
        ends,
        (name if at else domain) or said.text("userid"),
        Details(
            name=given or None,
            surname=surname or None,
            email=next((mail for mail in mails if mail), None),
            groups=_groups(said),
        ),
    )


def _groups(said: Fields) -> tuple[str, ...] | None:
    """None where the service says nothing about groups."""
    lists: list[Any] = [said.data[member] for member in _GROUPS if isinstance(said.data.get(member), list)]
    return tuple(str(name) for names in lists for name in names) if lists else None
