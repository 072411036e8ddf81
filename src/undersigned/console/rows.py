"""What lists of envelopes show: read for all rows of a page at once, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.models import Assignment, AssignmentState, Envelope, EnvelopeState, Recipient

from . import words


@dataclass(frozen=True)
class Row:
    """One envelope in a list."""

    envelope: Envelope
    word: words.Word
    next: str
    origin: str
    overdue: bool


def listed(actor: Actor) -> QuerySet[Envelope]:
    """The newest version of all that `actor` may see."""
    return (
        visible(actor)
        .filter(superseded_at=None)
        .select_related("collection", "created_by_credential", "owner_user")
    )


def search(rows: QuerySet[Envelope], actor: Actor, q: str, state: str) -> QuerySet[Envelope]:
    """Those in `state` (all when empty) whose title or one of whose people contains `q`."""
    if state:
        rows = rows.filter(state=state)
    if q:
        people = Recipient.objects.filter(
            Q(name__icontains=q) | Q(surname__icontains=q) | Q(email__icontains=q),
            envelope__organization=actor.organization,
        )
        rows = rows.filter(Q(title__icontains=q) | Q(pk__in=people.values("envelope_id")))
    return rows


def as_rows(envelopes: Iterable[Envelope], now: datetime) -> list[Row]:
    """Rows with who is next; two queries more than none."""
    envelopes = list(envelopes)
    waiting: dict[int, list[str]] = defaultdict(list)
    sent = [e.pk for e in envelopes if e.state == EnvelopeState.SENT]
    open_for = (
        Assignment.objects.filter(
            envelope__in=sent, state__in=[AssignmentState.OPEN, AssignmentState.PLANNED]
        )
        .select_related("recipient")
        .order_by("recipient__position")
    )
    for assignment in open_for:
        name = assignment.recipient.full_name or assignment.recipient.email or ""
        if name not in waiting[assignment.envelope_id]:
            waiting[assignment.envelope_id].append(name)
    return [
        Row(
            e,
            words.envelope_word(e),
            _next(waiting[e.pk]),
            words.DIALECTS.get(e.dialect, e.dialect),
            e.state == EnvelopeState.SENT and e.due_at is not None and e.due_at < now,
        )
        for e in envelopes
    ]


def _next(names: list[str]) -> str:
    if len(names) > 2:
        return _("{name} and {n} others").format(name=names[0], n=len(names) - 1)
    return ", ".join(names)
