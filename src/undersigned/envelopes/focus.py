"""Where each signature is dealt with by itself (policy `sitting` one): which one is on the table of a sitting."""

from __future__ import annotations

from django.db.models import QuerySet

from .errors import NotFound
from .models import Assignment, AssignmentState, Document, Envelope, Sitting
from .policy import Policy
from .shown import assignments_of, documents_of

_ORDER = [Assignment.Action.UPLOAD, Assignment.Action.FILL, Assignment.Action.VIEW, Assignment.Action.SIGN]


def one_at_a_time(envelope: Envelope) -> bool:
    """Is each signature of this envelope dealt with by itself?"""
    return Policy.model_validate(envelope.policy).sitting == "one"


def on_table(sitting: Sitting, asked: list[Assignment] | None = None) -> list[Assignment]:
    """What is on the table, in order of its places, each with its document; empty when nothing was taken up. `asked`: what the person is
    asked (`shown.assignments_of`), where it was read already."""
    focus = sitting.focus
    if focus is None:
        return []
    return [
        a
        for a in (assignments_of(sitting.recipient) if asked is None else asked)
        if (a.document_id, a.key, a.action) == (focus.document_id, focus.key, focus.action)
    ]


def document_on_table(sitting: Sitting) -> int | None:
    """Row id of the document on the table; None when nothing is."""
    table = on_table(sitting)
    return table[0].document_id if table else None


def documents_on_table(sitting: Sitting) -> QuerySet[Document]:
    """The document on the table."""
    on = document_on_table(sitting)
    return documents_of(sitting.recipient).filter(pk__in=[] if on is None else [on])


def take_up(sitting: Sitting, assignment_id: int) -> None:
    """Put one thing that is asked of the person on the table, whatever has become of it. Raises NotFound."""
    found = next((a for a in assignments_of(sitting.recipient) if a.pk == assignment_id), None)
    if found is None:
        raise NotFound
    sitting.focus = found
    Sitting.objects.filter(pk=sitting.pk).update(focus=found)


def next_open(sitting: Sitting) -> Assignment | None:
    """What the person can do next: forms before signatures, then in the order of the documents. None when there is nothing now."""
    waiting = [
        a for a in assignments_of(sitting.recipient) if a.state == AssignmentState.OPEN and a.place == 1
    ]
    return min(waiting, key=lambda a: _ORDER.index(Assignment.Action(a.action)), default=None)
