"""The gate rule, one for all APIs.

A step is passed when all its assignments are satisfied (done, waived, void) and all its predecessors are passed; it opens when all its
predecessors are passed. `recompute` runs in the transaction that changed a row, under the envelope's lock; no job decides it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef

from . import packages
from .models import (
    Assignment,
    AssignmentState,
    Document,
    Envelope,
    EnvelopeState,
    PackageItem,
    Recipient,
    RecipientState,
    Step,
    StepEdge,
)
from .models.steps import LIVE, SATISFIED

_ORDER = [Assignment.Action.UPLOAD, Assignment.Action.FILL, Assignment.Action.VIEW, Assignment.Action.SIGN]


@dataclass
class Outcome:
    """What a recomputation found."""

    opened: list[Assignment] = field(default_factory=list)
    """What can be done now and could not before."""
    opened_for: list[Recipient] = field(default_factory=list)
    """Recipients who can now do something that they could not do before."""
    turn_of: list[Recipient] = field(default_factory=list)
    """Recipients whose step opened now, also where pages must be made final first."""
    done: list[Recipient] = field(default_factory=list)
    """Recipients whose last assignment was settled."""
    agreed: bool = False
    """All live assignments of the envelope are done or waived; somebody signed, or nobody had to and something was done."""
    stuck: EnvelopeState | None = None
    """Nobody is left who could act, and it is not agreed: how the envelope ends where each person's end is their own."""


def recompute(envelope: Envelope, now: datetime) -> Outcome:
    """Open what can be opened and settle recipients; three or four reads whatever the size. Caller holds the lock and saves the envelope."""
    steps = {s.pk: s for s in Step.objects.filter(envelope=envelope)}
    before: dict[int, list[int]] = defaultdict(list)
    for edge in StepEdge.objects.filter(step__envelope=envelope):
        before[edge.step_id].append(edge.depends_on_id)
    assignments = list(
        Assignment.objects.filter(envelope=envelope, round=envelope.round)
        .select_related("recipient")
        .annotate(packed=Exists(PackageItem.objects.filter(assignment=OuterRef("pk"))))
        .order_by("pk")
    )
    people: dict[int, Recipient] = {}
    for assignment in assignments:  # one object a person: what is found out about them counts for all they do
        assignment.recipient = people.setdefault(assignment.recipient_id, assignment.recipient)
    prepared: dict[int, str | None] = {}
    if any(a.state == AssignmentState.PLANNED for a in assignments):
        documents = Document.objects.filter(envelope=envelope, removed_at=None)
        prepared.update(documents.values_list("pk", "head__kind"))
    in_step: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        in_step[assignment.step_id].append(assignment)

    passed: dict[int, bool] = {}

    def is_passed(step_id: int) -> bool:
        if step_id not in passed:
            passed[step_id] = False  # a cycle never passes; send refuses cycles
            passed[step_id] = all(a.state in SATISFIED for a in in_step[step_id]) and all(
                is_passed(b) for b in before[step_id]
            )
        return passed[step_id]

    outcome = Outcome()
    newly_open: list[Assignment] = []
    for step in steps.values():
        if not all(is_passed(b) for b in before[step.pk]):
            continue
        if step.opened_at is None:
            step.opened_at = now
            step.save(update_fields=["opened_at"])
            outcome.turn_of += {a.recipient_id: a.recipient for a in in_step[step.pk]}.values()
        newly_open += _open_in(in_step[step.pk], prepared)
    if newly_open:
        Assignment.objects.filter(pk__in=[a.pk for a in newly_open]).update(state=AssignmentState.OPEN)
        outcome.opened = newly_open
        outcome.opened_for = list({a.recipient_id: a.recipient for a in newly_open}.values())
    outcome.done = _settle_recipients(assignments, now)
    signing = [
        a for a in assignments if a.action == Assignment.Action.SIGN and a.state != AssignmentState.VOID
    ]
    outcome.agreed = all(a.state in SATISFIED for a in assignments) and any(
        a.state == AssignmentState.DONE for a in signing or assignments
    )
    if not outcome.agreed:
        outcome.stuck = _stuck(assignments)
    if any(a.packed for a in assignments):
        packages.settle(envelope, now)
    envelope.signed_count = len({a.recipient_id for a in signing if a.state == AssignmentState.DONE})
    return outcome


def _open_in(assignments: list[Assignment], head_kinds: Mapping[int, str | None]) -> list[Assignment]:
    """Assignments of an open step that open now: order inside a step is upload, fill, view, sign; signing waits for a prepared version."""
    opened = []
    unsettled: dict[tuple[int, int], set[str]] = defaultdict(set)
    for a in assignments:
        if a.state not in SATISFIED:
            unsettled[a.recipient_id, a.document_id].add(a.action)
    for a in assignments:
        if a.state != AssignmentState.PLANNED or a.recipient.state != RecipientState.ACTIVE:
            continue
        earlier = set(_ORDER[: _ORDER.index(Assignment.Action(a.action))])
        if unsettled[a.recipient_id, a.document_id] & earlier:
            continue
        if a.action == Assignment.Action.SIGN and head_kinds.get(a.document_id) in (None, "original"):
            continue
        a.state = AssignmentState.OPEN
        opened.append(a)
    return opened


def _stuck(assignments: Sequence[Assignment]) -> EnvelopeState | None:
    states = {a.recipient.state for a in assignments}
    if RecipientState.ACTIVE in states:
        return None
    return EnvelopeState.DECLINED if RecipientState.DECLINED in states else EnvelopeState.EXPIRED


def _settle_recipients(assignments: Sequence[Assignment], now: datetime) -> list[Recipient]:
    """A recipient is done when all their live assignments are done or waived, and at least one is done. Returns who is so since now."""
    done = []
    by_recipient: dict[int, list[Assignment]] = defaultdict(list)
    for a in assignments:
        if a.state != AssignmentState.VOID:
            by_recipient[a.recipient_id].append(a)
    for mine in by_recipient.values():
        recipient = mine[0].recipient
        if recipient.state == RecipientState.ACTIVE and all(a.state in SATISFIED for a in mine):
            signing = [a for a in mine if a.action == Assignment.Action.SIGN]
            all_waived = bool(signing) and all(a.state == AssignmentState.WAIVED for a in signing)
            recipient.state = RecipientState.DECLINED if all_waived else RecipientState.DONE
            recipient.settled_at = now
            Recipient.objects.filter(pk=recipient.pk).update(state=recipient.state, settled_at=now)
            if recipient.state == RecipientState.DONE:
                done.append(recipient)
    return done


def waiting_for(recipient: Recipient) -> int:
    """How many people must act before `recipient` may: live assignments in steps that come before theirs."""
    envelope = recipient.envelope
    before: dict[int, list[int]] = defaultdict(list)
    for edge in StepEdge.objects.filter(step__envelope=envelope):
        before[edge.step_id].append(edge.depends_on_id)
    live = Assignment.objects.filter(envelope=envelope, round=envelope.round, state__in=LIVE)
    who: dict[int, set[int]] = defaultdict(set)
    for step_id, recipient_id in live.values_list("step", "recipient"):
        who[step_id].add(recipient_id)
    ahead = [b for step_id, people in who.items() if recipient.pk in people for b in before[step_id]]
    seen: set[int] = set()
    while ahead:
        step_id = ahead.pop()
        if step_id not in seen:
            seen.add(step_id)
            ahead += before[step_id]
    return len({person for step_id in seen for person in who[step_id]} - {recipient.pk})


def lapse_open(envelope: Envelope, now: datetime) -> None:
    """Close everything that still waits, because the envelope has ended."""
    Assignment.objects.filter(envelope=envelope, state__in=LIVE).update(
        state=AssignmentState.LAPSED, settled_at=now
    )
