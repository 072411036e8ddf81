"""From the core's rows to what waits for a person, where each thing is dealt with by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from undersigned.envelopes import focus, shown
from undersigned.envelopes.models import (
    AccessLink,
    Assignment,
    AssignmentState,
    Envelope,
    Field,
    Phase,
    Recipient,
    Sitting,
)
from undersigned.envelopes.models import Document as Row
from undersigned.envelopes.shown import Shown

from .documents import Document
from .gateway import Room, State
from .parts import Act, ReturnUrls
from .tray import Clause, Task, TaskState

_STATES = {
    AssignmentState.OPEN: TaskState.OPEN,
    AssignmentState.DONE: TaskState.DONE,
    AssignmentState.WAIVED: TaskState.LEFT_OUT,
}
_ACTS = {Assignment.Action.FILL: Act.FILL, Assignment.Action.SIGN: Act.SIGN}


def asked_of(recipient: Recipient) -> list[Assignment]:
    """What is asked, in the order in which it is numbered; of several places of one signature the first."""
    return _numbered(shown.assignments_of(recipient))


def _numbered(asked: list[Assignment]) -> list[Assignment]:
    return [a for a in asked if a.place == 1 and a.action in _ACTS]


def number_on_table(sitting: Sitting, asked: list[Assignment]) -> int:
    """Number of what was taken up, 0 for nothing."""
    table = focus.on_table(sitting, asked)
    return next((n for n, a in enumerate(asked, 1) if table and a.pk == table[0].pk), 0)


def clause_rows(assignment_id: int) -> list[Field]:
    """What must be accepted with a signature, in the order in which it is numbered."""
    return _clauses([assignment_id])[assignment_id]


def _clauses(assignments: list[int]) -> dict[int, list[Field]]:
    found: dict[int, list[Field]] = defaultdict(list)
    fields = Field.objects.filter(assignment__in=assignments, kind=Field.Kind.CLAUSE)
    for field in fields.order_by("page", "y", "x", "pk"):
        assert field.assignment_id is not None  # asked for by it
        found[field.assignment_id].append(field)
    return found


def on_tray(
    room: Room, rows: list[Row], told: list[Assignment], recipient: Recipient, sitting: Sitting | None
) -> Room:
    """The room of somebody who deals with each thing by itself; `told` is all that they are asked."""
    envelope, asked = recipient.envelope, _numbered(told)
    numbers = {row.pk: n for n, row in enumerate(rows, 1)}
    clauses = _clauses([a.pk for a in asked if a.action == Assignment.Action.SIGN])
    tasks = tuple(
        _task(n, a, envelope, numbers[a.document_id], clauses[a.pk])
        for n, a in enumerate(asked, 1)
        if a.document_id in numbers
    )
    on_table = number_on_table(sitting, asked) if sitting is not None else 0
    room = replace(
        room,
        tasks=tasks,
        on_table=on_table,
        documents=tuple(_alone(document, row) for document, row in zip(room.documents, rows, strict=True)),
        when_complete=envelope.return_url,
        return_urls=ReturnUrls(done=envelope.return_url if room.state is State.COMPLETED else ""),
    )
    table = room.table
    signs = table is not None and table.act is Act.SIGN and asked[table.number - 1].decline_allowed
    return replace(
        room,
        may_decline=room.may_decline and signs,
        skippable=table is not None and table.skippable,
    )


def for_ticket(room: Room, link: AccessLink) -> Room:
    """What a ticket leads to, as long as it can be done or will be: its one signature. Before proof nothing is told."""
    asked = asked_of(link.recipient)
    number = next((n for n, a in enumerate(asked, 1) if a.pk == link.assignment_id), 0)
    task = room.task(number)
    if task is None or task.settled or room.state is not State.LINK:
        return room
    document = replace(room.documents[task.document - 1], caption=task.caption)
    return replace(room, documents=(document,))


def _task(
    number: int, assignment: Assignment, envelope: Envelope, document: int, clauses: list[Field]
) -> Task:
    state = _STATES.get(AssignmentState(assignment.state), TaskState.OVER)
    if assignment.state == AssignmentState.PLANNED:
        state = TaskState.PREPARING if envelope.phase == Phase.PREPARE else TaskState.LATER
    return Task(
        number=number,
        document=document,
        act=_ACTS[Assignment.Action(assignment.action)],
        state=state,
        caption=assignment.caption,
        description=assignment.sign_text,
        skippable=assignment.on_decline == "waive",
        clauses=tuple(_clause(n, field) for n, field in enumerate(clauses, 1)),
        settled_at=assignment.settled_at,
        return_url=assignment.return_url,
    )


def _clause(number: int, field: Field) -> Clause:
    if field.invisible or field.page is None:
        return Clause(number, field.label, field.page or 0)
    return Clause(number, field.label, field.page, field.x or 0, field.y or 0, field.w or 0, field.h or 0)


def _alone(document: Document, row: Row) -> Document:
    seen = Shown((row.head,) if row.head is not None else ())
    return replace(document, revision=seen.revision, digest=seen.digest)
