"""Delete an envelope at once, whatever its state; for a while its tombstone still says that it was there."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .access import refuse_unless_owner
from .actor import Actor
from .errors import Conflict
from .locks import lock_envelope
from .ports import dialect
from .remains import take_all


def delete_envelope(actor: Actor, envelope_id: int) -> None:
    """Erase everything personal and every file but those in the archive. What is being signed or sealed stops at its commit.

    Raises NotFound (unknown, not theirs, deleted already), Conflict (not_allowed: its API has no word for it).
    """
    with atomic():
        envelope = lock_envelope(envelope_id, content_erased=True)
        refuse_unless_owner(actor, envelope)
        if "delete_envelope" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "erased", at, by=actor)
        take_all(envelope, at)
