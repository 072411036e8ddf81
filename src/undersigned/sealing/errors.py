"""Why something cannot be signed or sealed now."""

from __future__ import annotations


class TimestampUnavailable(Exception):
    """No timestamp can be had now: the work waits; the level is never lowered."""


class RevocationUnavailable(Exception):
    """An authority that issued somebody's own certificate does not say now whether it still stands: the work waits."""
