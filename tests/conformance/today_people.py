"""People of an organisation at Signing Today, their passwords, and the login service that vouches for them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse

from undersigned.accounts.models import User
from undersigned.base import clock

from .today_caller import Today

LOGIN = {"grant_type": "password", "username": "anna@board", "password": "correct horse battery"}
PASSWORD = "a sentence of my own"
SECRET = "what the login service and we know"
FORM = "application/x-www-form-urlencoded"


def person(today: Today, login: str = "jdo", **fields: Any) -> User:
    given = {"email": f"{login}@board.example", "role": User.Role.SIGNER, "name": "John", "surname": "Doe"}
    return User.objects.create_user(today.user.organization, login, PASSWORD, **(given | fields))


def signer_of(today: Today) -> Today:
    """A user of the organisation who only signs."""
    user = User.objects.create_user(
        today.user.organization, "sig", name="Sig", email="sig@board.example", role=User.Role.SIGNER
    )
    return today.as_user(user)


def robot(today: Today) -> User:
    return person(today, "loader", kind=User.Kind.ROBOT, email="", role=User.Role.MEMBER)


def named(user: User) -> dict[str, str]:
    return {"username": user.username, "domain": user.organization.slug}


def assertion(today: Today, *, domain: str = "", secret: str = SECRET, **members: Any) -> dict[str, str]:
    """A form as the organisation's login service sends it."""
    today.user.organization.login_secret = SECRET
    today.user.organization.save()
    now = clock.now()
    said = {
        "_not_before": (now - timedelta(minutes=1)).isoformat(),
        "_not_onorafter": (now + timedelta(minutes=5)).isoformat(),
        "userid": "jdo",
        "givenName": "John",
        "surname": "Doe",
        "rfc822Mailbox": "john.doe@board.example",
        "eduPersonPrincipalName": "jdo@board",
        "isMemberOf": ["Marketing BU"],
    }
    message = json.dumps({k: v for k, v in (said | members).items() if v is not None}).encode()
    return {
        "domain": domain or "board",
        "IDToken1": base64.b64encode(message).decode(),
        "IDToken2": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(),
    }


def saml(today: Today, form: dict[str, str]) -> HttpResponse:
    return today.send("POST", "/auth/saml", urlencode(form).encode(), FORM)


def text(today: Today, path: str, body: str, query: dict[str, str]) -> HttpResponse:
    return today.send("POST", path, body.encode(), "text/plain", query)


def own_token(today: Today) -> str:
    found: str = today.read("/auth/passwordToken")[0]
    return found
