"""Making, finding and switching credentials."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from undersigned.base.db import one_or_none
from undersigned.base.vault import keyed_hash

from .models import Credential, User

LASTING_TOKEN_LENGTH = 36
"""Of a UUID in hexadecimal; no access token is as long."""
ALPHANUMERIC = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits


def create_api_key(
    user: User, dialect: str, description: str, webhook_url: str = ""
) -> tuple[Credential, str]:
    """A new API key (32 letters and digits) that acts for `user`; the key itself is returned here and never again."""
    key = "".join(secrets.choice(ALPHANUMERIC) for _ in range(32))
    credential = Credential.objects.create(
        organization=user.organization,
        user=user,
        dialect=dialect,
        kind=Credential.Kind.API_KEY,
        reach=Credential.Reach.ACCOUNT,
        description=description,
        secret_hash=keyed_hash(key, "api_key"),
        webhook_url=webhook_url,
        webhook_secret=new_webhook_secret(),
    )
    return credential, key


def find_api_key(dialect: str, key: str) -> Credential | None:
    """The enabled credential of this API key, or None for an unknown or disabled one."""
    return one_or_none(
        Credential.objects.filter(
            dialect=dialect,
            kind=Credential.Kind.API_KEY,
            secret_hash=keyed_hash(key, "api_key"),
            enabled=True,
            user__disabled_at=None,
        ).select_related("user", "organization")
    )


def create_oauth_client(
    user: User, dialect: str, reach: Credential.Reach, description: str
) -> tuple[Credential, str]:
    """A new OAuth 2 client (RFC 6749) that acts for `user`; its secret is returned here and never again, its `client_id` can be read."""
    client_id = "".join(secrets.choice(_LOWER) for _ in range(26))
    secret = "".join(secrets.choice(ALPHANUMERIC) for _ in range(48))
    credential = Credential.objects.create(
        organization=user.organization,
        user=user,
        dialect=dialect,
        kind=Credential.Kind.OAUTH_CLIENT,
        reach=reach,
        description=description,
        client_id=client_id,
        secret_hash=_client_secret(client_id, secret),
    )
    return credential, secret


def own_client(user: User, dialect: str, description: str) -> Credential:
    """The client of this name that acts for the user alone, made if need be; nobody knows its secret, so tokens come from us only."""
    found = Credential.objects.filter(
        user=user, dialect=dialect, kind=Credential.Kind.OAUTH_CLIENT, description=description, client_id=None
    ).first()
    return found or Credential.objects.create(
        organization=user.organization,
        user=user,
        dialect=dialect,
        kind=Credential.Kind.OAUTH_CLIENT,
        reach=Credential.Reach.USER,
        description=description,
        secret_hash=secrets.token_bytes(32),
    )


def find_oauth_client(dialect: str, client_id: str, secret: str) -> Credential | None:
    """The enabled client with this id and secret; None for unknown, disabled and wrong ones alike."""
    return one_or_none(
        Credential.objects.filter(
            dialect=dialect,
            kind=Credential.Kind.OAUTH_CLIENT,
            client_id=client_id,
            secret_hash=_client_secret(client_id, secret),
            enabled=True,
            user__disabled_at=None,
        ).select_related("user", "organization")
    )


def _client_secret(client_id: str, secret: str) -> bytes:
    return keyed_hash(f"{client_id}\0{secret}", "oauth client")


def create_lasting_token(
    user: User, dialect: str, kind: Credential.Kind, description: str
) -> tuple[Credential, str]:
    """A token that acts for `user` until it is revoked (kind LIFETIME or DEVICE): a UUID, which can be read again from `secret`."""
    token = str(uuid.uuid4())
    credential = Credential.objects.create(
        organization=user.organization,
        user=user,
        dialect=dialect,
        kind=kind,
        reach=Credential.Reach.USER,
        description=description,
        secret_hash=keyed_hash(token, "lasting token"),
        secret=token,
    )
    return credential, token


def find_lasting_token(dialect: str, token: str) -> Credential | None:
    """The enabled credential of this token; None for unknown and revoked ones and those of a disabled user alike."""
    return one_or_none(
        Credential.objects.filter(
            dialect=dialect,
            kind__in=(Credential.Kind.LIFETIME, Credential.Kind.DEVICE),
            secret_hash=keyed_hash(token, "lasting token"),
            enabled=True,
            user__disabled_at=None,
        ).select_related("user__organization", "organization")
    )


def check_webhook_url(value: str) -> None:
    """Raise ValidationError unless `value` is an http(s) address without login data. Whether it may be reached is decided at each delivery."""
    URLValidator(schemes=["http", "https"], message=_("Enter an address such as https://example.com/hook."))(
        value
    )
    if urlsplit(value).username is not None:
        raise ValidationError(_("The address must not contain a user name or password."))


def new_webhook_secret() -> str:
    """A Standard Webhooks symmetric secret: `whsec_` and 24 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
