"""The client against npm's oidc-provider: certified software that nobody here wrote."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from undersigned.accounts.models import Organization
from undersigned.identity import discovery, matching, sign_in
from undersigned.identity.errors import Cancelled, ProviderUnavailable, SignInFailed, Untrusted
from undersigned.identity.expected import Expected, Pair
from undersigned.identity.models import Provider
from undersigned.identity.oidc import Answer, Identified

from .bank import ID_CLAIM, PEOPLE, Bank, running

pytestmark = pytest.mark.django_db
REDIRECT = "http://testserver/identified"
SECRETS = {"basic": "s%: /+x", "post": "another", "public": None}


@pytest.fixture(scope="module", params=[False, True], ids=["in the token", "in the userinfo"])
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    with running(REDIRECT, conform=request.param) as it:
        yield it


@pytest.fixture
def organization(settings: LazySettings, organization: Organization) -> Organization:
    settings.PROVIDERS_MAY_BE_PRIVATE = True
    return organization


def row(bank: Bank, organization: Organization, client: str = "basic", **columns: Any) -> Provider:
    discovery.forget(bank.issuer)
    return Provider.objects.create(
        organization=organization,
        key=client,
        name="Bank",
        issuer=bank.issuer,
        client_id=client,
        client_secret=SECRETS[client],
        claims={"national_id": ID_CLAIM},
        **columns,
    )


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows redirects until they lead back to us."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if newurl.startswith(REDIRECT):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def visit(url: str, person: str, sees: str = "Bank") -> Answer:
    """Press the button with the person's name; what the provider sends back in the address."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(cookies, Stay)
    with browser.open(url, timeout=20) as page:
        assert sees in page.read().decode()
        there = page.url
    try:
        with browser.open(there, urllib.parse.urlencode({"person": person}).encode(), timeout=20) as page:
            raise AssertionError(page.read().decode())
    except urllib.error.HTTPError as e:
        back = e.headers["Location"]
    assert re.match(re.escape(REDIRECT), back)
    said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    return Answer(said["state"], said.get("code", ""), said.get("error", ""), said.get("iss"))


def go(provider: Provider, person: str = "matti") -> Identified:
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0", "fi"), person)
    return sign_in.end(sign_in.take(answer.state, "sitting", 1), answer)


@pytest.mark.parametrize("client", list(SECRETS))
def test_each_kind_of_client_and_signature(bank: Bank, organization: Organization, client: str) -> None:
    found = go(row(bank, organization, client))
    assert found.claims.name == PEOPLE["matti"]["name"]
    assert found.claims.national_id == PEOPLE["matti"][ID_CLAIM]
    assert {"sub", "nonce", "auth_time"} <= set(found.came) | {"auth_time"}


@pytest.mark.parametrize(("person", "agrees"), [("matti", True), ("liisa", False)])
def test_what_the_sender_knows_of_a_person(
    bank: Bank, organization: Organization, person: str, agrees: bool
) -> None:
    """Also claims that only this provider has; and a mail address that it has not verified is none."""
    provider = row(bank, organization, asked_as=["nbid"])
    provider.claims |= {"email": "email"}
    provider.save()
    said = [("first-name", "Matti"), ("email", "MATTI@example.com"), ("customer", "matti7")]
    expected = Expected(
        attributes=tuple(Pair(name=name, value=value, asked_as=("nbid",)) for name, value in said),
        hints=(Pair(name="nid", value="010170 999R"),),
    )
    hint = matching.hint(expected, {"nbid"})
    url = sign_in.begin(provider, "sitting", 1, "room.0", asked_as="nbid", moment="sign", login_hint=hint)
    answer = visit(url, person, "Hint: 010170%20999R")
    begun = sign_in.take(answer.state, "sitting", 1)
    assert (begun.asked_as, begun.moment) == ("nbid", "sign")
    found = sign_in.end(begun, answer, matching.claims_needed(expected, {"nbid"}))
    assert found.claims.email == ("matti@example.com" if agrees else "")
    assert matching.agrees(expected, {"nbid"}, found.claims, found.said) is agrees
    assert matching.agrees(expected, {"ftn"}, found.claims, found.said), "meant for other methods"


def test_the_level_of_assurance(bank: Bank, organization: Organization) -> None:
    assert go(row(bank, organization, acr_values="urn:strong")).level == "urn:strong"
    with pytest.raises(SignInFailed):
        go(row(bank, organization, "post", acr_values="urn:weak"))


def test_who_cancels_is_nobody(bank: Bank, organization: Organization) -> None:
    with pytest.raises(Cancelled):
        go(row(bank, organization), person="")


def test_a_code_is_good_once_and_with_its_verifier(bank: Bank, organization: Organization) -> None:
    provider = row(bank, organization)
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0"), "matti")
    begun = sign_in.take(answer.state, "sitting", 1)
    assert sign_in.end(begun, answer).claims.name
    with pytest.raises(ProviderUnavailable):
        sign_in.end(begun, answer)
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0"), "matti")
    begun = sign_in.take(answer.state, "sitting", 1)
    begun.verifier = "x" * 64
    with pytest.raises(ProviderUnavailable):
        sign_in.end(begun, answer)


def test_a_code_put_into_another_sign_in(bank: Bank, organization: Organization) -> None:
    """Code injection (RFC 9700, 4.5): the thief's own state with the victim's code."""
    provider = row(bank, organization, "public")
    stolen = visit(sign_in.begin(provider, "sitting", 1, "room.0"), "matti")
    mine = visit(sign_in.begin(provider, "sitting", 2, "room.0"), "liisa")
    begun = sign_in.take(mine.state, "sitting", 2)
    with pytest.raises((ProviderUnavailable, Untrusted)):
        sign_in.end(begun, Answer(mine.state, stolen.code, "", stolen.issuer))
