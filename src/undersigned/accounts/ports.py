"""What this room needs from above: somebody who carries letters. Defined here, implemented by `delivery`, registered by `app` at start."""

from __future__ import annotations

from typing import Literal, Protocol

from .models import PasswordToken, User

Reason = Literal["welcome", "password_lost", "password_cleared"]


class Letters(Protocol):
    """Writes to users about their account, in the caller's transaction."""

    def password_link(self, token: PasswordToken, reason: Reason, by: User | None) -> None:
        """A mail with the link of `token`, in the language of its user; `by`: who caused it, where that was somebody else."""


class NotRegistered(RuntimeError):
    """`app` has not called `register`."""


_letters: Letters | None = None


def register(letters: Letters) -> None:
    """Set who carries them."""
    global _letters
    _letters = letters


def letters() -> Letters:
    """Who carries them. Raises NotRegistered."""
    if _letters is None:
        raise NotRegistered("accounts.ports.register was not called")
    return _letters
