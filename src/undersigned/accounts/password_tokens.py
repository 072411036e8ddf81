"""What lets its holder choose a new password, once: links in mails (24 hours) and tokens that programs ask for (one hour).

A link is derived from its row, so that it stands nowhere and a repeated mail carries the same one.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import timedelta

from undersigned.base import clock
from undersigned.base.errors import Conflict
from undersigned.base.vault import keyed_hash

from .models import PasswordToken, User
from .ports import Reason, letters

LINK_LIFETIME = timedelta(hours=24)
TOKEN_LIFETIME = timedelta(hours=1)
MAX_OPEN = 5
"""Of one user; the oldest go when there are more."""


def mail_link(user: User, reason: Reason, by: User | None = None) -> None:
    """Send the user a link. In the caller's transaction."""
    row = PasswordToken.objects.create(
        user=user, secret_hash=secrets.token_bytes(32), expires_at=clock.now() + LINK_LIFETIME
    )
    row.secret_hash = _hash(link_token(row))
    row.save(update_fields=["secret_hash"])
    _keep_newest(user)
    letters().password_link(row, reason, by)


def link_token(row: PasswordToken) -> str:
    """What stands in the link of a mail."""
    secret = keyed_hash(f"{row.pk} {row.user_id} {row.expires_at.timestamp():.0f}", "password link")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def issue(user: User) -> str:
    """A token for a program that acts for the user; a UUID, told here and never again. In the caller's transaction."""
    token = str(uuid.uuid4())
    PasswordToken.objects.create(user=user, secret_hash=_hash(token), expires_at=clock.now() + TOKEN_LIFETIME)
    _keep_newest(user)
    return token


def find(token: str, *, lock: bool = False) -> PasswordToken:
    """The live row of a token, with its user; `lock`: in a transaction, so that of two who come at once one is first.

    Raises Conflict "password_token" for unknown, used and expired ones and those of a disabled user alike.
    """
    rows = PasswordToken.objects.select_related("user__organization").filter(
        secret_hash=_hash(token), expires_at__gt=clock.now(), user__disabled_at=None
    )
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None:
        raise Conflict("password_token")
    return found


def still_open(row_id: int) -> bool:
    """Would a mail that holds it still be of use?"""
    return PasswordToken.objects.filter(pk=row_id, expires_at__gt=clock.now()).exists()


def prune() -> int:
    """Delete what can no longer be used; return how many."""
    return PasswordToken.objects.filter(expires_at__lte=clock.now()).delete()[0]


def _keep_newest(user: User) -> None:
    rows = PasswordToken.objects.filter(user=user)
    rows.filter(pk__in=list(rows.order_by("-pk").values_list("pk", flat=True)[MAX_OPEN:])).delete()


def _hash(token: str) -> bytes:
    return keyed_hash(token, "password token")
