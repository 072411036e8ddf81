"""What the room needs from the core for signing with a key of one's own: plain values, and the part of the gateway that gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .gateway import Visit


@dataclass(frozen=True)
class OwnKey:
    """A certificate of the person's own, whose key is kept here. `id` is opaque."""

    id: str
    label: str
    issuer: str
    valid_to: datetime
    expired: bool = False
    renewed: bool = False  # its time is over, and it gets a new certificate when it is used


@dataclass(frozen=True)
class Wallet:
    """Keys are told only once the person has proved to be the user whom they belong to (`open`)."""

    open: bool = False
    keys: tuple[OwnKey, ...] = ()
    chosen: str = ""  # id of one of them; empty: without one

    @property
    def key(self) -> OwnKey | None:
        """The chosen one."""
        return next((key for key in self.keys if key.id == self.chosen), None)


class Wallets(Protocol):
    """Part of `gateway.Gateway`."""

    def enter_password(self, visit: Visit, password: str) -> bool:
        """Prove to be the user, with their password; False when it is not theirs. Raises accounts.limits.LimitReached."""

    def choose_key(self, visit: Visit, key: str) -> None:
        """Sign with one of the keys in the open wallet; empty: without. Raises LookupError (also for one that has expired)."""
