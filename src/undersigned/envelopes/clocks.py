"""When content goes: three clocks in calendar months, each from a moment of its own. Arithmetic on rows that the caller has read.

- signed content from the last signature, unsigned content from the creation of its envelope: files, and what is known of the people;
- other content from the creation of the collection: what is said in it, then, once no content is left in it, the collection itself;
- an API's own end for everything at once: `Policy.retention_months` from the creation, or `Policy.keep_days` from the end of the time of
  the last person.

A template stays until somebody deletes it. An envelope's setting wins over its collection's; None means that nothing goes by that clock. A day that the month does not have is its
last one (`base.clock.add_months`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from undersigned.base.clock import add_months

from .models import Collection, Envelope, EnvelopeState
from .policy import Policy

NEVER = datetime.max.replace(tzinfo=UTC)
MONTHS_MAX = 1200
UNSENT = (EnvelopeState.DRAFT, EnvelopeState.OFFERED, EnvelopeState.FETCHING)


def content_end(envelope: Envelope) -> datetime:
    """When the files of `envelope`, and what is known of its people, go; NEVER when no clock runs."""
    if envelope.template:
        return NEVER
    if envelope.agreed_at is not None:
        return _after(envelope.agreed_at, _months(envelope, "retention_signed_months"))
    return _after(envelope.created_at, _months(envelope, "retention_unsigned_months"))


def envelope_end(envelope: Envelope) -> datetime:
    """When an envelope goes as a whole by a clock of its own; NEVER for one that goes with its collection."""
    if envelope.template:
        return NEVER
    collection = envelope.collection
    own = _after((collection or envelope).created_at, envelope.retention_other_months)
    ends = [NEVER if own == NEVER else max(own, _held_until(envelope))]
    if collection is None:
        policy = Policy.model_validate(envelope.policy)
        ends.append(_after(envelope.created_at, policy.retention_months))
        if policy.keep_days is not None:
            ends.append(_last_expiry(envelope) + timedelta(days=policy.keep_days))
    return min(ends)


def _last_expiry(envelope: Envelope) -> datetime:
    """When the time of the last person ends; the creation, where nobody's does."""
    last: datetime | None = (
        envelope.recipients.aggregate(last=Max("expires_at"))["last"] if envelope.pk else None
    )
    return last or envelope.created_at


def collection_end(collection: Collection, envelopes: Iterable[Envelope]) -> datetime:
    """When a collection goes with all that is in it. Content that is kept longer, or for ever, holds it."""
    rows = list(envelopes)
    living = [e for e in rows if e.erased_at is None and e.deleted_at is None]
    other = _after(collection.created_at, collection.retention_other_months)
    held = other if other == NEVER else max([other, *map(_stays_until, living)])
    first = min(rows, key=lambda e: e.position, default=None)
    months = Policy.model_validate(first.policy).retention_months if first is not None else None
    return min(held, _after(collection.created_at, months))


def next_of_collection(collection: Collection, envelopes: Iterable[Envelope], at: datetime) -> datetime:
    """When something of a collection goes next: what was said in it, or all of it."""
    other = _after(collection.created_at, collection.retention_other_months)
    whole = collection_end(collection, envelopes)
    return other if at < other < whole else whole


def wind(envelope: Envelope, at: datetime) -> None:
    """Set the clocks of `envelope` (the caller saves it) and those of its collection (saved here).

    To be called, under the lock, whenever what they depend on changes: at creation, when all have agreed, when it is opened again, when
    retention is set.
    """
    if envelope.erased_at is not None:
        return
    envelope.content_erase_at = _stored(content_end(envelope)) if envelope.content_erased_at is None else None
    envelope.erase_at = _stored(envelope_end(envelope))
    collection = envelope.collection
    if collection is not None and collection.retention_other_months is not None:
        others = collection.envelopes.exclude(pk=envelope.pk).select_related("collection")
        wind_collection(collection, [envelope, *others], at)


def wind_collection(collection: Collection, envelopes: Iterable[Envelope], at: datetime) -> None:
    """Set and save the clock of `collection`."""
    collection.erase_at = _stored(next_of_collection(collection, envelopes, at))
    collection.save(update_fields=["erase_at"])


def _months(envelope: Envelope, column: str) -> int | None:
    own: int | None = getattr(envelope, column)
    if own is None and envelope.collection is not None:
        own = getattr(envelope.collection, column)
    return own


def _held_until(envelope: Envelope) -> datetime:
    """Until when its content keeps an envelope from going by the clock of other content; what was never sent keeps nothing."""
    if envelope.content_erased_at is not None or envelope.state in UNSENT:
        return datetime.min.replace(tzinfo=UTC)
    return content_end(envelope)


def _stays_until(envelope: Envelope) -> datetime:
    """Until when an envelope keeps its collection."""
    held = _held_until(envelope)
    own = envelope_end(envelope)
    return held if own == NEVER else max(held, own)


def _after(start: datetime, months: int | None) -> datetime:
    return NEVER if months is None else add_months(start, months)


def _stored(end: datetime) -> datetime | None:
    return None if end == NEVER else end
