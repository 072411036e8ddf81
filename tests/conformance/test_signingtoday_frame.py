"""Signing Today: tokens, errors and what SDKs send, whatever the resource."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from undersigned.dialects.signingtoday.api import openapi

from .today_caller import Today
from .today_people import LOGIN

pytestmark = [pytest.mark.django_db]


def test_a_token_for_a_user(today: Today) -> None:
    response = today.ask_token(**LOGIN)
    assert response.status_code == 200, response.content
    found = json.loads(response.content)
    assert set(found) == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
    today.token = found["access_token"]
    assert today.get("/auth/logout").status_code == 204
    assert today.get("/auth/logout").status_code == 401


def test_refusals_in_the_forms_of_the_documentation(today: Today) -> None:
    bare = Client()
    response = bare.get("/api/auth/logout")
    assert response.status_code == 401
    assert set(json.loads(response.content)) == {"code", "message", "target"}
    response = bare.get("/api/nothing/here")
    assert (response.status_code, response.content) == (404, b"")
    assert not response.has_header("Content-Type")
    response = bare.delete("/api/auth/logout")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert json.loads(bare.get("/api/v1/nothing").content)["error"]["status"] == 404, "other APIs' paths"


def test_described() -> None:
    assert "/api/oauth/token" in openapi()["paths"]
