"""Erase what is past its time: the content of an envelope, an envelope, a collection. Tombstones with dates and hashes stay.

One envelope a transaction, so that nobody waits long for the lock; whoever is killed in between leaves the clock standing, and the next
tick goes on. With `if_due` everything is asked again under the lock: it may have been restored, or given more time, since it was found.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from undersigned.base.clock import add_months, now
from undersigned.base.db import atomic
from undersigned.delivery import outbox
from undersigned.delivery.models import Message

from . import audit, clocks
from .cancel import call_off
from .errors import NotFound
from .graph import lapse_open
from .locks import lock_collection, lock_envelope
from .models import Collection, Comment, Envelope, EnvelopeState, Grant
from .ports import dialect
from .remains import take_all, take_content
from .removal_notice import removal_key

OPEN = (EnvelopeState.SENT, EnvelopeState.ON_HOLD)


def erase_content(envelope_id: int) -> bool:
    """Erase the files of an envelope and what is known of its people, when their clock has run out; True when that was done.

    Where it is still open it is called off first, the people are told, and the rest waits for their messages to leave.
    """
    with atomic():
        try:
            envelope = lock_envelope(envelope_id, content_erased=True, put_away=True)
        except NotFound:
            return False
        at = now(envelope.organization.clock_offset)
        if envelope.content_erased_at is not None or clocks.content_end(envelope) > at:
            clocks.wind(envelope, at)
            envelope.save()
            return False
        if _must_wait(envelope, at):
            return False
        if envelope.state in clocks.UNSENT:
            _erase(envelope, at)
            return True
        if envelope.state in OPEN:  # its API has no word for being called off
            lapse_open(envelope, at)
            envelope.state = EnvelopeState.EXPIRED
        audit.append(envelope, "content_erased", at, by=None)
        take_content(envelope, at)
        clocks.wind(envelope, at)
        envelope.save()
    return True


def erase_envelope(envelope_id: int, *, if_due: bool = False) -> bool:
    """Erase an envelope as a whole; True when that was done. A repetition has no effect."""
    with atomic():
        try:
            envelope = lock_envelope(envelope_id, content_erased=True, put_away=True)
        except NotFound:
            return False
        at = now(envelope.organization.clock_offset)
        if if_due:
            if clocks.envelope_end(envelope) > at:
                clocks.wind(envelope, at)
                envelope.save()
                return False
            if _must_wait(envelope, at):
                return False
        _erase(envelope, at)
        if envelope.collection is not None:
            _rewind(envelope.collection, at)
    return True


def erase_collection(collection_id: int, *, if_due: bool = False) -> bool:
    """Erase all envelopes of a collection, then the collection; True when that was done. A repetition goes on where it stopped."""
    if if_due and not _may_begin(collection_id):
        return False
    while True:
        with atomic():
            try:
                collection = lock_collection(collection_id)
            except NotFound:
                return False
            at = now(collection.organization.clock_offset)
            if if_due and not _is_due(collection, at):
                return False
            envelope = _rows(collection).first()
            if envelope is None:
                _erase_collection(collection, at)
                return True
            _erase(lock_envelope(envelope.pk, content_erased=True, put_away=True), at)


def _may_begin(collection_id: int) -> bool:
    """Is the collection due, and have all been told? What was only said in it goes meanwhile, when that is due."""
    with atomic():
        try:
            collection = lock_collection(collection_id)
        except NotFound:
            return False
        at = now(collection.organization.clock_offset)
        if not _is_due(collection, at):
            _erase_what_was_said(collection, at)
            return False
        if collection.delete_after is not None:  # who removed it has told those who should know
            return True
        waits = [
            _must_wait(lock_envelope(e.pk, content_erased=True, put_away=True), at) for e in _rows(collection)
        ]  # all are called off
        return not any(waits)


def _rows(collection: Collection) -> QuerySet[Envelope]:
    return collection.envelopes.filter(erased_at=None).order_by("pk")


def _is_due(collection: Collection, at: datetime) -> bool:
    if collection.delete_after is not None and collection.delete_after <= at:
        return True
    return clocks.collection_end(collection, collection.envelopes.select_related("collection")) <= at


def _erase_what_was_said(collection: Collection, at: datetime) -> None:
    """The clock of other content has run out while content is still kept in the collection."""
    months = collection.retention_other_months
    if months is not None and add_months(collection.created_at, months) <= at:
        Comment.objects.filter(collection=collection).delete()
    _rewind(collection, at)


def _rewind(collection: Collection, at: datetime) -> None:
    clocks.wind_collection(collection, collection.envelopes.select_related("collection"), at)


def _erase(envelope: Envelope, at: datetime) -> None:
    audit.append(envelope, "erased", at, by=None)
    take_all(envelope, at)


def _erase_collection(collection: Collection, at: datetime) -> None:
    Comment.objects.filter(collection=collection).delete()
    Grant.objects.filter(collection=collection).delete()
    outbox.erase_keyed(removal_key(collection))
    Collection.objects.filter(pk=collection.pk).update(
        title="", wire={}, erased_at=at, erase_at=None, delete_after=None
    )


def _must_wait(envelope: Envelope, at: datetime) -> bool:
    """Call off what is still open, where its API has a word for that; True while the people have not been told."""
    port = dialect(envelope.dialect)
    if envelope.state in OPEN and envelope.superseded_at is None and "cancel" in port.use_cases:
        call_off(envelope, at, by=None)
    return Message.objects.filter(
        envelope_id=envelope.pk, purpose="cancelled", state=Message.State.QUEUED
    ).exists()
