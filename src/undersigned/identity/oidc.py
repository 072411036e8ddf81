"""OpenID Connect, the side that asks: authorization code with PKCE, and what makes an answer believed.

OpenID Connect Core 1.0 section 3.1, RFC 7636 (PKCE, S256), RFC 9207 (`iss` in the answer), RFC 9700 (best current practice). No lock is
held here: a provider is waited for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.errors import JoseError

from undersigned.base import clock
from undersigned.base.text import is_one_line

from . import discovery
from .errors import Cancelled, ProviderUnavailable, SignInFailed, Untrusted
from .models import Provider
from .providers import claim_names

ALGORITHMS = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
    "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC",
}  # fmt: skip
"""Signatures that are believed, and the type of their key. Neither "none" nor those with a shared key."""
LEEWAY = timedelta(seconds=60)
"""By which clocks may differ."""
TOKEN_MAX = 32 * 1024
VALUE_MAX = 200


@dataclass(frozen=True)
class Claims:
    """What a provider says of a person; empty where it says nothing."""

    name: str = ""
    given_name: str = ""
    family_name: str = ""
    national_id: str = ""
    birthdate: str = ""
    email: str = ""
    """Only where the provider says that it has verified it."""
    phone: str = ""

    def as_json(self) -> str:
        """For an encrypted column."""
        return json.dumps({k: v for k, v in asdict(self).items() if v}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Claims:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Identified:
    """Somebody was identified. `token_hash`: SHA-256 of the ID token as it came; `came`: names of all claims that came.

    `said`: the claims that are a text, a number or true or false, under the provider's names; for comparisons, never kept.
    """

    claims: Claims
    level: str
    token_hash: bytes
    came: tuple[str, ...]
    said: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    """What the browser brought back in the address; all of it is anybody's word. `issuer`: None when not said."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str | None = None


def challenge(verifier: str) -> str:
    """RFC 7636 section 4.2, S256."""
    return _unpadded(hashlib.sha256(verifier.encode()).digest())


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def authorization_url(
    provider: Provider,
    *,
    state: str,
    nonce: str,
    verifier: str,
    redirect_uri: str,
    language: str = "",
    login_hint: str = "",
) -> str:
    """Where the person goes. `login_hint` as in OpenID Connect Core 3.1.2.1. Raises ProviderUnavailable, Untrusted."""
    endpoint = discovery.metadata(provider).authorization_endpoint
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": provider.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "prompt": provider.prompt,
        "acr_values": provider.acr_values,
        "ui_locales": language,
        "login_hint": login_hint,
    }
    joint = "&" if urlsplit(endpoint).query else "?"
    return f"{endpoint}{joint}{urlencode({k: v for k, v in query.items() if v})}"


def check_answer(provider: Provider, answer: Answer) -> None:
    """Before the code is traded: it comes from the provider that was asked (RFC 9207, mix-up), and it is no refusal.

    Raises Untrusted, Cancelled, ProviderUnavailable.
    """
    must_say = discovery.metadata(provider).names_itself
    if (answer.issuer is not None or must_say) and answer.issuer != provider.issuer:
        raise Untrusted("another provider answers")
    if answer.error in ("access_denied", "login_required", "interaction_required", "consent_required"):
        raise Cancelled(answer.error)
    if answer.error or not answer.code or len(answer.code) > 4096:
        raise ProviderUnavailable("the provider reports an error" if answer.error else "no code")


def identify(
    provider: Provider,
    code: str,
    *,
    nonce: str,
    verifier: str,
    redirect_uri: str,
    begun_at: datetime,
    also: Iterable[str] = (),
) -> Identified:
    """Trade the code for tokens, believe the ID token or not, ask for what it does not say; `also` names further claims of the
    provider's that are wanted.

    Raises ProviderUnavailable, Untrusted.
    """
    tokens = _trade(provider, code, verifier, redirect_uri)
    id_token = tokens.get("id_token")
    if not isinstance(id_token, str) or len(id_token) > TOKEN_MAX:
        raise ProviderUnavailable("no ID token")
    said = verified(provider, id_token)
    check_claims(provider, said, nonce=nonce, begun_at=begun_at, at=clock.now())
    wanted = {*claim_names(provider).values(), *also}
    if any(name not in said for name in wanted) and discovery.metadata(provider).userinfo_endpoint:
        said = _userinfo(provider, tokens.get("access_token"), said["sub"]) | said
    acr = said.get("acr")
    return Identified(
        claims=_mapped(provider, said),
        level=acr[: VALUE_MAX // 5]
        if isinstance(acr, str) and acr and provider.acr_values
        else provider.level,
        token_hash=hashlib.sha256(id_token.encode()).digest(),
        came=tuple(sorted(name for name in said if len(name) <= VALUE_MAX)),
        said=_texts(said),
    )


def _trade(provider: Provider, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    about = discovery.metadata(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if provider.client_secret is None:
        form["client_id"] = provider.client_id
    elif about.secret_in_body:
        form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    else:  # RFC 6749 section 2.3.1: both are form-encoded first
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = discovery.send(provider, "POST", about.token_endpoint, urlencode(form).encode(), headers)
    return discovery.parsed(answer)


def verified(provider: Provider, token: str) -> dict[str, Any]:
    """The claims of a token that one of the provider's keys has signed. Raises ProviderUnavailable, Untrusted."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        kty = ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
        if kty is None:
            raise Untrusted("signed with an algorithm that is not accepted, or not at all")
        key = discovery.key(provider, kid if isinstance(kid, str) else None, kty)
        said = json.loads(jws.deserialize_compact(token, key, registry=_registry(str(algorithm))).payload)
    except SignInFailed:
        raise
    except (JoseError, ValueError, TypeError, RecursionError) as e:
        raise Untrusted(f"the token is not signed well: {type(e).__name__}") from e
    if not isinstance(said, dict):
        raise Untrusted("the token holds no claims")
    return said


def _registry(algorithm: str) -> jws.JWSRegistry:
    """Headers that nobody knows are ignored, unless they are critical (RFC 7515, sections 4 and 4.1.11)."""
    return jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)


def check_claims(
    provider: Provider, said: dict[str, Any], *, nonce: str, begun_at: datetime, at: datetime
) -> None:
    """OpenID Connect Core 3.1.3.7, and that the person proved themselves for this and not some time ago. Raises Untrusted."""
    audience = said.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if said.get("iss") != provider.issuer:
        raise Untrusted("wrong issuer")
    if provider.client_id not in audiences:
        raise Untrusted("wrong audience")
    if (len(audiences) > 1 or "azp" in said) and said.get("azp") != provider.client_id:
        raise Untrusted("wrong authorized party")
    if _moment(said, "exp") <= at - LEEWAY:
        raise Untrusted("expired")
    issued = _moment(said, "iat")
    if issued > at + LEEWAY or issued < begun_at - LEEWAY:
        raise Untrusted("issued at another time")
    if "nbf" in said and _moment(said, "nbf") > at + LEEWAY:
        raise Untrusted("not valid yet")
    given = said.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Untrusted("wrong nonce")
    if not isinstance(said.get("sub"), str) or not 0 < len(said["sub"]) <= 255:
        raise Untrusted("no subject")
    if provider.acr_values and said.get("acr") not in provider.acr_values.split():
        raise Untrusted("another level of assurance than asked for")
    fresh = begun_at - LEEWAY
    if provider.prompt == "login" and "auth_time" in said and _moment(said, "auth_time") < fresh:
        raise Untrusted("signed in earlier, perhaps by somebody else")


def _moment(said: dict[str, Any], name: str) -> datetime:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        raise Untrusted(f"no {name}")
    return datetime.fromtimestamp(value, UTC)


def _userinfo(provider: Provider, access_token: Any, subject: str) -> dict[str, Any]:
    """What the token's holder may ask beside it (Core 5.3); signed answers are checked like the token."""
    if not isinstance(access_token, str) or not access_token.isascii() or not access_token.isprintable():
        raise ProviderUnavailable("no access token")
    endpoint = discovery.metadata(provider).userinfo_endpoint
    answer = discovery.send(provider, "GET", endpoint, headers={"Authorization": f"Bearer {access_token}"})
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/jwt":
        if answer.status != 200 or answer.truncated or len(answer.body) > TOKEN_MAX:
            raise ProviderUnavailable(f"status {answer.status}")
        said = verified(provider, answer.body.decode("ascii", "replace").strip())
        audience = said.get("aud")
        if said.get("iss") != provider.issuer or provider.client_id not in (
            audience if isinstance(audience, list) else [audience]
        ):
            raise Untrusted("the userinfo is meant for somebody else")
    else:
        said = discovery.parsed(answer)
    if said.get("sub") != subject:  # Core 5.3.2: token substitution
        raise Untrusted("the userinfo is about somebody else")
    return said


def _mapped(provider: Provider, said: dict[str, Any]) -> Claims:
    """Our claims; white space in one kind, a name put together where only its parts came. Raises ProviderUnavailable."""
    found: dict[str, str] = {}
    for ours, theirs in claim_names(provider).items():
        value = said.get(theirs)
        if not isinstance(value, str) or not _vouched_for(said, theirs):
            continue
        value = unicodedata.normalize("NFC", " ".join(value.split()))
        if len(value) > VALUE_MAX or not is_one_line(value):
            raise ProviderUnavailable(f"the claim {ours} cannot be used")
        found[ours] = value
    if not found.get("name"):
        found["name"] = " ".join(w for w in (found.get("given_name"), found.get("family_name")) if w)
    return Claims(**found)


_VERIFIED = {"email": "email_verified", "phone_number": "phone_number_verified"}
"""OpenID Connect Core 5.1: an address that the person only typed there proves nothing."""


def _vouched_for(said: dict[str, Any], name: str) -> bool:
    """False for a standard claim of an address that the provider does not say it has verified. What an operator maps by another name
    is the operator's word."""
    return name not in _VERIFIED or said.get(_VERIFIED[name]) in (True, "true")


def _texts(said: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in said.items():
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, str | int) and _vouched_for(said, name) and len(str(value)) <= VALUE_MAX:
            found[name] = str(value)
    return found
