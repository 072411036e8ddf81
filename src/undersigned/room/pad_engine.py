"""A phone that draws, on the real core."""

from __future__ import annotations

from undersigned.envelopes import appearance as looks
from undersigned.envelopes import phone_pad
from undersigned.envelopes.errors import NotFound

from .gateway import Visit
from .looks import Appearance, Rejected
from .pads import PhonePad
from .sittings import identified, or_gone


class PadEngine:
    """Implements `pads.Pads`."""

    def offer_pad(self, visit: Visit) -> None:
        with or_gone():
            phone_pad.offer(identified(visit))

    def find_pad(self, token: str, secret: str) -> PhonePad | None:
        sitting = phone_pad.find(token)
        pad = phone_pad.offered(sitting) if sitting is not None else None
        if sitting is None or pad is None:
            return None
        mine = phone_pad.is_bound(sitting, secret)
        return PhonePad(pad.digits, sitting.recipient.language, mine=mine, taken=pad.taken and not mine)

    def begin_pad(self, token: str) -> str | None:
        return phone_pad.begin(token)

    def draw_on_pad(self, token: str, secret: str, appearance: Appearance) -> None:
        try:
            phone_pad.draw(token, secret, appearance.path)
        except NotFound as e:
            raise LookupError from e
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e
