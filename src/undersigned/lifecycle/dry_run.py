"""What rules of retention would erase today, were they those of everything that is there. Reads; erases nothing.

Calendar months cannot be turned into one bound: 29 January and a month later may come before 28 January and a month later, for a day's
clock times. So the database finds what is surely past its time and what may be, and the latter, some days' worth, is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q, QuerySet

from undersigned.accounts.models import Organization
from undersigned.base.clock import add_months, now
from undersigned.envelopes.models import Envelope

SHOWN = 25
_DOUBT = timedelta(days=4)
"""Longer than months differ from each other."""


@dataclass(frozen=True)
class Rules:
    """Calendar months for each kind of content; None keeps it."""

    signed: int | None
    unsigned: int | None
    other: int | None


@dataclass(frozen=True)
class Preview:
    """`signed` and `unsigned` envelopes of `total` would lose their content; `oldest` is when the first of them was made."""

    total: int
    signed: int
    unsigned: int
    first: list[Envelope]

    @property
    def erased(self) -> int:
        return self.signed + self.unsigned

    @property
    def oldest(self) -> datetime | None:
        return self.first[0].created_at if self.first else None


def preview(organization: Organization, rules: Rules) -> Preview:
    """Counts, and the first 25 by age; six queries, whatever there is."""
    at = now(organization.clock_offset)
    kept = _with_content(organization)
    return Preview(
        total=kept.count(),
        signed=_count(kept, "agreed_at", rules.signed, at),
        unsigned=_count(kept.filter(agreed_at=None), "created_at", rules.unsigned, at),
        first=list(islice(past(organization, rules), SHOWN)),
    )


def past(organization: Organization, rules: Rules) -> Iterator[Envelope]:
    """All that would be erased, oldest first, as a stream."""
    at = now(organization.clock_offset)
    maybe = Q(pk__in=[])
    if rules.signed is not None:
        maybe |= Q(agreed_at__lte=_back(at, rules.signed) + _DOUBT)
    if rules.unsigned is not None:
        maybe |= Q(agreed_at=None, created_at__lte=_back(at, rules.unsigned) + _DOUBT)
    for envelope in _with_content(organization).filter(maybe).order_by("created_at", "pk").iterator(500):
        months = rules.signed if envelope.agreed_at else rules.unsigned
        if months is not None and add_months(envelope.agreed_at or envelope.created_at, months) <= at:
            yield envelope


def _with_content(organization: Organization) -> QuerySet[Envelope]:
    return Envelope.objects.filter(organization=organization, erased_at=None, content_erased_at=None)


def _count(rows: QuerySet[Envelope], column: str, months: int | None, at: datetime) -> int:
    if months is None:
        return 0
    edge = _back(at, months)
    surely = rows.filter(**{f"{column}__lt": edge - _DOUBT}).count()
    doubtful = rows.filter(**{f"{column}__gte": edge - _DOUBT, f"{column}__lte": edge + _DOUBT})
    starts = doubtful.values_list(column, flat=True).iterator(5_000)
    return surely + sum(add_months(start, months) <= at for start in starts)


def _back(at: datetime, months: int) -> datetime:
    return add_months(at, -months)
