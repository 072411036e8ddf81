"""The demo's own provider: honest on the wire, and not there outside demo mode. And what the doctor says of providers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from undersigned.accounts.models import Organization
from undersigned.app import demo_provider
from undersigned.app.doctor import Level, Look
from undersigned.app.doctor.sending import providers
from undersigned.app.settings import Settings
from undersigned.identity import discovery, sign_in
from undersigned.identity.models import Provider
from undersigned.identity.oidc import Answer

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PERSON = {"given_name": "Erkki", "family_name": "Esimerkki", "national_id": "010170-999R"}


@pytest.fixture
def provider(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Asked through Django's client: it is this very server."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)

    def send(_provider: Provider, method: str, url: str, body: bytes = b"", headers: Any = None) -> Any:
        answer = Client().generic(
            method, urlsplit(url).path, body, content_type=(headers or {}).get("Content-Type", "")
        )
        return discovery.outgoing.Answer(answer.status_code, {}, answer.content, False)

    monkeypatch.setattr(discovery, "send", send)
    demo_provider.seed()
    discovery.forget(demo_provider.issuer())
    return Provider.objects.get(demo=True)


def visit(url: str, **changes: str) -> Answer:
    query = dict(parse_qsl(urlsplit(url).query))
    browser = Client()
    page = browser.get(urlsplit(url).path, query)
    assert "anybody can be anybody here" in page.content.decode()
    back = browser.post(urlsplit(url).path, query | PERSON | changes)
    said = dict(parse_qsl(urlsplit(back["Location"]).query))
    return Answer(said["state"], said.get("code", ""), said.get("error", ""), said["iss"])


def test_anybody_can_be_anybody(provider: Provider) -> None:
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0"))
    found = sign_in.end(sign_in.take(answer.state, "sitting", 1), answer)
    assert (found.claims.name, found.claims.national_id, found.level) == (
        "Erkki Esimerkki",
        "010170-999R",
        "demo",
    )


def test_it_says_what_a_sender_may_know_of_somebody(provider: Provider) -> None:
    said = {"birthdate": "1970-01-01", "email": "e@example.com", "phone_number": "+358401234567"}
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0"), **said)
    claims = sign_in.end(sign_in.take(answer.state, "sitting", 1), answer).claims
    assert (claims.birthdate, claims.email, claims.phone) == ("1970-01-01", "e@example.com", "+358401234567")


def test_a_login_hint_is_filled_in(provider: Provider) -> None:
    url = sign_in.begin(provider, "sitting", 1, "room.0", login_hint='010170-999R"><b>')
    page = Client().get(urlsplit(url).path, dict(parse_qsl(urlsplit(url).query))).content.decode()
    assert 'value="010170-999R&quot;&gt;&lt;b&gt;"' in page


def test_a_provider_is_added_and_named_by_command(organization: Organization, settings: LazySettings) -> None:
    from click.testing import CliRunner

    from undersigned.app.cli.provider import command

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(command, arguments)
        return result.output

    about = ("--issuer", "https://bank.example", "--client-id", "acme", "--organisation", "board")
    run("add", "nbid", "--name", "Bank", *about, "--asked-as", "nbid-sign", "--asked-as", "nbid-mobil")
    row = Provider.objects.get(key="nbid")
    assert row.asked_as == ["nbid-sign", "nbid-mobil"]
    assert "nbid-sign nbid-mobil" in run("list")
    assert "taken" in run("add", "sbid", "--name", "Other", *about, "--asked-as", "nbid-sign")
    assert "invalid" in run("names", "nbid", "a,b", "--organisation", "board")
    assert run("names", "nbid", "bank-id", "--organisation", "board") == "done\n"
    row.refresh_from_db()
    assert row.asked_as == ["bank-id"]


def test_its_codes_need_their_verifier_and_address(provider: Provider) -> None:
    answer = visit(sign_in.begin(provider, "sitting", 1, "room.0"))
    form = {
        "grant_type": "authorization_code",
        "code": answer.code,
        "client_id": demo_provider.CLIENT,
        "redirect_uri": sign_in.redirect_uri(),
        "code_verifier": "x" * 43,
    }
    assert Client().post("/demo-provider/token", form).status_code == 400
    assert Client().post("/demo-provider/token", form | {"code": "nonsense"}).status_code == 400
    there = "/demo-provider/authorize"
    good = {"client_id": demo_provider.CLIENT, "redirect_uri": sign_in.redirect_uri(), "code_challenge": "x"}
    assert Client().get(there, good).status_code == 200
    assert Client().get(there, good | {"redirect_uri": "https://evil.example/"}).status_code == 400


def test_outside_demo_mode_it_is_not_there(provider: Provider, settings: LazySettings) -> None:
    settings.DEMO = False
    for path in (".well-known/openid-configuration", "keys", "authorize"):
        assert Client().get(f"/demo-provider/{path}").status_code == 404
    assert Client().post("/demo-provider/token").status_code == 404


def test_the_doctor_asks_each(organization: Organization, settings: LazySettings) -> None:
    look = Look(Settings())
    [found] = providers(look)
    assert (found.level, "None" in found.text) == (Level.OK, True)
    Provider.objects.create(
        organization=organization, key="bank", name="Bank", issuer="https://127.0.0.1:1", client_id="c"
    )
    [found] = providers(look)
    assert (found.level, found.check) == (Level.FAIL, "identity providers")
    assert "Bank of board cannot identify anybody: address_refused" in found.text
    Provider.objects.update(demo=True)
    settings.DEMO = False
    [found] = providers(look)
    assert found.level == Level.WARN
