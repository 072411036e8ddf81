"""Say for how long an envelope, or a collection and what is in it, is kept."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, clocks
from .access import refuse_unless_owner
from .actor import Actor
from .errors import Invalid
from .locks import lock_collection, lock_envelope
from .models import Collection, Envelope


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
"""Leaves a setting as it is; None takes it away."""
Months = int | None | Literal[_Unset.UNSET]
_COLUMNS = ("signed", "unsigned", "other")


def set_retention(
    actor: Actor,
    *,
    envelope: Envelope | None = None,
    collection: Collection | None = None,
    signed: Months = UNSET,
    unsigned: Months = UNSET,
    other: Months = UNSET,
) -> None:
    """Set months on `envelope`, on `collection`, or on both, and wind their clocks anew. What is past its time then goes with the next tick.

    `signed` counts from the last signature, `unsigned` and `other` from the creation; see `clocks`. An envelope's setting wins over its
    collection's. Both objects are read anew. Raises Invalid (signed, unsigned, other: invalid; retention required when neither object is
    given), NotFound (also for who does not own it).
    """
    given = dict(zip(_COLUMNS, (signed, unsigned, other), strict=True))
    months = {name: value for name, value in given.items() if value is not UNSET}
    _refuse_unusable(months)
    if envelope is None and collection is None:
        raise Invalid({"retention": ["required"]})
    columns = {f"retention_{name}_months": value for name, value in months.items()}
    with atomic():
        if collection is not None:
            _of_collection(actor, collection, columns)
        if envelope is not None:
            _of_envelope(actor, envelope, columns)


def _of_collection(actor: Actor, given: Collection, columns: dict[str, int | None]) -> None:
    collection = lock_collection(given.pk)
    refuse_unless_owner(actor, collection)
    at = now(collection.organization.clock_offset)
    for column, value in columns.items():
        setattr(collection, column, value)
    collection.save(update_fields=[*columns])
    for pk in list(
        collection.envelopes.filter(erased_at=None, deleted_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        row = lock_envelope(pk, content_erased=True)
        clocks.wind(row, at)
        audit.append(row, "retention_set", at, by=actor, months=_words(columns))
        row.save()
    clocks.wind_collection(collection, collection.envelopes.select_related("collection"), at)
    given.refresh_from_db()


def _of_envelope(actor: Actor, given: Envelope, columns: dict[str, int | None]) -> None:
    envelope = lock_envelope(given.pk, content_erased=True)
    refuse_unless_owner(actor, envelope)
    at = now(envelope.organization.clock_offset)
    for column, value in columns.items():
        setattr(envelope, column, value)
    clocks.wind(envelope, at)
    audit.append(envelope, "retention_set", at, by=actor, months=_words(columns))
    envelope.save()
    given.refresh_from_db()


def _words(columns: dict[str, int | None]) -> str:
    return ", ".join(f"{name.split('_')[1]} {value or '-'}" for name, value in columns.items())


def _refuse_unusable(months: dict[str, int | None]) -> None:
    faults = {
        name: ["invalid"]
        for name, value in months.items()
        if value is not None
        and (type(value) is not int or not 1 <= value <= clocks.MONTHS_MAX)  # True is no number of months
    }
    if faults:
        raise Invalid(faults)
