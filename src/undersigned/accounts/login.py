"""Login of users to the console as `username@slug`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from undersigned.base.db import one_or_none

from . import limits
from .models import User

QUARTER = timedelta(minutes=15)
PER_ADDRESS = 50
PER_PAIR = 10
PER_ACCOUNT = 100
"""Tries in 15 minutes from one address, and from one address for one account; in an hour for one account from anywhere (high, so that
nobody locks a person out by guessing)."""


def check_login(request: HttpRequest, login: str, password: str, *, robots: bool = False) -> User | None:
    """The user of `username@slug` and password, or None; failures count, by whichever door. Raises `limits.LimitReached`.

    `robots`: programs have passwords too, where they may log in.
    """
    address, account = limits.client_address(request), login.lower()
    pair = f"{address} {account}"
    tries = [
        limits.take("login.address", address, PER_ADDRESS, QUARTER),
        limits.take("login.pair", pair, PER_PAIR, QUARTER),
        limits.take("login.account", account, PER_ACCOUNT, timedelta(hours=1)),
    ]
    user = authenticate(request, username=login, password=password, robots=robots)
    if not isinstance(user, User):
        return None
    limits.clear("login.pair", pair)
    limits.give_back(tries)  # an integrator's server logs many people in from one address
    return user


class OrganizationBackend(BaseBackend):
    """Checks `username@slug` and password; unknown and wrong take the same time."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        robots: bool = False,
        **_: Any,
    ) -> User | None:
        name, _at, slug = (username or "").rpartition("@")
        kinds = [User.Kind.PERSON, *([User.Kind.ROBOT] if robots else [])]
        user = (
            User.objects.filter(organization__slug=slug, username=name, kind__in=kinds)
            .select_related("organization")
            .first()
        )
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password or "") and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        user = one_or_none(User.objects.filter(pk=user_id).select_related("organization"))
        return user if user is not None and user.is_active else None
