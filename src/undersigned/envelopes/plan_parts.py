"""Say which parts a template has, in order, and what each of them finds on the pages: the same parts for every document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from undersigned.base.db import atomic
from undersigned.base.text import is_one_line
from undersigned.sealing.pdf.text import is_drawable

from .drafts import locked_draft
from .errors import Invalid, NotFound
from .models import Document, Envelope
from .place_fields import PLACES_MAX, TOTAL_MAX, fault_of_place
from .plan import Plan, PlannedDocument, PlannedField, PlannedGroup, PlannedRequest, PlannedSigner, plan_of
from .roles import is_open, key_of, name_of, signers_of

PARTS_MAX = 20
PART_NAME_MAX = 100
TEXT_NAME_MAX = 200
CLAUSE_MAX = 5000


@dataclass(frozen=True)
class Part:
    """`key`: "" for a new one; one that is known keeps its places under another name."""

    name: str
    key: str = ""


@dataclass(frozen=True)
class PlannedPlace:
    """A place on a page, in percent of it. `part`: its key. `text`: what a text field is called, or what a clause says."""

    part: str
    page: int
    x: float
    y: float
    w: float
    h: float
    kind: Literal["signature", "text", "clause"] = "signature"
    text: str = ""
    must: bool = False
    """Of a text: it must be filled in before anybody signs."""


def parts_of(envelope: Envelope) -> list[Part]:
    """In order."""
    found = {s.key: Part(name_of(s), s.key) for s in signers_of(plan_of(envelope).documents or ())}
    return list(found.values())


def is_ordered(envelope: Envelope) -> bool:
    """Do they sign one after the other?"""
    return any(len(d.groups) > 1 for d in plan_of(envelope).documents or ())


def is_drawn(envelope: Envelope) -> bool:
    """Is it as these use cases make it? What a program has planned otherwise is for the program to change."""
    documents = plan_of(envelope).documents or ()
    return all(
        d.groups == documents[0].groups
        and [r.key for r in d.requests] == [r.signer for r in d.requests] == [s.key for s in signers_of([d])]
        and all(f.signer is not None for f in d.fields)
        and all(is_open(s) and name_of(s) for s in signers_of([d]))
        for d in documents
    )


def set_parts(envelope_id: int, parts: Sequence[Part], *, ordered: bool) -> Envelope:
    """Make these the parts of a draft, on each of its documents; places of those that are gone go with them.

    Raises Invalid: parts required, too_many; "0", "1"… (the part's number) required, too_long, invalid, already_used; Conflict
    (already_sent), NotFound.
    """
    parts = [Part(p.name.strip(), p.key) for p in parts]
    faults = {str(n): [f] for n, p in enumerate(parts) if (f := _fault_of_name(p.name))}
    names = Counter(key_of(p.name) for p in parts)
    for number, part in enumerate(parts):
        if names[key_of(part.name)] > 1:
            faults.setdefault(str(number), ["already_used"])
    if not parts:
        faults["parts"] = ["required"]
    elif len(parts) > PARTS_MAX:
        faults["parts"] = ["too_many"]
    if faults:
        raise Invalid(faults)
    with atomic():
        envelope = locked_draft(envelope_id)
        known = {p.key for p in parts_of(envelope)}
        free = (str(n) for n in range(len(known) + len(parts)) if str(n) not in known)
        keyed = [p if p.key in known else Part(p.name, next(free)) for p in parts]
        _store(envelope, keyed, ordered=ordered)
    return envelope


def spread_parts(envelope_id: int) -> None:
    """Give documents that have come since the same parts as the others. Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        _store(envelope, parts_of(envelope), ordered=is_ordered(envelope))


def _fault_of_name(name: str) -> str:
    if not name:
        return "required"
    if len(name) > PART_NAME_MAX:
        return "too_long"
    # A dot parts the name from what is said of the person in the heading of a sheet.
    return "" if is_one_line(name) and is_drawable(name) and "." not in name else "invalid"


def _store(envelope: Envelope, parts: Sequence[Part], *, ordered: bool) -> None:
    signers = [PlannedSigner(key=p.key, label=p.name, role=p.name) for p in parts]
    groups = (
        tuple(PlannedGroup(signers=(s,)) for s in signers)
        if ordered
        else (PlannedGroup(signers=tuple(signers)),) * bool(signers)
    )
    former = {d.document: d for d in plan_of(envelope).documents or ()}
    keys = {p.key for p in parts}
    positions = envelope.documents.filter(removed_at=None).order_by("position")
    planned = tuple(
        PlannedDocument(
            document=position,
            groups=groups,
            requests=tuple(PlannedRequest(key=p.key, signer=p.key, caption=p.name) for p in parts),
            fields=tuple(f for f in former[position].fields if f.signer in keys)
            if position in former
            else (),
        )
        for position in positions.values_list("position", flat=True)
    )
    envelope.plan = Plan(documents=planned).model_dump(mode="json", exclude_defaults=True)
    envelope.save(update_fields=["plan", "updated_at"])


def planned_places(envelope: Envelope, document: Document) -> list[PlannedPlace]:
    """What is on a document's pages, in order."""
    found = next((d for d in plan_of(envelope).documents or () if d.document == document.position), None)
    return [
        PlannedPlace(f.signer or "", f.page, f.x, f.y, f.w, f.h, f.kind, f.text, f.to_fill)
        for f in (found.fields if found else ())
    ]


def place_planned(envelope_id: int, document_id: int, places: Sequence[PlannedPlace]) -> None:
    """Replace all places on one document; the last write wins.

    Raises Invalid: fields too_many; "0", "1"… (the place's number) with not_signer, outside, too_small, no_such_page, no_name, too_long,
    unprintable. Conflict (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        document = (
            envelope.documents.filter(pk=document_id, removed_at=None).select_related("original").first()
        )
        if document is None:
            raise NotFound
        keys = {p.key for p in parts_of(envelope)}
        pages = document.brought.pages or 0
        faults = {str(n): [f] for n, p in enumerate(places) if (f := _fault(p, pages, keys))}
        signatures = Counter(p.part for p in places if p.kind == "signature")
        if len(places) > TOTAL_MAX or any(n > PLACES_MAX for n in signatures.values()):
            faults["fields"] = ["too_many"]
        if faults:
            raise Invalid(faults)
        fields = tuple(_field(str(n), p) for n, p in enumerate(places))
        plan = plan_of(envelope)
        documents = tuple(
            d.model_copy(update={"fields": fields}) if d.document == document.position else d
            for d in plan.documents or ()
        )
        envelope.plan = plan.model_copy(update={"documents": documents}).model_dump(
            mode="json", exclude_defaults=True
        )
        envelope.save(update_fields=["plan", "updated_at"])


def _fault(place: PlannedPlace, pages: int, keys: set[str]) -> str:
    if place.part not in keys:
        return "not_signer"
    if fault := fault_of_place(place.page, place.x, place.y, place.w, place.h, pages):
        return fault
    text = place.text.strip()
    if place.kind == "signature":
        return ""
    if not text:
        return "no_name"
    if len(text) > (TEXT_NAME_MAX if place.kind == "text" else CLAUSE_MAX):
        return "too_long"
    return "" if is_drawable(text.replace("\n", " ")) else "unprintable"


def _field(key: str, place: PlannedPlace) -> PlannedField:
    text = "" if place.kind == "signature" else place.text.strip()
    return PlannedField(
        key=key,
        kind=place.kind,
        signer=place.part,
        request=None if place.kind == "text" else place.part,
        page=place.page,
        x=place.x,
        y=place.y,
        w=place.w,
        h=place.h,
        to_fill=place.kind == "text" and place.must,
        text=text,
    )
