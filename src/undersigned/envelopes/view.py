"""A person has looked at documents that they were asked to read."""

from __future__ import annotations

from collections.abc import Collection

from undersigned.base.db import atomic

from . import audit, doing
from .models import Assignment, AssignmentState, Sitting
from .progress import advance


def view(sitting: Sitting, assignment_ids: Collection[int]) -> None:
    """Settle the person's assignments to view among `assignment_ids`; what is settled already, or is not theirs, is passed over.

    Raises Conflict: not_identified, or the standing of the person (declined, expired…); NotFound.
    """
    doing.refuse_unidentified(sitting)
    wanted = Assignment.objects.filter(
        pk__in=assignment_ids, recipient=sitting.recipient_id, action=Assignment.Action.VIEW
    )
    with atomic():
        if not wanted.exclude(state=AssignmentState.DONE).exists():
            return
        envelope, _recipient, at = doing.locked_turn(sitting)
        open_ = wanted.filter(state=AssignmentState.OPEN, round=envelope.round).order_by("document__position")
        for assignment in open_:
            doing.settle(assignment, at)
            audit.append(
                envelope,
                "viewed",
                at,
                by=sitting,
                document_id=assignment.document_id,
                assignment_id=assignment.pk,
            )
        advance(envelope, at)
