"""What the room needs from the core for a phone that draws: plain values, and the part of the gateway that gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .looks import Appearance

if TYPE_CHECKING:
    from .gateway import Visit


@dataclass(frozen=True)
class Pad:
    """An address for a phone on which to draw. Both screens show `digits`; `taken`: a phone has begun."""

    token: str
    digits: str
    taken: bool = False


@dataclass(frozen=True)
class PhonePad:
    """The phone's side of a pad: nothing of the document. `mine`: this phone has begun; `taken`: another has."""

    digits: str
    language: str
    mine: bool = False
    taken: bool = False


class Pads(Protocol):
    """Part of `gateway.Gateway`."""

    def offer_pad(self, visit: Visit) -> None:
        """Make an address on which a phone may draw; `Room.pad` then tells it."""

    def find_pad(self, token: str, secret: str) -> PhonePad | None:
        """What a phone that opens this address may do. None when it is unknown, over, or has been used."""

    def begin_pad(self, token: str) -> str | None:
        """Bind the pad to this phone; the secret for its cookie, None when another has it."""

    def draw_on_pad(self, token: str, secret: str, appearance: Appearance) -> None:
        """Keep what the phone drew. Raises LookupError when it may not, Rejected."""
