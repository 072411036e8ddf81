"""What the page "Ask {sender}" needs from the core; as `gateway`, plain values and no models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .gateway import Visit

TEXT_MAX = 5_000
"""Characters of one message."""


@dataclass(frozen=True)
class Remark:
    """A message of one of the parties. Of one taken back there is no text."""

    id: int
    author: str
    text: str
    at: datetime
    mine: bool = False
    edited: bool = False
    deleted: bool = False


class Talk(Protocol):
    """The discussion of a request. Each raises LookupError for who may not take part, and gateway.Gone when the sitting has ended."""

    def remarks(self, visit: Visit, before: int | None = None) -> list[Remark]:
        """The last messages, oldest first; before the one with the id `before` when it is given."""

    def write(self, visit: Visit, text: str) -> None:
        """Raises ValueError for an empty text or one that is too long, LimitReached for too many messages."""

    def change(self, visit: Visit, remark: int, text: str) -> None:
        """Change one's own message. Raises ValueError."""

    def take_back(self, visit: Visit, remark: int) -> None:
        """Take one's own message back."""


_talk: Talk | None = None


def use(talk: Talk) -> None:
    """Register the implementation; called once at start."""
    global _talk
    _talk = talk


def current() -> Talk:
    """The registered implementation."""
    if _talk is None:
        raise RuntimeError("No discussion is registered for the signing room")
    return _talk
