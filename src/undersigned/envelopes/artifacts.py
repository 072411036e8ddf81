"""Artifacts: secrets that open a person's link once, within half a minute, for somebody whom the sender has just signed in."""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timedelta

from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash

from .locks import lock_envelope
from .models import AccessLink, Recipient

LIFE = timedelta(seconds=30)
LENGTH = 25
_ALPHABET = string.ascii_lowercase + string.digits


def issue(recipient: Recipient, at: datetime, value: str = "") -> str:
    """A new artifact, which replaces the former one: 25 of [a-z0-9]. It is kept as a keyed hash and can not be told again.

    `value`: one that was just issued for another person of the envelope; each may use it once.
    """
    with atomic():
        lock_envelope(recipient.envelope_id)
        value = value or "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
        live = AccessLink.objects.filter(
            recipient=recipient, purpose=AccessLink.Purpose.ARTIFACT, revoked_at=None, used_at=None
        )
        live.update(revoked_at=at)
        AccessLink.objects.create(
            recipient=recipient,
            purpose=AccessLink.Purpose.ARTIFACT,
            lookup_hash=keyed_hash(token(recipient, value), "access link"),
            expires_at=at + LIFE,
            created_at=at,
        )
    return value


def token(recipient: Recipient, artifact: str) -> str:
    """What stands in the room's address (`/room/l/…`) for an artifact."""
    return f"{artifact}-{recipient.pk}"
