"""What a use case answers when it cannot do what was asked. Dialects turn these into their own error bodies."""

from __future__ import annotations

from datetime import datetime


class EnvelopeError(Exception):
    """Base of all refusals of the core."""


class NotFound(EnvelopeError):
    """Unknown or not visible to the caller; the two look alike."""


class Forbidden(EnvelopeError):
    """The caller may see it, and not do this to it."""


class Invalid(EnvelopeError):
    """Bad input. `faults` maps the core's field name to fault codes: required, invalid, already_used, too_long, not_pdf…"""

    def __init__(self, faults: dict[str, list[str]]) -> None:
        super().__init__(faults)
        self.faults = faults


class Conflict(EnvelopeError):
    """The state does not allow it. `code` names the state: already_sent, not_last, already_agreed, superseded, past_due, declined…"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CodeLocked(EnvelopeError):
    """Too many wrong codes; none is accepted before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class RunOut(EnvelopeError):
    """The link opens by a fresh artifact only, and this one has been used, replaced, or is over half a minute old."""


class WrongPerson(EnvelopeError):
    """Somebody was identified, and it is not the one whom the sender named. What did not match is nobody's business."""


class WrongCode(EnvelopeError):
    """The code is not right; `tries_left` before the pause."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(tries_left)
        self.tries_left = tries_left
