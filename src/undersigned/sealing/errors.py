"""Why something cannot be signed or sealed now."""

from __future__ import annotations


class TimestampUnavailable(Exception):
    """No timestamp can be had now: the work waits; the level is never lowered."""
