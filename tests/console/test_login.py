"""Signing in and out; limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from undersigned.accounts import limits
from undersigned.accounts.models import Attempt
from undersigned.base import clock

from .world import PASSWORD, World

LOGIN = "/console/login"


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> int:
    return client.post(LOGIN, {"username": username, "password": password}, **extra).status_code


def test_in_and_out(world: World) -> None:
    client = Client()
    assert sign_in(client, "anna@board") == 302
    assert client.get("/console/").status_code == 200
    assert client.get("/console/logout").status_code == 405
    assert client.get("/console/").status_code == 200
    client.post("/console/logout")
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize(("name", "password"), [("anna", PASSWORD), ("anna@elsewhere", PASSWORD), ("nobody@board", PASSWORD), ("anna@board", "x")])
def test_wrong_ones_get_the_same_answer(world: World, name: str, password: str) -> None:
    response = Client().post(LOGIN, {"username": name, "password": password})
    assert response.status_code == 422
    assert "User name or password is not right" in response.content.decode()


def test_a_disabled_user_is_out_at_once(world: World) -> None:
    client = Client()
    sign_in(client, "anna@board")
    world.owner.disabled_at = clock.now()
    world.owner.save()
    assert client.get("/console/").status_code == 302
    assert sign_in(Client(), "anna@board") == 422


def test_the_limit_holds_for_the_right_password_too(world: World) -> None:
    client = Client()
    for _ in range(10):
        assert sign_in(client, "anna@board", "wrong") == 422
    response = client.post(LOGIN, {"username": "anna@board", "password": PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 900
    assert sign_in(client, "otto@board") == 302  # another account from the same address
    assert sign_in(Client(), "anna@board", REMOTE_ADDR="203.0.113.9") == 302  # the person themselves elsewhere


def test_the_limit_of_an_address_over_all_accounts(world: World) -> None:
    for number in range(50):
        sign_in(Client(), f"user{number}@board", "wrong")
    assert sign_in(Client(), "anna@board") == 429


def test_a_forged_forwarded_header_is_another_address_for_nobody(world: World) -> None:
    for number in range(10):
        sign_in(Client(), "anna@board", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert sign_in(Client(), "anna@board", HTTP_X_FORWARDED_FOR="203.0.113.99") == 429


def test_the_limit_ends_with_its_window(world: World) -> None:
    for _ in range(10):
        sign_in(Client(), "anna@board", "wrong")
    Attempt.objects.update(at=clock.now() - timedelta(minutes=16))
    assert sign_in(Client(), "anna@board") == 302


def test_without_counting_nobody_gets_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Attempt.objects, "create", broken)
    with pytest.raises(DatabaseError):
        sign_in(Client(), "anna@board")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/console/../x", "/room/1", "/console/\\evil", "javascript:x"])
def test_next_stays_in_the_console(world: World, target: str) -> None:
    response = Client().post(LOGIN, {"username": "anna@board", "password": PASSWORD, "next": target})
    assert response["Location"].startswith("/console/")
    assert "evil" not in response["Location"] or response["Location"].startswith("/console/")
    response = Client().post(LOGIN, {"username": "anna@board", "password": PASSWORD, "next": "/console/keys"})
    assert response["Location"] == "/console/keys"


def test_a_new_password_ends_other_sessions(world: World) -> None:
    here, there = Client(), Client()
    sign_in(here, "anna@board")
    sign_in(there, "anna@board")
    new = "a wholly different sentence"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post(reverse("console:password"), form).status_code == 302
    assert here.get("/console/").status_code == 200
    assert there.get("/console/").status_code == 302
    assert sign_in(Client(), "anna@board", new) == 302


def test_a_weak_password_is_refused(world: World, visit: Callable[[str], Client]) -> None:
    form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert visit("owner").post(reverse("console:password"), form).status_code == 422
    world.owner.refresh_from_db()
    assert world.owner.check_password(PASSWORD)


def test_cleared_after_success(db: None) -> None:
    limits.take("b", "s", 1, timedelta(minutes=1))
    with pytest.raises(limits.LimitReached):
        limits.take("b", "s", 1, timedelta(minutes=1))
    limits.clear("b", "s")
    limits.take("b", "s", 1, timedelta(minutes=1))
