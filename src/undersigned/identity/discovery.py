"""What a provider says of itself (OpenID Connect Discovery 1.0) and its keys (RFC 7517), fetched with limits and kept for an hour."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from joserfc import jwk
from joserfc.errors import JoseError

from undersigned.base import outgoing

from .errors import ProviderUnavailable, Untrusted
from .models import Provider
from .providers import may_be_private

T = TypeVar("T")
Key = jwk.RSAKey | jwk.ECKey

TIMEOUT = 8.0
"""Seconds for one request to a provider: a person waits."""
ANSWER_MAX = 256 * 1024
KEEP = 3600.0
"""Seconds that metadata and keys are believed."""
ASK_AGAIN = 30.0
"""Seconds between two askings for a key that nobody knows: whoever sends tokens with made-up keys must not make us knock."""
PROVIDERS_KEPT = 64
KEYS_MAX = 40


@dataclass(frozen=True)
class Metadata:
    """The members that are used. Endpoints are https addresses, or the provider may be private."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    """The client's secret goes into the form: the provider knows `client_secret_post` and not `client_secret_basic`."""
    names_itself: bool
    """Every answer carries `iss` (RFC 9207)."""


class _Kept(OrderedDict[tuple[str, str], tuple[float, Any]]):
    """The last answers, by address and what kind; at most so many."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def take(self, key: tuple[str, str], age: float) -> Any:
        with self.lock:
            at, value = self.get(key, (0.0, None))
            return value if value is not None and time.monotonic() - at < age else None

    def put(self, key: tuple[str, str], value: Any) -> None:
        with self.lock:
            self[key] = (time.monotonic(), value)
            self.move_to_end(key)
            while len(self) > PROVIDERS_KEPT:
                self.popitem(last=False)


_kept = _Kept()


def forget(issuer: str) -> None:
    """Ask this provider anew next time: what was kept of it may be older than what somebody is mending."""
    with _kept.lock:
        for what in ("metadata", "keys"):
            _kept.pop((issuer, what), None)


def metadata(provider: Provider) -> Metadata:
    """Raises ProviderUnavailable, Untrusted (it calls itself something else)."""
    return _once((provider.issuer, "metadata"), KEEP, lambda: _metadata(provider))


def _once(key: tuple[str, str], age: float, fetch: Callable[[], T]) -> T:
    known: T | None = _kept.take(key, age)
    if known is None:
        known = fetch()
        _kept.put(key, known)
    return known


def _metadata(provider: Provider) -> Metadata:
    said = get_json(provider, provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if said.get("issuer") != provider.issuer:  # Discovery 4.3: must be identical
        raise Untrusted("the provider calls itself by another name")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        _endpoint(provider, said, "authorization_endpoint"),
        _endpoint(provider, said, "token_endpoint"),
        _endpoint(provider, said, "userinfo_endpoint") if said.get("userinfo_endpoint") else "",
        _endpoint(provider, said, "jwks_uri"),
        secret_in_body="client_secret_post" in methods and "client_secret_basic" not in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(provider: Provider, said: dict[str, Any], name: str) -> str:
    url = said.get(name)
    if not isinstance(url, str) or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise ProviderUnavailable(f"no {name}")
    try:
        parts = urlsplit(url)
    except ValueError as e:
        raise ProviderUnavailable(f"no {name}") from e
    schemes = ("https", "http") if may_be_private(provider) else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
        raise ProviderUnavailable(f"{name} is not an https address")
    return url


def key(provider: Provider, kid: str | None, kty: str) -> Key:
    """The provider's key for signatures with this id; without an id the only one of its type. An unknown id is asked for once in a while.

    Raises ProviderUnavailable, Untrusted.
    """
    for age in (KEEP, ASK_AGAIN):
        fitting = [k for k in keys(provider, age) if k.key_type == kty and kid in (None, k.kid)]
        if len(fitting) == 1:
            return fitting[0]
    raise Untrusted("signed with a key that the provider does not name")


def keys(provider: Provider, age: float = KEEP) -> list[Key]:
    """All that it names for signatures, at most `age` seconds old. Raises ProviderUnavailable, Untrusted."""
    return _once((provider.issuer, "keys"), age, lambda: _keys(provider))


def _keys(provider: Provider) -> list[Key]:
    """Public keys for signatures; others, and those that cannot be read, are passed over (RFC 7517, section 5)."""
    rows = get_json(provider, metadata(provider).jwks_uri).get("keys")
    if not isinstance(rows, list) or len(rows) > KEYS_MAX:
        raise ProviderUnavailable("no list of keys")
    found: list[Key] = []
    for row in rows:
        if not isinstance(row, dict) or row.get("use", "sig") != "sig":
            continue
        public = {name: value for name, value in row.items() if name in _PUBLIC}
        try:
            match row.get("kty"):
                case "RSA":
                    found.append(jwk.RSAKey.import_key(public))
                case "EC":
                    found.append(jwk.ECKey.import_key(public))
        except (JoseError, ValueError, TypeError):
            continue
    return found


_PUBLIC = ("kty", "kid", "use", "n", "e", "crv", "x", "y")


def get_json(provider: Provider, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """An object in JSON. Raises ProviderUnavailable."""
    return parsed(send(provider, "GET", url, headers=headers))


def parsed(answer: outgoing.Answer) -> dict[str, Any]:
    """The object that an answer with status 200 holds. Raises ProviderUnavailable."""
    if answer.status != 200 or answer.truncated:
        raise ProviderUnavailable(f"status {answer.status}{', too long' if answer.truncated else ''}")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as e:
        raise ProviderUnavailable("not JSON") from e
    if not isinstance(said, dict):
        raise ProviderUnavailable("not an object")
    return said


def send(
    provider: Provider, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> outgoing.Answer:
    """One request to the provider. Raises ProviderUnavailable."""
    if provider.demo and settings.DEMO and url.startswith(f"{settings.PUBLIC_URL}/"):
        url = settings.LOCAL_URL + url.removeprefix(settings.PUBLIC_URL)  # we are that provider
    try:
        return outgoing.send(
            method,
            url,
            body,
            {"Accept": "application/json"} | (headers or {}),
            timeout=TIMEOUT,
            limit=ANSWER_MAX,
            allow_private=may_be_private(provider),
        )
    except outgoing.OutgoingError as e:
        raise ProviderUnavailable(e.code) from e
