"""What the room needs from the core for the look of a signature: plain values, and the part of the gateway that takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .gateway import Visit


@dataclass(frozen=True)
class Kept:
    """The signature's look, kept for this sitting. `revision` changes with it, for the picture's address."""

    kind: str  # drawn, typed, uploaded
    revision: str


class Look(StrEnum):
    """Who decides how the signature looks."""

    CHOOSE = "choose"  # the person: drawn, typed or uploaded
    DRAWN = "drawn"  # the sender wants it drawn; who cannot draw types
    NAME = "name"  # it is the person's name, and nothing is asked


class AppearanceKind(StrEnum):
    DRAWN = "drawn"
    TYPED = "typed"
    UPLOADED = "uploaded"


@dataclass(frozen=True)
class Appearance:
    """How the signature shall look; only the part of its kind is set.

    `path`: SVG path data (M L Q C Z, absolute, one decimal, filled, at most 30 kB), trimmed to start at 0,0;
    `width`, `height` its box in the same units. `name`, `hand` (see `HANDS`) for typed. `image`: the uploaded bytes;
    `shade`: what counts as ink in it, from -100 (lighter) to 100 (darker).
    """

    kind: AppearanceKind
    path: str = ""
    width: float = 0
    height: float = 0
    name: str = ""
    hand: str = ""
    image: bytes = b""
    shade: int = 0


HANDS = ("caveat", "dancing-script", "kalam", "noto")
"""Names of the hands a typed signature can have; the last one prints any script."""


class Rejected(Exception):
    """A look that cannot be used. `code`: not_picture, too_large, too_small, missing_glyph (`detail`: the sign)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class Looks(Protocol):
    """Part of `gateway.Gateway`."""

    def keep_signature(self, visit: Visit, appearance: Appearance) -> None:
        """Keep the look for this sitting. Raises Rejected."""

    def kept_picture(self, visit: Visit) -> tuple[str, bytes]:
        """Media type (image/svg+xml or image/png) and bytes of the kept look. Raises LookupError without one."""

    def typed_picture(self, visit: Visit, name: str, hand: str) -> bytes:
        """SVG of a typed signature, drawn by the code that draws it in the PDF. Raises Rejected."""

    def cleaned_picture(self, visit: Visit, image: bytes, shade: int) -> bytes:
        """PNG of an uploaded signature as it will look. Raises Rejected."""
