"""What this room needs from above: whether a message is still wanted, its link or code, and who hears of the outcome.

Defined here, implemented by `envelopes`, registered by `app` at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .models import Message


class Guard(Protocol):
    def still_wanted(self, message: Message) -> bool:
        """Evaluate `message.still_if`; asked only when it is not empty, before each attempt."""
        ...


class Renderer(Protocol):
    def secrets(self, message: Message) -> dict[str, str]:
        """What must never be stored: {"url": …} (absolute address) or {"code": …}, whichever the purpose needs; never both.

        Called at each attempt and when the console shows the message: the same message must give the same answer while its link
        or code is valid.
        """
        ...

    def expand(self, message: Message, text: str) -> str:
        """`text` with the variables (`${…}`) of a message in the sender's own words put in."""
        ...

    def callback(self, message: Message) -> str:
        """The whole address that a message of channel "url" asks for."""
        ...


class Outcome(Protocol):
    """Hears how it ended; a message that is sent again is told of again. Called inside the transaction that changes the message's state, before its row is locked (envelope first, then message)."""

    def sent(self, message: Message) -> None: ...

    def failed(self, message: Message, error: str) -> None: ...


@dataclass(frozen=True)
class Ports:
    guard: Guard
    renderer: Renderer
    outcome: Outcome


class NotRegistered(RuntimeError):
    """`app` has not called `register`."""


_ports: Ports | None = None


def register(ports: Ports | None) -> Ports | None:
    """Set the implementations; returns the former ones."""
    global _ports
    former, _ports = _ports, ports
    return former


def registered() -> Ports:
    """The implementations. Raises NotRegistered: a message is never sent unguarded."""
    if _ports is None:
        raise NotRegistered("delivery.ports.register was not called")
    return _ports
