"""Batches and how their envelopes stand, counted by one query a page."""

from __future__ import annotations

from collections.abc import Collection as Many
from dataclasses import dataclass

from django.db.models import Count, Q

from .models import Collection, Envelope, EnvelopeState


@dataclass(frozen=True)
class Standing:
    """Of one batch: how many envelopes, and how many of them came to which end. `waiting`: still to be sent."""

    size: int = 0
    signed: int = 0
    failed: int = 0
    declined: int = 0
    expired: int = 0
    waiting: int = 0


def standings(batches: Many[Collection]) -> dict[int, Standing]:
    """By row id, for all of `batches`."""

    def count(*states: EnvelopeState) -> Count:
        return Count("pk", filter=Q(state__in=states))

    rows = (
        Envelope.objects.filter(collection__in=[b.pk for b in batches])
        .values("collection")
        .annotate(
            size=Count("pk"),
            signed=count(EnvelopeState.COMPLETED),
            failed=count(EnvelopeState.FAILED),
            declined=count(EnvelopeState.DECLINED, EnvelopeState.CANCELLED),
            expired=count(EnvelopeState.EXPIRED),
            waiting=count(EnvelopeState.FETCHING),
        )
    )
    found = {
        row["collection"]: Standing(
            row["size"], row["signed"], row["failed"], row["declined"], row["expired"], row["waiting"]
        )
        for row in rows
    }
    return {b.pk: found.get(b.pk, Standing()) for b in batches}
