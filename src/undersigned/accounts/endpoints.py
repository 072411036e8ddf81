"""A user's own server: where their events are posted, and how we present ourselves there and where their documents are fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.core.exceptions import ValidationError

from undersigned.base.db import atomic
from undersigned.base.errors import Invalid
from undersigned.base.http_auth import HttpAuth

from .credentials import check_webhook_url, new_webhook_secret
from .models import EndpointConfig, User

MASK = "********"
"""Shown in place of what is kept secret; whoever writes it back keeps what is there."""
HEADERS_MAX = 50
HEADERS_SIZE = 16 * 1024
"""Characters of all headers together."""
URL_MAX = 2000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS = frozenset(
    [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "accept-encoding",
        "proxy-connection",
        "proxy-authorization",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]
)
"""What frames a message, or says that it is from us, is for us alone to write."""


@dataclass(frozen=True)
class Endpoint:
    """`headers`: name to values, as they were given. `secret`: what our posts are signed with (Standard Webhooks); it is made here."""

    url: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    auth: HttpAuth = field(default_factory=HttpAuth)
    secret: str = field(default="", repr=False)

    @property
    def sent_headers(self) -> dict[str, str]:
        """As they go out; several values of a name are one list (RFC 9110 section 5.3)."""
        return {name: ", ".join(values) for name, values in self.headers.items() if values}

    @property
    def masked(self) -> Endpoint:
        """Without password and private key, each of which shows as MASK where there is one."""
        auth = replace(
            self.auth,
            password=MASK if self.auth.password else "",
            client_key=MASK if self.auth.client_key else "",
        )
        return replace(self, auth=auth)


def endpoint_of(user: User | int) -> Endpoint:
    """What the user (or the row of that id) has configured; an empty one where there is nothing."""
    row = EndpointConfig.objects.filter(user=user).first()
    if row is None:
        return Endpoint()
    headers: dict[str, list[str]] = json.loads(row.headers or "{}")
    auth: dict[str, Any] = json.loads(row.auth or "{}")
    return Endpoint(
        row.url, {name: tuple(values) for name, values in headers.items()}, HttpAuth(**auth), row.secret or ""
    )


def has_address(user_id: int, dialect: str) -> bool:
    """Do the user's events of this API go to an address of theirs?"""
    return EndpointConfig.objects.filter(user=user_id, dialect=dialect).exclude(url="").exists()


def keep_endpoint(user: User, dialect: str, given: Endpoint, *, keep_password: bool = False) -> Endpoint:
    """Replace the configuration; gives what stands now. `dialect`: the API whose events go to the URL. A password or private key that is MASK stays what it was; `keep_password`: the
    password too, whatever was given.

    Raises Invalid: url, headers, username, client_key, client_certificate. A key without its certificate, or the other way round, is
    kept and not used.
    """
    with atomic():
        User.objects.select_for_update().get(pk=user.pk)
        former = endpoint_of(user)
        auth = given.auth
        if keep_password or auth.password == MASK:
            auth = replace(auth, password=former.auth.password)
        if auth.client_key == MASK:
            auth = replace(auth, client_key=former.auth.client_key)
        endpoint = replace(given, auth=auth, secret=former.secret or new_webhook_secret())
        if faults := _faults(endpoint):
            raise Invalid(faults)
        EndpointConfig.objects.update_or_create(
            user=user,
            defaults={
                "dialect": dialect,
                "url": endpoint.url,
                "secret": endpoint.secret,
                "headers": json.dumps({name: list(values) for name, values in endpoint.headers.items()}),
                "auth": json.dumps(
                    {name: value for name, value in vars(auth).items() if value}, ensure_ascii=False
                ),
            },
        )
    return endpoint


def _faults(endpoint: Endpoint) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    try:
        if endpoint.url:
            check_webhook_url(endpoint.url)
        if len(endpoint.url) > URL_MAX:
            faults["url"] = ["too_long"]
    except ValidationError:
        faults["url"] = ["invalid"]
    if fault := _headers_fault(endpoint.headers):
        faults["headers"] = [fault]
    auth = endpoint.auth
    if ":" in auth.username and auth.mode == "basic":
        faults["username"] = ["invalid"]  # RFC 7617 section 2
    return faults | (_certificate_faults(auth) if auth.has_certificate else {})


def _headers_fault(headers: Mapping[str, tuple[str, ...]]) -> str:
    if len(headers) > HEADERS_MAX:
        return "too_many"
    if len({name.lower() for name in headers}) < len(headers):
        return "already_used"
    if (
        sum(len(name) + sum(len(value) for value in values) for name, values in headers.items())
        > HEADERS_SIZE
    ):
        return "too_long"
    for name, values in headers.items():
        if not _NAME.fullmatch(name) or not all(_VALUE.fullmatch(value) for value in values):
            return "invalid"
        if name.lower() in _OURS:
            return "not_settable"
    return ""


def _certificate_faults(auth: HttpAuth) -> dict[str, list[str]]:
    """Key and certificate must be PEM and belong together: what is found out now need not be found out at each delivery."""
    try:
        key = load_pem_private_key(auth.client_key.encode(), None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):  # the second: it has a password
        return {"client_key": ["invalid"]}
    try:
        certificate = x509.load_pem_x509_certificates(auth.client_certificate.encode())[0].public_key()
    except (ValueError, IndexError):
        return {"client_certificate": ["invalid"]}

    def der(public: Any) -> bytes:
        return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    return {} if der(key) == der(certificate) else {"client_certificate": ["not_its_key"]}
