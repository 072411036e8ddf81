"""What the console needs to say whether all is well. Defined here, implemented and registered by `app`, which lies above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class Finding(Protocol):
    """What one check found; `level` is ok, warn or fail."""

    @property
    def check(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def fix(self) -> str: ...


Examine = Callable[[str], Sequence[Finding]]
_examine: Examine | None = None


def use(examine: Examine) -> None:
    """Set what makes the findings."""
    global _examine
    _examine = examine


def examine(mail_to: str = "") -> Sequence[Finding]:
    """Look at the whole installation, which takes some seconds; with `mail_to` also send a mail there."""
    if _examine is None:
        raise RuntimeError("console.doctor.use was not called")
    return _examine(mail_to)
