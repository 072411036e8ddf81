"""The demo organisation: made once, through the product's own use cases, so that the first minute shows the whole product."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from undersigned.accounts.credentials import create_api_key, create_oauth_client
from undersigned.accounts.models import Capability, Credential, Organization, User
from undersigned.base.db import atomic
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.models import Collection
from undersigned.envelopes.send import send
from undersigned.files.storage import new_temporary
from undersigned.files.store import Received, receive, store_pdf

from . import demo_provider

SLUG = "demo"
DESCRIPTION = "Demo"


def seed(base_url: str, credentials_path: Path) -> dict[str, Any]:
    """Make the demo organisation if it is not there, and the credentials file if it is not there; returns the file's content.

    Deleting the file rotates its secrets: the next start makes a new password and a new API key and switches the old key off.
    """
    demo_provider.seed()
    if credentials_path.exists() and User.objects.filter(organization__slug=SLUG).exists():
        text = credentials_path.read_text()
        known: dict[str, Any] = json.loads(text)
        if (former := known["base_url"]) == base_url:
            return known
        moved: dict[str, Any] = json.loads(text.replace(former, base_url))  # same secrets at another address
        _write_private(credentials_path, json.dumps(moved, indent=2) + "\n")
        return moved
    user = _ensure_user()
    password = secrets.token_urlsafe(12)
    with atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        former = Credential.objects.filter(organization=user.organization, description=DESCRIPTION)
        former.update(enabled=False)
        credential, key = create_api_key(user, "signsquid", DESCRIPTION)
        robot = _ensure_robot(user.organization)
        client, client_secret = create_oauth_client(robot, "signspace", Credential.Reach.ROBOT, DESCRIPTION)
        today, today_secret = create_oauth_client(user, "signingtoday", Credential.Reach.USER, DESCRIPTION)
        orders, orders_secret = create_oauth_client(robot, "signicat", Credential.Reach.CLIENT, DESCRIPTION)
    url, code = _sample(user)
    content = {
        "base_url": base_url,
        "console": {
            "url": f"{base_url}/console/",
            "username": f"{user.username}@{SLUG}",
            "password": password,
        },
        "signsquid": {
            "base_url": f"{base_url}/api/v1",
            "api_key": key,
            "webhook": {"secret": credential.webhook_secret, "url": ""},
        },
        "signspace": {
            "base_url": f"{base_url}/api/v1",
            "token_url": f"{base_url}/auth/token",
            "client_id": client.client_id,
            "client_secret": client_secret,
            "acting_handle": robot.email,
        },
        "signicat": {
            "base_url": f"{base_url}/enterprise/sign",
            "token_url": f"{base_url}/auth/open/connect/token",
            "scope": "signicat-api",
            "client_id": orders.client_id,
            "client_secret": orders_secret,
        },
        "signingtoday": {
            "base_url": f"{base_url}/api",
            "token_url": f"{base_url}/api/oauth/token",
            "client_id": today.client_id,
            "client_secret": today_secret,
            "username": f"{user.username}@{SLUG}",
            "password": password,
        },
        "sample_signing_url": url,
        "sample_signing_code": code,
    }
    _write_private(credentials_path, json.dumps(content, indent=2) + "\n")
    return content


def banner(content: dict[str, Any], credentials_path: Path) -> str:
    """What the first minute needs, for the terminal."""
    console, signsquid, signspace = content["console"], content["signsquid"], content["signspace"]
    signicat, today = content["signicat"], content["signingtoday"]
    return f"""
Undersigned is running (demo mode: sandbox organisation, mails stay in the console's outbox)

  Sign a sample   {content["sample_signing_url"]}
                  code {content["sample_signing_code"]}
  Console         {console["url"]}
                  {console["username"]}   {console["password"]}
  Signsquid API   {signsquid["base_url"]}
                  key {signsquid["api_key"]}
  SignSpace API   {signspace["base_url"]}, token {signspace["token_url"]}
                  client {signspace["client_id"]}:{signspace["client_secret"]}, acting_handle {signspace["acting_handle"]}
  Signicat API    {signicat["base_url"]}, token {signicat["token_url"]}
                  client {signicat["client_id"]}:{signicat["client_secret"]}, scope {signicat["scope"]}
  Signing Today   {today["base_url"]}, token {today["token_url"]} for the console's user
                  client {today["client_id"]}:{today["client_secret"]}
  All of this     {credentials_path}
"""


def _ensure_user() -> User:
    with atomic():
        organization, _ = Organization.objects.get_or_create(
            slug=SLUG, defaults={"name": "Harbour Books", "sandbox": True}
        )
        user = User.objects.filter(organization=organization, username="anna").first()
        return user or User.objects.create_user(
            organization,
            "anna",
            None,
            name="Anna",
            surname="Virtanen",
            email="anna@harbour.example",
            role=User.Role.ADMIN,
            capabilities=[Capability.OPERATE],
        )


def _ensure_robot(organization: Organization) -> User:
    found = User.objects.filter(organization=organization, username="robot").first()
    return found or User.objects.create_user(
        organization,
        "robot",
        None,
        kind=User.Kind.ROBOT,
        name="Harbour",
        surname="Robot",
        email="robot@harbour.example",
    )


def _sample(user: User) -> tuple[str, str]:
    """A contract that waits for a signature; its link and code."""
    actor = Actor(user.organization, user, None, Credential.Reach.ACCOUNT)
    contract = create_collection(actor, "signsquid", Collection.Kind.CONTRACT, "Reading room membership")
    envelope = contract.envelopes.get()
    recipient = add_recipient(actor, envelope.pk, NewRecipient(name="Sam Sample", email="sam@example.com"))
    with _sample_pdf() as received:
        file = store_pdf(user.organization, received, "Membership agreement.pdf", user=user)
    add_document(actor, envelope.pk, file)
    send(actor, envelope.pk)
    return links.url(recipient), recipient.code or ""


def _sample_pdf() -> Received:
    from .sample_contract import write

    path = new_temporary(".pdf")
    write(path)
    try:
        with path.open("rb") as stream:
            return receive(stream)
    finally:
        path.unlink()


def _write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.replace(path)
