"""What programs call and are called with: lifetime tokens, and the configuration of calls that go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.accounts import devices, robots
from undersigned.accounts.endpoints import Endpoint, endpoint_of, keep_endpoint
from undersigned.accounts.models import User
from undersigned.base.http_auth import HttpAuth
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.errors import Invalid

from . import answers, reading
from .answers import described, empty, json_of, statuses, takes
from .auth import credential_of, user_of
from .errors import Faulty, in_our_words
from .port import DIALECT
from .wire import Wire

router = Router(tags=["robots"], by_alias=True)
WHOSE = [
    answers.query("username", text="Whose, instead of the caller's; for administrators."),
    answers.query("domain", text="The organization's; no other may be named."),
]
_FIELDS = {
    "url": "webhooks.dst",
    "headers": "requestHeaders",
    "username": "authentication.username",
    "client_key": "authentication.clientKey",
    "client_certificate": "authentication.clientCert",
}
"""What the core calls otherwise."""
_TEXT_MAX = 64 * 1024


class LifetimeToken(Wire):
    """A bearer token that lasts until it is revoked."""

    access_token: str


class Authentication(Wire):
    """How we prove ourselves. The password and the key are shown as asterisks; sent back as such, or left out, they stay as they are."""

    username: str = ""
    password: str = ""
    auth_mode: Literal["basic", "digest"] | None = None
    client_key: str = ""
    client_cert: str = ""


class Webhooks(Wire):
    """Where events of transactions are posted."""

    dst: str | None = None


class Configuration(Wire):
    """Headers and proofs go with webhook calls and with requests for documents by URL."""

    request_headers: dict[str, list[str]] = {}
    authentication: Authentication | None = None
    webhooks: Webhooks = Webhooks()


@router.get(
    "/robot/authentication",
    operation_id="getRobotToken",
    summary="The lifetime token, made at the first call",
    response=statuses(200, LifetimeToken, 400, 404),
    openapi_extra=described(WHOSE),
)
def token(request: HttpRequest) -> HttpResponse:
    """Not for devices: the token would outlive their removal."""
    devices.refuse_device(credential_of(request))
    return json_of(LifetimeToken(access_token=robots.lasting_token(_account(request), DIALECT)))


@router.delete(
    "/robot/authentication",
    operation_id="deleteRobotToken",
    summary="Revoke the lifetime token",
    response=statuses(204, None, 400, 404),
    openapi_extra=described(WHOSE),
)
def revoke(request: HttpRequest) -> HttpResponse:
    """Without effect where there is none."""
    robots.revoke_token(_account(request), DIALECT)
    return empty()


@router.get(
    "/robot/configuration",
    operation_id="getRobotConfiguration",
    summary="The configuration of calls that go out",
    response=statuses(200, Configuration, 400, 404),
    openapi_extra=described(WHOSE),
)
def configuration(request: HttpRequest) -> HttpResponse:
    return json_of(_shown(endpoint_of(_account(request)).masked))


@router.put(
    "/robot/configuration",
    operation_id="setRobotConfiguration",
    summary="Replace the configuration of calls that go out",
    response=statuses(204, None, 400, 404),
    openapi_extra=described(WHOSE, takes(Configuration)),
)
def configure(request: HttpRequest) -> HttpResponse:
    """What is left out is taken away, but for a password beside a user name."""
    user = _account(request)
    fields, _ = reading.fields_of(request)
    headers = _headers_in(fields)
    auth, keep_password = _auth_in(fields.object("authentication"))
    webhooks = fields.object("webhooks")
    url = webhooks.text("dst").strip() if webhooks is not None else ""
    reading.settle(fields)
    try:
        keep_endpoint(user, DIALECT, Endpoint(url, headers, auth), keep_password=keep_password)
    except Invalid as e:
        named = {_FIELDS.get(name, name): codes for name, codes in e.faults.items()}
        raise Faulty(in_our_words(named)) from e
    return empty()


def _account(request: HttpRequest) -> User:
    username, domain = reading.parameter(request, "username"), reading.parameter(request, "domain")
    return robots.account(user_of(request), username, domain)


def _headers_in(fields: Fields) -> Mapping[str, tuple[str, ...]]:
    """Each value is an array of strings, or one string."""
    found = fields.object("requestHeaders")
    if found is None:
        return {}
    given: dict[str, Any] = {
        n: [v] if isinstance(v, str) else v for n, v in found.data.items() if v is not None
    }
    read = Fields(given, found.path, fields.faults)
    return {name: tuple(read.texts(name, most=100)) for name in given}


def _auth_in(fields: Fields | None) -> tuple[HttpAuth, bool]:
    """And whether the password that is there stays."""
    if fields is None:
        return HttpAuth(), False
    mode = fields.choice("authMode", ("basic", "digest"))
    username = fields.text("username", most=500)
    auth = HttpAuth(
        cast("Literal['', 'basic', 'digest']", mode or ("basic" if username else "")),
        username,
        fields.text("password", most=1000),
        fields.text("clientKey", most=_TEXT_MAX),
        fields.text("clientCert", most=_TEXT_MAX),
    )
    return auth, fields.data.get("password") is None


def _shown(endpoint: Endpoint) -> Configuration:
    auth = endpoint.auth
    return Configuration(
        request_headers={name: list(values) for name, values in endpoint.headers.items()},
        authentication=Authentication(
            username=auth.username,
            password=auth.password,
            auth_mode=auth.mode or None,
            client_key=auth.client_key,
            client_cert=auth.client_certificate,
        )
        if auth != HttpAuth()
        else None,
        webhooks=Webhooks(dst=endpoint.url or None),
    )
