"""What a use case answers when it cannot do what was asked: the refusals that all rooms share, and those of signing."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.errors import Conflict, Forbidden, Invalid, NotFound, Refusal

__all__ = [
    "CodeLocked",
    "Conflict",
    "Forbidden",
    "Invalid",
    "NotFound",
    "RunOut",
    "WrongCode",
    "WrongPassword",
    "WrongPerson",
]


class CodeLocked(Refusal):
    """Too many wrong codes; none is accepted before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class RunOut(Refusal):
    """The link opens by a fresh artifact only, and this one has been used, replaced, or is over half a minute old."""


class WrongPerson(Refusal):
    """Somebody was identified, and it is not the one whom the sender named. What did not match is nobody's business."""


class WrongPassword(Refusal):
    """It is not the password of the user whom the sender named."""


class WrongCode(Refusal):
    """The code is not right; `tries_left` before the pause."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(tries_left)
        self.tries_left = tries_left
