"""How people come into Signing Today: sessions and their tokens, passwords, the organisation's login service."""

from __future__ import annotations

import base64
import json
import re
from copy import deepcopy
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from undersigned.accounts import password_tokens
from undersigned.accounts.credentials import create_lasting_token
from undersigned.accounts.login import PER_ADDRESS, PER_PAIR
from undersigned.accounts.models import Capability, Credential, Group, PasswordToken, User
from undersigned.base import clock
from undersigned.delivery import account
from undersigned.delivery.models import Message

from .today_caller import Today
from .today_contract import refused
from .today_people import FORM, LOGIN, PASSWORD, assertion, named, own_token, person, robot, saml, text

pytestmark = [pytest.mark.django_db]


# --- tokens --------------------------------------------------------------------------------------
def test_a_session_is_renewed_and_a_stolen_refresh_token_ends_it(today: Today) -> None:
    first = json.loads(today.ask_token(**LOGIN).content)
    second = json.loads(
        today.ask_token(grant_type="refresh_token", refresh_token=first["refresh_token"]).content
    )
    assert second["access_token"] != first["access_token"]
    today.token = second["access_token"]
    assert today.get("/auth/user").status_code == 200
    again = today.ask_token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, json.loads(again.content)["error"]) == (400, "invalid_grant")
    assert today.get("/auth/user").status_code == 401
    last = today.ask_token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert last.status_code == 400


def test_token_requests_that_are_refused(today: Today, today_stranger: Today) -> None:
    for status, error, form in (
        (400, "invalid_grant", LOGIN | {"password": "wrong"}),
        (400, "invalid_grant", LOGIN | {"username": "nobody@board"}),
        (400, "invalid_request", {"grant_type": "password"}),
        (400, "unsupported_grant_type", {"grant_type": "client_credentials"}),
        (401, "invalid_client", LOGIN | {"basic": "Basic eDp5"}),
        (401, "invalid_client", LOGIN | {"basic": ""}),
        (400, "invalid_grant", {"grant_type": "refresh_token", "refresh_token": today_stranger.refresh}),
    ):
        response = today.ask_token(**form)
        assert (response.status_code, json.loads(response.content)["error"]) == (status, error), form
    # A client's users are those of its organisation.
    assert today_stranger.ask_token(**LOGIN).status_code == 400


def test_guessing_ends_after_a_while_and_logging_in_does_not(today: Today) -> None:
    for _ in range(PER_ADDRESS + 5):
        assert today.ask_token(**LOGIN).status_code == 200
    for _ in range(PER_PAIR):
        assert today.ask_token(**(LOGIN | {"password": "guess"})).status_code == 400
    refused_now = today.ask_token(**LOGIN)
    assert refused_now.status_code == 429
    assert int(refused_now["Retry-After"]) > 0


@pytest.mark.parametrize("kind", [Credential.Kind.LIFETIME, Credential.Kind.DEVICE])
def test_lasting_tokens(today: Today, kind: Credential.Kind) -> None:
    credential, token = create_lasting_token(today.user, "signingtoday", kind, "x")
    lasting = Today(credential, "", today.user, token)
    assert lasting.read("/auth/user")["username"] == "anna"
    assert lasting.get("/auth/logout").status_code == 204
    assert lasting.get("/auth/user").status_code == 200, "it stays until it is revoked"
    assert lasting.get("/auth/passwordToken").status_code == 403
    User.objects.update(disabled_at=clock.now())
    assert lasting.get("/auth/user").status_code == 401


def test_a_urlencoded_form_does_as_well(today: Today) -> None:
    response = today.client.generic(
        "POST", "/api/oauth/token", urlencode(LOGIN).encode(), FORM, headers={"Authorization": today.basic}
    )
    assert response.status_code == 200


# --- passwords -----------------------------------------------------------------------------------
def test_a_password_token_works_once(today: Today) -> None:
    query = {"passwordToken": own_token(today)}
    assert text(today, "/auth/changePassword", "short", query).status_code == 400
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 204
    assert today.get("/auth/user").status_code == 401, "all sessions have ended"
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 409
    assert today.ask_token(**(LOGIN | {"password": PASSWORD})).status_code == 200


def test_a_password_token_is_over_after_an_hour(today: Today) -> None:
    query = {"passwordToken": own_token(today)}
    PasswordToken.objects.update(expires_at=clock.now())
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 409


def test_quotation_marks_around_a_password_are_the_clients(today: Today) -> None:
    machine = robot(today)
    for body in (json.dumps('my "own" words'), 'my "own" words'):
        assert text(today, "/service/changePassword", body, named(machine)).status_code == 204
        machine.refresh_from_db()
        assert machine.check_password('my "own" words')
    login = {"grant_type": "password", "username": "loader@board", "password": 'my "own" words'}
    assert today.ask_token(**login).status_code == 200


def test_a_lost_password_tells_nothing(today: Today) -> None:
    bare = Today(today.credential, "", today.user)
    answers = [
        bare.get("/auth/passwordLost", {"username": name, "domain": domain})
        for name, domain in (("anna", "board"), ("nobody", "board"), ("anna", "nowhere"))
    ]
    assert {(a.status_code, a.content) for a in answers} == {(204, b"")}
    assert [m.purpose for m in Message.objects.all()] == ["password_lost"]


def test_who_is_cleared_is_out_and_gets_a_link(today: Today) -> None:
    theirs = today.as_user(person(today))
    assert today.get("/auth/passwordReset", named(theirs.user)).status_code == 204
    assert theirs.get("/auth/user").status_code == 401
    login = {"grant_type": "password", "username": "jdo@board", "password": PASSWORD}
    assert today.ask_token(**login).status_code == 400
    message = Message.objects.get(purpose="password_cleared")
    row = PasswordToken.objects.get(user=theirs.user)
    assert account.link(message).endswith(password_tokens.link_token(row))


# --- the organisation's login service --------------------------------------------------------------
def test_who_is_vouched_for(today: Today) -> None:
    response = saml(today, assertion(today))
    assert response.status_code == 303
    page, _, fragment = response["Location"].partition("#")
    assert page == "http://testserver/console/vouched"
    assert Client().get(page.removeprefix("http://testserver")).status_code == 200
    theirs = Today(today.credential, "", today.user, re.findall("access_token=([^&]+)", fragment)[0])
    found = theirs.read("/auth/user")
    assert (found["username"], found["role"], found["email"]) == ("jdo", "signer", "john.doe@board.example")
    assert [g["name"] for g in found["groups"]] == ["Marketing BU"]
    again = saml(today, assertion(today, surname="Smith", isMemberOf=[], groups=["Sales"]))
    assert again.status_code == 303
    found = theirs.read("/auth/user")
    assert (found["surname"], [g["name"] for g in found["groups"]]) == ("Smith", ["Sales"])
    assert Group.objects.filter(name="Marketing BU").exists()


def test_what_is_not_believed(today: Today, today_stranger: Today) -> None:
    now = clock.now()
    person(today, "gone", disabled_at=now)
    person(today, "boss", role=User.Role.ADMIN, capabilities=[Capability.OPERATE])
    robot(today)
    forged = assertion(today)
    changed = base64.b64encode(base64.b64decode(forged["IDToken1"]).replace(b"jdo", b"anna")).decode()
    used = assertion(today)
    assert saml(today, used).status_code == 303
    for form in (
        used,  # a second time
        forged | {"IDToken1": changed},
        forged | {"IDToken2": ""},
        forged | {"IDToken2": "0" * 64},
        forged | {"domain": "abroad"},  # it has no login service
        forged | {"domain": "nowhere"},
        forged | {"IDToken1": "%%%"},
        {},
        assertion(today, secret=""),
        assertion(today, _not_onorafter=now.isoformat()),
        assertion(today, _not_onorafter=None),
        assertion(today, _not_before=(now + timedelta(hours=1)).isoformat()),
        assertion(today, _not_onorafter=(now + timedelta(days=2)).isoformat()),
        assertion(today, eduPersonPrincipalName="eve@abroad"),
        assertion(today, eduPersonPrincipalName="gone@board"),
        assertion(today, eduPersonPrincipalName="boss@board"),
        assertion(today, eduPersonPrincipalName="loader@board"),
    ):
        response = saml(today, deepcopy(form))
        assert response.status_code == 409, form
        refused(409, response)
    assert (
        not User.objects.filter(organization=today_stranger.user.organization)
        .exclude(username="eve")
        .exists()
    )


def test_an_empty_secret_signs_nothing(today: Today) -> None:
    form = assertion(today, secret="")
    today.user.organization.login_secret = None
    today.user.organization.save()
    assert saml(today, form).status_code == 409
