"""What a phone is shown when it is to be trusted: a QR code that holds where to go, whose phone it becomes, and the challenge."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import segno
from django.conf import settings

from . import devices
from .models import User

API_PATH = "/api"
"""Below the public address; `device/authorization` is below it."""


@dataclass(frozen=True)
class Pairing:
    """`user` is the public id."""

    user: str
    base_url: str
    challenge: str

    @property
    def text(self) -> str:
        """What the code holds: JSON."""
        held = {"userId": self.user, "baseURL": self.base_url, "challenge": self.challenge}
        return json.dumps(held, separators=(",", ":"))

    def png(self) -> bytes:
        out = io.BytesIO()
        segno.make_qr(self.text, error="m").save(out, kind="png", scale=6)
        return out.getvalue()

    def svg(self) -> str:
        """To stand in a page."""
        return str(segno.make_qr(self.text, error="m").svg_inline(scale=5, light="#fff"))


def begin_pairing(user: User) -> Pairing:
    """A new challenge; the former one is void (`devices.challenge`)."""
    return Pairing(str(user.pub), f"{settings.PUBLIC_URL}{API_PATH}", devices.challenge(user))
