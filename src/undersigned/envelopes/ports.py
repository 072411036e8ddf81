"""What the core needs from the dialects: registered by `app` at start, pure functions without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .models import Assignment, Envelope, Package, Recipient
from .policy import Policy


@dataclass(frozen=True)
class WebhookDraft:
    """An event as a dialect puts it on the wire: the bytes that will be posted and given back on look-up."""

    pub: str
    private_id: str
    kind: str
    body: bytes


class DialectPort(Protocol):
    """One API as the core sees it. What an API has no word for has an answer here."""

    name: str
    policy: Policy
    names_files: bool
    """Its programs fetch the files that were made of documents, prepared and sealed, by an id of their own."""
    use_cases: frozenset[str]
    """Use cases that the dialect's words can express; the console offers no others."""

    def new_public_id(self, kind: str, at: datetime) -> str:
        """A new public id for `kind` (collection kind, "envelope", "file"…)."""

    def webhooks(
        self,
        envelope: Envelope,
        event: str,
        recipient: Recipient | None,
        at: datetime,
        assignments: Sequence[Assignment] = (),
    ) -> list[WebhookDraft]:
        """Events to announce for an audit kind ("signed", "agreed"…), in order; empty where the API has no word for it.

        `assignments`: those that the event is about, where it is about some of a person's.
        """
        return []

    def variables(self, envelope: Envelope, recipient: Recipient | None) -> dict[str, str]:
        """What stands for `${name}` in the sender's texts and addresses (`envelopes.variables`); of the envelope alone without a recipient."""
        return {}

    def notification_url(
        self, address: str, envelope: Envelope, recipient: Recipient | None, package: Package | None
    ) -> str:
        """What is asked for when a planned notification calls `address` (its variables are put in already): with the ids that the API adds."""
        return address


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
