"""How sending can fail. Both carry the server's own words, cut to 500 characters."""

from __future__ import annotations

ANSWER_LIMIT = 500


class SendingFailed(Exception):
    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = " ".join(answer.split())[:ANSWER_LIMIT]


class Rejected(SendingFailed):
    """For ever: another attempt would get the same answer."""


class Unreachable(SendingFailed):
    """For now: the next attempt may succeed."""


class Unwanted(SendingFailed):
    """The message is no longer wanted; it is dropped."""
