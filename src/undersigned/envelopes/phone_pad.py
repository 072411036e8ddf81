"""Draw on your phone: a second device that may draw the signature of one sitting, and nothing else.

The address works for five minutes, for one device, once. Like a link's token it is derived from the master key, so that the page can show
it again and the database keeps only its hash.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash

from . import appearance
from .errors import NotFound
from .models import Sitting
from .open_sitting import find_sitting_of_pad

VALID = timedelta(minutes=5)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What can be typed from a screen without mistaking one sign for another."""
_LENGTH = 14
"""Of 31 letters: 69 bits, for five minutes."""


@dataclass(frozen=True)
class Pad:
    """`digits` stand on both screens; `taken`: a device has begun."""

    token: str
    digits: str
    ends_at: datetime
    taken: bool


def offer(sitting: Sitting) -> None:
    """Make an address for a phone; a former one of this sitting stops working."""
    with atomic():
        row = Sitting.objects.select_for_update().get(pk=sitting.pk)
        row.pad_number += 1
        row.pad_hash, row.pad_device_hash = _hash(_token(row)), None
        row.pad_ends_at = now(sitting.recipient.envelope.organization.clock_offset) + VALID
        row.save(update_fields=["pad_number", "pad_hash", "pad_device_hash", "pad_ends_at"])


def offered(sitting: Sitting) -> Pad | None:
    """The pad that waits for a phone or its drawing; None when there is none or its time is over."""
    if sitting.pad_hash is None or sitting.pad_ends_at is None:
        return None
    if now(sitting.recipient.envelope.organization.clock_offset) >= sitting.pad_ends_at:
        return None
    return Pad(_token(sitting), _digits(sitting), sitting.pad_ends_at, sitting.pad_device_hash is not None)


def find(token: str) -> Sitting | None:
    """The sitting whose pad has this address; None when unknown, over, used, or the sitting has ended."""
    sitting = find_sitting_of_pad(_hash(token)) if len(token) == _LENGTH else None
    return sitting if sitting is not None and offered(sitting) is not None else None


def begin(token: str) -> str | None:
    """Bind the pad to the device that asks; gives the secret for its cookie, None when another device has it or it is over."""
    sitting = find(token)
    if sitting is None:
        return None
    secret = secrets.token_urlsafe(24)
    taken = Sitting.objects.filter(
        pk=sitting.pk, pad_hash=sitting.pad_hash, pad_device_hash__isnull=True
    ).update(pad_device_hash=_device(secret))
    return secret if taken else None


def is_bound(sitting: Sitting, secret: str) -> bool:
    """Is `secret` the cookie of the device that has begun?"""
    return sitting.pad_device_hash is not None and bytes(sitting.pad_device_hash) == _device(secret)


def draw(token: str, secret: str, path: str) -> None:
    """Keep the drawing for the sitting; the address has then done its work. Raises NotFound, appearance.UnusableLook."""
    with atomic():
        sitting = find(token)
        if sitting is None or not is_bound(sitting, secret):
            raise NotFound
        appearance.keep(sitting, appearance.Look("drawn", path=path))
        Sitting.objects.filter(pk=sitting.pk).update(pad_hash=None, pad_device_hash=None, pad_ends_at=None)


def _token(sitting: Sitting) -> str:
    secret = keyed_hash(f"{sitting.pub}.{sitting.pad_number}", "phone pad")
    number = int.from_bytes(secret, "big")
    letters = []
    for _ in range(_LENGTH):
        number, index = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[index])
    return "".join(letters)


def _digits(sitting: Sitting) -> str:
    return f"{keyed_hash(f'{sitting.pub}.{sitting.pad_number}', 'phone pad digits')[0] % 90 + 10}"


def _hash(token: str) -> bytes:
    return keyed_hash(token, "phone pad address")


def _device(secret: str) -> bytes:
    return keyed_hash(secret, "phone pad device")
