"""Signatures as rows, for programs that count and bookkeep: one row a person of each envelope, read in batches.

Whatever the number of envelopes, a batch costs the same few queries, and one batch is in memory at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from undersigned.accounts.models import Organization
from undersigned.envelopes.metadata import values_of
from undersigned.envelopes.models import (
    Envelope,
    EnvelopeState,
    IdentityProof,
    MetadataField,
    Recipient,
    RecipientState,
)
from undersigned.sealing.evidence_words import method

from . import words
from .paging import after

Cell: TypeAlias = str | int | float | date | datetime | None
BATCH = 500
"""Envelopes."""


@dataclass(frozen=True)
class Report:
    """`heads` in the reader's language; `rows` are made while they are taken."""

    heads: list[str]
    rows: Iterator[list[Cell]]


def report(envelopes: QuerySet[Envelope], organization: Organization) -> Report:
    """The people of `envelopes`, newest envelope first. Words are in the language that is active now, whenever the rows are taken."""
    fields = list(
        MetadataField.objects.filter(organization=organization).order_by("archived_at", "name", "pk")
    )
    heads = [
        _("Title"),
        _("Id"),
        _("Reference"),
        _("Created by"),
        _("Made through"),
        _("State"),
        _("Created"),
        _("Sent"),
        _("Due"),
        _("Completed"),
        _("Person"),
        _("Mail address"),
        _("Role"),
        _("State of the person"),
        _("Invited"),
        _("Signed"),
        _("Refused"),
        _("Reason"),
        _("Identified by"),
        _("Metadata"),
        *(f.name for f in fields),
    ]
    return Report(heads, _rows(envelopes, fields, _Words()))


class _Words:
    """Everything that is said in words, looked up at once: rows are taken later, when another language may be active."""

    def __init__(self) -> None:
        self.states = {s.value: words.state_word(s.value).label for s in EnvelopeState}
        self.people = {s.value: words.recipient_state(s.value) for s in RecipientState}
        self.roles = {
            Recipient.Kind.SIGNER.value: _("Signs"),
            Recipient.Kind.VIEWER.value: _("Reads"),
            Recipient.Kind.COPY.value: _("Gets a copy at the end"),
        }
        self.origins = {name: str(label) for name, label in words.DIALECTS.items()}
        ways = ("link", "email-code", "sms-code", "sender-code", "password", "eid")
        self.methods = {way: method(way) for way in ways}


def _rows(envelopes: QuerySet[Envelope], fields: list[MetadataField], said: _Words) -> Iterator[list[Cell]]:
    rows = envelopes.select_related("collection", "owner_user", "metadata_template")
    mark = None
    while batch := list(after(rows, "created_at", mark, descending=True)[:BATCH]):
        yield from _of_batch(batch, fields, said)
        mark = (batch[-1].created_at, batch[-1].pk)


def _of_batch(batch: list[Envelope], fields: list[MetadataField], said: _Words) -> Iterator[list[Cell]]:
    people: dict[int, list[Recipient]] = defaultdict(list)
    for one in Recipient.objects.filter(envelope__in=batch).order_by("position", "pk"):
        people[one.envelope_id].append(one)
    proofs: dict[int, dict[str, None]] = defaultdict(dict)
    rows = IdentityProof.objects.filter(recipient__envelope__in=batch).order_by("pk")
    for recipient, how, provider in rows.values_list("recipient_id", "method", "provider"):
        way = f"{provider}-code" if how == "code" else how
        proofs[recipient][said.methods.get(way) or method(way)] = None
    values = values_of(e.pk for e in batch)
    for envelope in batch:
        head = _head(envelope, said)
        tail: list[Cell] = [envelope.metadata_template.name if envelope.metadata_template else None]
        tail += [_value(f, values.get(envelope.pk, {}).get(f.pk)) for f in fields]
        everybody: list[Recipient | None] = [*people[envelope.pk]]
        for person in everybody or [None]:
            yield [*head, *_person(person, proofs, said), *tail]


def _head(envelope: Envelope, said: _Words) -> list[Cell]:
    collection = envelope.collection
    pub = f"{collection.pub}/{envelope.position}" if collection else envelope.pub
    return [
        envelope.title,
        envelope.pub or pub,
        envelope.reference,
        envelope.creator_name or envelope.owner_user.full_name,
        said.origins.get(envelope.dialect, envelope.dialect),
        said.states[envelope.state],
        envelope.created_at,
        envelope.sent_at,
        envelope.due_at,
        envelope.completed_at,
    ]


def _person(person: Recipient | None, proofs: dict[int, dict[str, None]], said: _Words) -> list[Cell]:
    if person is None:
        return [None] * 9
    declined = person.state == RecipientState.DECLINED
    return [
        person.full_name,
        person.email,
        said.roles[person.kind],
        said.people[person.state] if person.kind == Recipient.Kind.SIGNER else None,
        person.invited_at,
        None if declined else person.settled_at,
        person.settled_at if declined else None,
        person.reason,
        ", ".join(proofs.get(person.pk, {})),
    ]


def _value(field: MetadataField, value: str | int | float | None) -> Cell:
    if field.kind == MetadataField.Kind.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def plain_time(moment: datetime) -> datetime:
    """To the second, UTC, without a zone: sheets know none, and the heading says it."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
