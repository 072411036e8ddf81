"""The sitting behind a visit, and what may be done in it: read, or what only somebody who proved who they are may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist

from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Sitting
from undersigned.envelopes.open_sitting import find_sitting
from undersigned.envelopes.proofs import may_read

from .gateway import Gone, Visit


@contextmanager
def or_gone() -> Iterator[None]:
    """What is erased in the middle of an action is gone; nothing was done."""
    try:
        yield
    except (NotFound, ObjectDoesNotExist) as e:
        raise Gone from e


def sitting_of(visit: Visit) -> Sitting:
    found = find_sitting(visit.room_id, visit.secret)
    if found is None:
        raise Gone
    return found


def reading(visit: Visit) -> Sitting:
    found = sitting_of(visit)
    if not may_read(found):
        raise Gone
    return found


def identified(visit: Visit) -> Sitting:
    found = sitting_of(visit)
    if found.identified_at is None or found.ended_at is not None:
        raise Gone
    return found
