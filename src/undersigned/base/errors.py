"""What a use case answers when it cannot do what was asked. Dialects turn these into their own error bodies."""

from __future__ import annotations


class Refusal(Exception):
    """Base of all refusals of the core."""


class NotFound(Refusal):
    """Unknown or not visible to the caller; the two look alike."""


class Forbidden(Refusal):
    """The caller knows what is there and may not do this to it."""


class Invalid(Refusal):
    """Bad input. `faults` maps the core's field name to fault codes: required, invalid, already_used, too_long, not_pdf…"""

    def __init__(self, faults: dict[str, list[str]]) -> None:
        super().__init__(faults)
        self.faults = faults


class Conflict(Refusal):
    """The state does not allow it. `code` names the state: already_sent, not_last, already_agreed, superseded, past_due, declined…"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
