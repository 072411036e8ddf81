"""What the core needs from the dialects: registered by `app` at start, pure functions without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .models import Envelope, Recipient
from .policy import Policy


@dataclass(frozen=True)
class WebhookDraft:
    """An event as a dialect puts it on the wire: the bytes that will be posted and given back on look-up."""

    pub: str
    private_id: str
    kind: str
    body: bytes


class DialectPort(Protocol):
    """One API as the core sees it."""

    name: str
    policy: Policy
    use_cases: frozenset[str]
    """Use cases that the dialect's words can express; the console offers no others."""

    def new_public_id(self, kind: str, at: datetime) -> str:
        """A new public id for `kind` (collection kind, "envelope", "file"…)."""

    def webhooks(
        self, envelope: Envelope, event: str, recipient: Recipient | None, at: datetime
    ) -> list[WebhookDraft]:
        """Events to announce for an audit kind ("signed", "agreed"…), in order; empty where the API has no word for it."""


_dialects: dict[str, DialectPort] = {}


def register(port: DialectPort) -> None:
    """Make a dialect known to the core."""
    _dialects[port.name] = port


def dialect(name: str) -> DialectPort:
    """The registered port of a dialect. Raises KeyError for a programming error."""
    return _dialects[name]


def names() -> list[str]:
    """Names of the registered dialects."""
    return sorted(_dialects)
