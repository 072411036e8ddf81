"""A person leaves, to go on another day."""

from __future__ import annotations

from undersigned.base.db import atomic

from . import audit, doing
from .models import Sitting


def postpone(sitting: Sitting) -> None:
    """Say so in the trail; the link goes on working, and what was filled in is kept.

    Raises Conflict: not_identified, or the standing of the person when they cannot act; NotFound.
    """
    doing.refuse_unidentified(sitting)
    with atomic():
        envelope, _recipient, at = doing.locked_turn(sitting)
        audit.append(envelope, "postponed", at, by=sitting)
