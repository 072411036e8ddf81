"""What the room needs from the core for proving who somebody is: plain values, and the part of the gateway that gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .gateway import CodeResult, Visit


class Asked(StrEnum):
    """What the person must do next to prove who they are."""

    NOTHING = ""
    CODE = "code"  # the code that belongs to them
    ONE_TIME = "one_time"  # six digits, sent now
    PROVIDER = "provider"  # strong identification
    CHOICE = "choice"  # one of several ways must be chosen
    UNAVAILABLE = "unavailable"  # none of the ways that the sender asked for can be used here


@dataclass(frozen=True)
class OneTime:
    """A one-time code: where it goes, masked, and whether one that works is on its way."""

    by_sms: bool = False
    to: str = ""
    sent: bool = False
    resend_at: datetime | None = None
    length: int = 6


class WayKind(StrEnum):
    PROVIDER = "provider"
    MAIL = "mail"  # a one-time code by mail
    SMS = "sms"
    DRAW = "draw"  # a drawn signature is enough


@dataclass(frozen=True)
class Way:
    """A way to choose. `key` names it in forms, `name` stands in full on its button; of a one-time code it is where the code goes, masked.
    `provider` names the logo's address."""

    key: str
    name: str
    has_logo: bool = False
    kind: WayKind = WayKind.PROVIDER
    provider: str = ""


@dataclass(frozen=True)
class Departure:
    """Off to a provider."""

    url: str
    name: str


class Identification(StrEnum):
    """How a visit to a provider ended; the values stand in addresses."""

    DONE = "done"
    WRONG_PERSON = "somebody-else"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"
    UNTRUSTED = "not-accepted"
    OVER = "over"
    LOCKED = "locked"


@dataclass(frozen=True)
class Returned:
    """What the provider's answer says in the browser's address."""

    state: str
    code: str
    error: str
    issuer: str | None


class Identifying(Protocol):
    """Part of `gateway.Gateway`."""

    def send_one_time_code(self, visit: Visit) -> bool:
        """Send a new code; False when there is nowhere to send it. Raises Wait within a minute of the last one."""

    def enter_one_time_code(self, visit: Visit, code: str) -> CodeResult:
        """Compare; no tries left means that a new code must be asked for."""

    def choose_way(self, visit: Visit, way: str) -> None:
        """Take a way that leads to no provider. Raises LookupError for one that is not offered."""

    def depart(self, visit: Visit, provider: str, language: str) -> Departure | Identification:
        """Begin a sign-in at a provider. Raises LookupError for one that this person may not use."""

    def arrive(self, visit: Visit, returned: Returned) -> Identification:
        """The browser is back with the provider's answer."""

    def provider_logo(self, visit: Visit, provider: str) -> bytes:
        """PNG. Raises LookupError."""
