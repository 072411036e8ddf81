"""What lists of envelopes show: read for all rows of a page at once, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.envelopes import search
from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.metadata import values_of
from undersigned.envelopes.models import (
    Assignment,
    AssignmentState,
    Collection,
    Envelope,
    EnvelopeState,
    MetadataField,
    MetadataTemplateField,
)

from . import words
from .port import ConsolePort

SHOWN_FIELDS = 3


@dataclass(frozen=True)
class Row:
    """One envelope in a list."""

    envelope: Envelope
    word: words.Word
    next: str
    origin: str
    overdue: bool
    metadata: list[tuple[str, str]]
    """Name and value of the first fields, in the template's order."""

    @property
    def version(self) -> int | None:
        """Its number, where a later one took the place of another."""
        of_contract = (
            self.envelope.collection is not None and self.envelope.collection.kind == Collection.Kind.CONTRACT
        )
        return self.envelope.position if of_contract and self.envelope.position > 1 else None


def listed(actor: Actor) -> QuerySet[Envelope]:
    """The newest version of all that `actor` may see, but templates, which have a page of their own."""
    return (
        visible(actor)
        .filter(superseded_at=None, template=False)
        .select_related("collection", "created_by_credential", "owner_user")
    )


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed by; empty values narrow nothing. `origin`: "console", or the id of a credential."""

    q: str = ""
    state: str = ""
    origin: str = ""
    template: str = ""
    since: date | None = None
    until: date | None = None
    overdue: bool = False
    failed: bool = False

    @property
    def any(self) -> bool:
        return self != Filters()


def narrowed(rows: QuerySet[Envelope], actor: Actor, by: Filters) -> QuerySet[Envelope]:
    """Those that match all filters; each is carried by an index of its own."""
    if by.state:
        rows = rows.filter(state=by.state)
    if by.origin == ConsolePort.name:
        rows = rows.filter(dialect=ConsolePort.name)
    elif by.origin:
        rows = rows.filter(created_by_credential=int(by.origin))
    if by.template:
        rows = rows.filter(metadata_template=int(by.template))
    if by.since:
        rows = rows.filter(created_at__gte=datetime.combine(by.since, time(), tzinfo=UTC))
    if by.until:
        rows = rows.filter(created_at__lt=datetime.combine(by.until + timedelta(days=1), time(), tzinfo=UTC))
    if by.overdue:
        rows = rows.filter(state=EnvelopeState.SENT, due_at__lt=now(actor.organization.clock_offset))
    if by.failed:
        of_tenant = Message.objects.filter(organization=actor.organization, state=Message.State.FAILED)
        rows = rows.filter(pk__in=of_tenant.exclude(envelope_id=None).values("envelope_id"))
    return search.find(rows, actor.organization, by.q) if by.q else rows


def as_rows(envelopes: Iterable[Envelope], at: datetime) -> list[Row]:
    """Rows with who is next; two queries more than none."""
    envelopes = list(envelopes)
    waiting: dict[int, list[str]] = defaultdict(list)
    sent = [e.pk for e in envelopes if e.state == EnvelopeState.SENT]
    open_for = (
        Assignment.objects.filter(
            envelope__in=sent, state__in=[AssignmentState.OPEN, AssignmentState.PLANNED]
        )
        .select_related("recipient")
        .order_by("recipient__position", "pk")
    )
    # Who is invited later is not waited for yet.
    invited = {a.envelope_id for a in open_for if a.recipient.invited_at}
    for assignment in open_for:
        if assignment.envelope_id in invited and not assignment.recipient.invited_at:
            continue
        name = assignment.recipient.full_name or assignment.recipient.email or ""
        if name not in waiting[assignment.envelope_id]:
            waiting[assignment.envelope_id].append(name)
    said = _metadata(envelopes)
    return [
        Row(
            e,
            words.envelope_word(e),
            _next(waiting[e.pk]),
            str(words.DIALECTS.get(e.dialect, e.dialect)),
            e.state == EnvelopeState.SENT and e.due_at is not None and e.due_at < at,
            said.get(e.pk, []),
        )
        for e in envelopes
    ]


def _metadata(envelopes: list[Envelope]) -> dict[int, list[tuple[str, str]]]:
    """For those that are described: two queries for all together, none where nothing is."""
    templates = {e.pk: e.metadata_template_id for e in envelopes if e.metadata_template_id is not None}
    if not templates:
        return {}
    fields: dict[int, list[MetadataField]] = defaultdict(list)
    places = MetadataTemplateField.objects.filter(template__in=set(templates.values()))
    for place in places.select_related("field").order_by("position", "pk"):
        fields[place.template_id].append(place.field)
    values = values_of(templates)
    return {
        envelope: [
            (f.name, shown(f, values[envelope][f.pk]))
            for f in fields[template or 0]
            if f.pk in values.get(envelope, {})
        ][:SHOWN_FIELDS]
        for envelope, template in templates.items()
    }


def shown(field: MetadataField, value: Any) -> str:
    """A value of a field in the reader's language."""
    if field.kind == MetadataField.Kind.DATE:
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    if field.kind == MetadataField.Kind.NUMBER:
        return number_format(value, force_grouping=True)
    return str(value)


def _next(names: list[str]) -> str:
    if len(names) > 2:
        return _("{name} and {n} others").format(name=names[0], n=len(names) - 1)
    return ", ".join(names)
