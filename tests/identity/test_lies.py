"""What a provider, or somebody between, may say and is not believed. The honest answer beside each lie is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.identity import discovery, sign_in
from undersigned.identity.errors import Cancelled, Over, ProviderUnavailable, SignInFailed, Untrusted
from undersigned.identity.models import Provider, SignIn
from undersigned.identity.oidc import Identified

from .liar import CLIENT, MATTI, Liar, ec, rsa, signed, unpadded

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
NOW = time.time


@pytest.fixture
def bank(liar: Liar, organization: Organization) -> Provider:
    return liar.provider(organization)


def begin(bank: Provider, subject: int = 1) -> str:
    return sign_in.begin(bank, "sitting", subject, "room.0")


def go(liar: Liar, bank: Provider, **changes: Any) -> Identified:
    """There and back, by the same browser."""
    answer = liar.visit(begin(bank), **changes)
    return sign_in.end(sign_in.take(answer.state, "sitting", 1), answer)


@pytest.mark.parametrize(("alg", "kid"), [("RS256", "r1"), ("PS256", "r1"), ("RS512", "r1"), ("ES256", "e1")])
def test_the_truth_is_believed(liar: Liar, bank: Provider, alg: str, kid: str) -> None:
    liar.alg, liar.kid = alg, kid
    found = go(liar, bank)
    assert (found.claims.name, found.claims.national_id) == tuple(MATTI.values())
    assert len(found.token_hash) == 32
    assert liar.forms[0]["code_verifier"]
    assert liar.forms[0]["redirect_uri"] == "http://testserver/identified"


CLAIM_LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://bank.example"},
    "no issuer": {"iss": None},
    "for another client": {"aud": "client-2"},
    "for nobody": {"aud": []},
    "for several, of another party": {"aud": [CLIENT, "client-2"], "azp": "client-2"},
    "for several, of no party": {"aud": [CLIENT, "client-2"]},
    "of another party": {"azp": "client-2"},
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "a nonce that is a number": {"nonce": 7},
    "expired": {"exp": int(NOW()) - 3600},
    "never expiring": {"exp": None},
    "expiring at true": {"exp": True},
    "expiring in words": {"exp": "tomorrow"},
    "issued before it was asked for": {"iat": int(NOW()) - 3600},
    "issued tomorrow": {"iat": int(NOW()) + 86400},
    "never issued": {"iat": None},
    "valid tomorrow": {"nbf": int(NOW()) + 86400},
    "about nobody": {"sub": None},
    "about somebody with an endless name": {"sub": "x" * 300},
    "signed in long ago": {"auth_time": int(NOW()) - 86400},
}


@pytest.mark.parametrize("lie", CLAIM_LIES)
def test_claims_that_are_not_believed(liar: Liar, bank: Provider, lie: str) -> None:
    liar.claims = CLAIM_LIES[lie]
    with pytest.raises(Untrusted):
        go(liar, bank)


def _none(liar: Liar) -> str:
    return f"{unpadded({'alg': 'none'})}.{unpadded(liar.all_claims())}."


def _shared_key(liar: Liar) -> str:
    """The old trick: HS256 with the public key as the secret."""
    import base64
    import hashlib
    import hmac

    head = f"{unpadded({'alg': 'HS256', 'kid': 'r1'})}.{unpadded(liar.all_claims())}"
    mac = hmac.new(rsa("r1").as_pem(private=False), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _changed(liar: Liar) -> str:
    head, _body, mac = signed(liar.all_claims(), rsa("r1"), "RS256", kid="r1").split(".")
    return f"{head}.{unpadded(liar.all_claims() | {'name': 'Somebody Else'})}.{mac}"


TOKEN_LIES: dict[str, Callable[[Liar], str]] = {
    "not signed": _none,
    "signed with the public key as a secret": _shared_key,
    "changed after signing": _changed,
    "signed by a stranger": lambda it: signed(it.all_claims(), rsa("stranger"), "RS256", kid="stranger"),
    "signed by a stranger under a known id": lambda it: signed(
        it.all_claims(), rsa("stranger"), "RS256", kid="r1"
    ),
    "by a key of another type": lambda it: signed(it.all_claims(), ec("e1"), "ES256", kid="r1"),
    "with the key in its own header": lambda it: signed(
        it.all_claims(), rsa("stranger"), "RS256", jwk=rsa("stranger").as_dict(private=False), kid="stranger"
    ),
    "with a critical header that nobody knows": lambda it: (
        f"{unpadded({'alg': 'RS256', 'kid': 'r1', 'crit': ['x'], 'x': 1})}."
        + signed(it.all_claims(), rsa("r1"), "RS256", kid="r1").partition(".")[2]
    ),
    "not a token": lambda _it: "a.b.c",
    "not even that": lambda _it: "hello",
    "a list": lambda _it: signed([1], rsa("r1"), "RS256", kid="r1"),  # type: ignore[arg-type]
    "encrypted": lambda it: ".".join([unpadded({"alg": "RSA-OAEP", "enc": "A128GCM"}), "a", "b", "c", "d"]),
}


@pytest.mark.parametrize("lie", TOKEN_LIES)
def test_tokens_that_are_not_believed(liar: Liar, bank: Provider, lie: str) -> None:
    answer = liar.visit(begin(bank))
    liar.token = TOKEN_LIES[lie](liar)
    with pytest.raises(Untrusted):
        sign_in.end(sign_in.take(answer.state, "sitting", 1), answer)
    liar.token = None
    assert go(liar, bank).claims.name


def test_a_token_from_another_sign_in_is_refused(liar: Liar, bank: Provider) -> None:
    go(liar, bank)
    replayed = liar.id_token()
    answer = liar.visit(begin(bank))
    liar.token = replayed
    with pytest.raises(Untrusted, match="nonce"):
        sign_in.end(sign_in.take(answer.state, "sitting", 1), answer)


def test_each_sign_in_is_taken_once_in_time_and_by_its_own(liar: Liar, bank: Provider) -> None:
    first, second = liar.visit(begin(bank)), liar.visit(begin(bank))
    with pytest.raises(Over):
        sign_in.take(first.state, "sitting", 2)  # another browser
    with pytest.raises(Over):
        sign_in.take(first.state, "test", 1)
    with pytest.raises(Over):
        sign_in.take(first.state[:-1] + "_", "sitting", 1)
    sign_in.take(first.state, "sitting", 1)  # nobody has used it up
    with pytest.raises(Over):
        sign_in.take(first.state, "sitting", 1)
    SignIn.objects.update(expires_at=clock.now())
    with pytest.raises(Over):
        sign_in.take(second.state, "sitting", 1)
    row = SignIn.objects.latest("pk")
    assert row.expires_at - row.created_at <= timedelta(minutes=10)
    assert second.state.encode() not in bytes(row.state_hash)


def test_the_provider_that_was_asked_answers(liar: Liar, bank: Provider) -> None:
    with pytest.raises(Untrusted):
        go(liar, bank, issuer="https://other.example")
    assert not liar.forms, "the code went to nobody"
    liar.about = {"authorization_response_iss_parameter_supported": True}
    discovery.forget(bank.issuer)
    with pytest.raises(Untrusted):
        go(liar, bank)
    assert go(liar, bank, issuer=liar.url).claims.name


def test_a_refusal_is_no_error_and_an_error_is_no_identity(liar: Liar, bank: Provider) -> None:
    with pytest.raises(Cancelled):
        go(liar, bank, code="", error="access_denied")
    with pytest.raises(ProviderUnavailable):
        go(liar, bank, error="server_error")
    with pytest.raises(ProviderUnavailable):
        go(liar, bank, code="")
    assert not liar.forms


def test_the_level_that_was_asked_for_must_come(liar: Liar, organization: Organization) -> None:
    bank = liar.provider(organization, acr_values="urn:high urn:higher")
    for acr in (None, "urn:low", ["urn:high"]):
        liar.claims = {"acr": acr}
        with pytest.raises(Untrusted, match="level"):
            go(liar, bank)
    liar.claims = {"acr": "urn:higher"}
    assert go(liar, bank).level == "urn:higher"


def test_userinfo_fills_what_is_missing_and_is_about_the_same_person(liar: Liar, bank: Provider) -> None:
    liar.person, liar.userinfo = {}, {"sub": "person-1", **MATTI}
    assert go(liar, bank).claims.name == MATTI["name"]
    liar.userinfo = {"sub": "person-2", **MATTI}
    with pytest.raises(Untrusted, match="somebody else"):
        go(liar, bank)
    liar.person, liar.userinfo = MATTI | {"given_name": "Matti"}, {"sub": "person-1", "name": "Evil Twin"}
    assert go(liar, bank).claims.name == MATTI["name"], "the signed token goes first"


def test_keys_are_kept_and_a_new_one_is_asked_for_once_in_a_while(
    liar: Liar, bank: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(liar, bank)
    liar.keys.append(rsa("r2").as_dict(private=False))
    liar.kid = "r2"
    for _ in range(3):
        with pytest.raises(Untrusted):
            go(liar, bank)
    assert liar.asked.count("/jwks") == 1, "made-up key ids make nobody knock"
    monkeypatch.setattr(discovery, "ASK_AGAIN", 0)
    assert go(liar, bank).claims.name
    assert liar.asked.count("/jwks") == 2
    assert liar.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"issuer": "https://other.example"}, Untrusted),
        ({"token_endpoint": "file:///etc/passwd"}, ProviderUnavailable),
        ({"authorization_endpoint": "javascript:alert(1)"}, ProviderUnavailable),
        ({"authorization_endpoint": "https://a.example/\r\nSet-Cookie: x"}, ProviderUnavailable),
        ({"jwks_uri": None}, ProviderUnavailable),
    ],
)
def test_what_a_provider_says_of_itself(
    liar: Liar, bank: Provider, about: dict[str, Any], error: type[SignInFailed]
) -> None:
    liar.about = about
    with pytest.raises(error):
        discovery.keys(bank)


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b"{" * 5000, b'{"a": "' + b"x" * 300_000 + b'"}'])
def test_answers_that_are_no_objects_or_too_long(liar: Liar, bank: Provider, body: bytes) -> None:
    liar.answer = lambda _path: (200, body)  # type: ignore[method-assign]
    with pytest.raises(ProviderUnavailable):
        begin(bank)


def test_a_private_address_must_be_allowed(liar: Liar, bank: Provider, settings: LazySettings) -> None:
    begin(bank)
    settings.PROVIDERS_MAY_BE_PRIVATE = False
    discovery.forget(bank.issuer)
    with pytest.raises(ProviderUnavailable, match="address_refused"):
        begin(bank)
    assert not SignIn.objects.filter(created_at__gt=clock.now()).exists()


@pytest.mark.parametrize("secret_in_body", [False, True])
def test_the_clients_secret_goes_where_the_provider_wants_it(
    liar: Liar, organization: Organization, secret_in_body: bool
) -> None:
    if secret_in_body:
        liar.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    go(liar, liar.provider(organization, client_secret="s: %/ü"))
    [form] = liar.forms
    assert form["auth"].startswith("Basic ") is not secret_in_body
    assert ("client_secret" in form) is secret_in_body
    assert json.dumps(form).count("s: %") == secret_in_body


@pytest.mark.parametrize("value", ["x" * 201, "Matti\u202eMeikäläinen", "Matti\x00M"])
def test_claims_that_cannot_be_written_anywhere(liar: Liar, bank: Provider, value: str) -> None:
    liar.person = {"name": value}
    with pytest.raises(ProviderUnavailable):
        go(liar, bank)
