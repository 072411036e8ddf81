"""Say where on the pages of a draft's document its signers sign.

Each place becomes a signature field of its own with one widget, and a signature of its own: a signature has exactly one place
(ISO 32000-2, 12.7.5.5), and nothing may be drawn onto pages once somebody has signed. That stays valid in every validator, and costs
one signature a place; hence the limit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from undersigned.base.db import atomic

from .drafts import locked_draft
from .errors import Invalid, NotFound
from .models import Field, Recipient

PLACES_MAX = 20
"""Of one signer on one document."""
TOTAL_MAX = 60
"""On one document."""
SMALLEST = (5.0, 2.0)
"""Width and height in percent of the page under which nothing can be read."""


@dataclass(frozen=True)
class FieldPlace:
    """A signature's place: page from 1, the rest in percent of the page as shown, from its upper left corner."""

    recipient: int
    page: int
    x: float
    y: float
    w: float
    h: float


def place_fields(envelope_id: int, document_id: int, places: Sequence[FieldPlace]) -> None:
    """Replace all places on one document; the last write wins.

    Raises Invalid: fields too_many; "0", "1"… (the place's number) with outside, too_small, no_such_page, not_signer. Conflict
    (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        document = (
            envelope.documents.filter(pk=document_id, removed_at=None).select_related("original").first()
        )
        if document is None:
            raise NotFound
        signers = set(envelope.recipients.filter(kind=Recipient.Kind.SIGNER).values_list("pk", flat=True))
        faults = {
            str(number): [fault]
            for number, place in enumerate(places)
            if (fault := _fault(place, document.brought.pages or 0, signers))
        }
        of_each = Counter(p.recipient for p in places)
        if len(places) > TOTAL_MAX or any(n > PLACES_MAX for n in of_each.values()):
            faults["fields"] = ["too_many"]
        if faults:
            raise Invalid(faults)
        Field.objects.filter(document=document).delete()
        Field.objects.bulk_create(
            Field(
                document=document,
                recipient_id=p.recipient,
                key=f"place {number}",  # its name in the PDF comes at `send`
                kind=Field.Kind.SIGNATURE,
                page=p.page,
                x=p.x,
                y=p.y,
                w=p.w,
                h=p.h,
            )
            for number, p in enumerate(places)
        )
        envelope.save(update_fields=["updated_at"])


def _fault(place: FieldPlace, pages: int, signers: set[int]) -> str:
    if place.recipient not in signers:
        return "not_signer"
    return fault_of_place(place.page, place.x, place.y, place.w, place.h, pages)


def fault_of_place(page: int, x: float, y: float, w: float, h: float, pages: int) -> str:
    """What is wrong with a place that somebody draws: no_such_page, outside, too_small, or nothing."""
    if not 1 <= page <= pages:
        return "no_such_page"
    if not all(math.isfinite(v) for v in (x, y, w, h)):
        return "outside"
    if w < SMALLEST[0] or h < SMALLEST[1]:
        return "too_small"
    rounding = 0.01
    if min(x, y) < 0 or max(x + w, y + h) > 100 + rounding:
        return "outside"
    return ""
