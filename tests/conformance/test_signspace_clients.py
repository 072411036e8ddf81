"""SignSpace's clients: how they get a token, and whom they act as (`acting_handle`)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from undersigned.accounts import tokens
from undersigned.accounts.models import AccessToken, User
from undersigned.base.clock import now
from undersigned.dialects.signspace import handles

from .signspace_caller import Space, errors, refused

pytestmark = [pytest.mark.django_db]


# --- the endpoint of tokens -------------------------------------------------------------------------
def test_a_token_is_kept_as_a_hash_and_lasts_an_hour(space: Space, settings: LazySettings) -> None:
    row = AccessToken.objects.get()
    assert space.token.encode() not in bytes(row.token_hash)
    assert timedelta(minutes=59) < row.expires_at - now() <= timedelta(hours=1)
    assert space.get("tasks.list").status_code == 200
    AccessToken.objects.update(expires_at=now() - timedelta(seconds=1))
    assert refused(space.get("tasks.list"), 401, "unauthorized")
    assert tokens.prune(now()) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "wanted"),
    [
        ("grant_type=client_credentials&scope=conversations+tasks", "", None),
        ("grant_type=client_credentials&scope=signspace_api%20tasks.searchByOrg", ";charset=utf-8", None),
        ("grant_type=client_credentials&scope=", "; charset=UTF-8", None),
        ("grant_type=client_credentials&unknown=1", "", None),
        ("grant_type=refresh_token", "", "unsupported_grant_type"),
        ("grant_type=", "", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "", "invalid_request"),
        ("grant_type=client_credentials&scope=a%00b", "", "invalid_scope"),
        ("grant_type=client_credentials&scope=%C3%A4", "", "invalid_scope"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "", "invalid_request"),
    ],
)
def test_requests_for_tokens(space: Space, body: str, content_type: str, wanted: str | None) -> None:
    response = space.ask_token(body, "application/x-www-form-urlencoded" + content_type)
    found = json.loads(response.content)
    assert response["Cache-Control"] == "no-store"
    if wanted is None:
        assert (response.status_code, sorted(found)) == (200, ["access_token", "expires_in", "token_type"])
        assert (found["expires_in"], found["token_type"]) == (3600, "Bearer")
    else:
        assert (response.status_code, found) == (400, {"error": wanted})


def test_only_a_form_is_read_and_only_by_post(space: Space) -> None:
    response = space.ask_token(json.dumps({"grant_type": "client_credentials"}), "application/json")
    assert (response.status_code, json.loads(response.content)) == (400, {"error": "invalid_request"})
    response = space.client.get("/auth/token")
    assert (response.status_code, response["Allow"]) == (405, "OPTIONS, POST")
    assert json.loads(response.content)["error"] == "method_not_allowed"


def test_clients_prove_themselves(space: Space, space_stranger: Space) -> None:
    def basic(pair: str) -> str:
        return "Basic " + base64.b64encode(pair.encode()).decode()

    name, secret = space.credential.client_id, space.secret
    for wrong in (
        "",
        "Basic",
        "Basic %%%",
        "Bearer x",
        basic(f"{name}:"),
        basic(f"{name}:{secret}x"),
        basic(f"{space_stranger.credential.client_id}:{secret}"),
        basic("\x00:x"),
        basic(":" + "x" * 5000),
    ):
        response = space.ask_token(authorization=wrong)
        assert (response.status_code, json.loads(response.content)) == (401, {"error": "invalid_client"}), (
            wrong
        )
        assert response["WWW-Authenticate"].startswith("Basic ")
    in_form = f"grant_type=client_credentials&client_id={name}&client_secret={secret}"
    assert space.ask_token(in_form, authorization="").status_code == 200
    assert json.loads(space.ask_token(in_form).content) == {"error": "invalid_request"}  # both ways at once
    space.credential.enabled = False
    space.credential.save()
    assert space.ask_token().status_code == 401
    assert refused(space.get("tasks.list"), 401, "unauthorized")


def test_guessing_secrets_is_slowed(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 3)
    found = [space.ask_token(authorization="Basic eDp5") for _ in range(4)]
    assert [r.status_code for r in found] == [401, 401, 401, 429]
    assert int(found[-1]["Retry-After"]) >= 1


# --- acting_handle ------------------------------------------------------------------------------------
def test_a_client_acts_as_its_own_robot_alone(space: Space, user: User) -> None:
    own_id = handles.user_id(space.robot)
    task = space.task(acting_handle=own_id)
    assert task["acting_handle"] == space.robot.email
    for handle in (own_id, space.robot.email.upper()):
        assert space.post("tasks.hold", {"task": task["_id"], "acting_handle": handle}).status_code == 200
    for wrong in (user.email, handles.user_id(user), own_id[:-1], "x", own_id.upper() + "\x01"):
        refused(space.post("tasks.cancel", {"task": task["_id"], "acting_handle": wrong}), 403, "forbidden")
    for missing in (None, "", 5, {}):
        assert "acting_handle" in errors(
            space.post("tasks.cancel", {"task": task["_id"], "acting_handle": missing})
        )


@given(st.text(max_size=40))
def test_made_up_handles_are_nobody(handle: str) -> None:
    assert not handles.is_user(
        handle, User(pk=1, email="a@b.example", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    )
