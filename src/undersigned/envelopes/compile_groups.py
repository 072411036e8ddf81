"""Compile a plan of groups, document by document, into people, steps, edges, assignments, fields and tickets.

One step in which everybody fills in, if anybody must, and one for each group of each document: the first groups wait for the filling, each
other group for the one before it in its document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from undersigned.delivery.models import Message
from undersigned.delivery.outbox import is_address
from undersigned.sealing.prepare import signature_field

from . import add_recipient, links, search
from .actor import Actor
from .add_recipient import NewRecipient
from .errors import Invalid
from .models import Assignment, Document, Envelope, Field, Recipient, Step, StepEdge
from .place_fields import SMALLEST
from .plan import Plan, PlannedDocument, PlannedField, PlannedRequest, PlannedSigner
from .policy import Policy

PLACES_MAX = 20
"""Of one signature on one document; each place is a signature of its own."""
Identity = tuple[str, ...]


def identity(signer: PlannedSigner) -> Identity:
    """Who is one person: the same user, or the same address with the same name and telephone; mailboxes may be shared."""
    if signer.user is not None:
        return (str(signer.user),)
    return tuple(t.strip().casefold() for t in (signer.email, signer.name, signer.surname, signer.phone))


def faults_of(plan: Plan, documents: Sequence[Document], policy: Policy) -> dict[str, list[str]]:
    """What hinders sending, by the plan's names, numbers from 0: documents.N.file required; documents.N.groups.G.signers.S.name required,
    .email required or invalid, .key already_used; documents.N.requests.R.signer unknown, .key already_used, .profile mixed, or not_offered
    for a file that is not a PDF; documents.N.fields.F.signer or .request unknown, .page no_such_page, .key already_used, too_many; requests required. Empty when nothing does.
    """
    faults: dict[str, list[str]] = {}
    planned = plan.documents or ()
    if not documents:
        faults["documents"] = ["required"]
    elif not any(p.requests for p in planned):
        faults["requests"] = ["required"]
    rows = {d.position: d for d in documents}
    for number, one in enumerate(planned):
        document = rows.get(one.document)
        at = f"documents.{number}"
        if document is None or document.original is None or document.original.blob_id is None:
            faults[f"{at}.file"] = ["required"]
        pages = document.original.pages if document is not None and document.original is not None else None
        faults |= {f"{at}.{path}": [code] for path, code in _faults_in(one, policy, pages)}
        if document is not None and document.by_statement:
            cades = [r for r, request in enumerate(one.requests) if request.profile == "cades"]
            faults |= {f"{at}.requests.{r}.profile": ["not_offered"] for r in cades}
    return faults


def _faults_in(one: PlannedDocument, policy: Policy, pages: int | None) -> Iterator[tuple[str, str]]:
    signers: set[str] = set()
    for g, group in enumerate(one.groups):
        for s, signer in enumerate(group.signers):
            at = f"groups.{g}.signers.{s}"
            if signer.key in signers:
                yield f"{at}.key", "already_used"
            signers.add(signer.key)
            if not f"{signer.name}{signer.surname}".strip():
                yield f"{at}.name", "required"
            if not signer.email.strip():
                if policy.invitation:
                    yield f"{at}.email", "required"
            elif not add_recipient.is_mail_address(signer.email.strip()):
                yield f"{at}.email", "invalid"
    requests: set[str] = set()
    for r, request in enumerate(one.requests):
        if request.signer not in signers:
            yield f"requests.{r}.signer", "unknown"
        if request.key in requests:
            yield f"requests.{r}.key", "already_used"
        requests.add(request.key)
        if request.profile != one.requests[0].profile:
            yield f"requests.{r}.profile", "mixed"
    fields: set[str] = set()
    for f, planned in enumerate(one.fields):
        if planned.key in fields:
            yield f"fields.{f}.key", "already_used"
        fields.add(planned.key)
        if planned.kind == "text" and planned.signer not in signers:
            yield f"fields.{f}.signer", "unknown"
        if planned.kind != "text" and planned.request is not None and planned.request not in requests:
            yield f"fields.{f}.request", "unknown"
        if pages is not None and not planned.invisible and not 1 <= planned.page <= pages:
            yield f"fields.{f}.page", "no_such_page"
    for r, request in enumerate(one.requests):
        if len(_places(one, request)) > PLACES_MAX:
            yield f"requests.{r}.fields", "too_many"


@dataclass
class _Made:
    """What is being made; written in a few statements at the end, however many people and fields there are."""

    assignments: list[Assignment] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    """Signature fields so far, by document and recipient."""


def compile_groups(
    actor: Actor, envelope: Envelope, plan: Plan, documents: Sequence[Document], at: datetime
) -> None:
    """Make it all for a locked draft. Raises Invalid: `faults_of`."""
    if faults := faults_of(plan, documents, Policy.model_validate(envelope.policy)):
        raise Invalid(faults)
    rows = {d.position: d for d in documents}
    people = _people(actor, envelope, plan, at)
    filling = any(f.to_fill for p in plan.documents or () for f in p.fields if f.kind == "text")
    steps = _steps(envelope, plan, filling=filling)
    made = _Made()
    for one in plan.documents or ():
        _set_format(rows[one.document], one)
        who = {s.key: people[identity(s)] for g in one.groups for s in g.signers}
        step_of = {s.key: steps[one.document, n] for n, g in enumerate(one.groups) for s in g.signers}
        document, mark = rows[one.document], rows[one.document].mark
        _texts(envelope, one, document, who, steps.get((0, 0)), made)
        for request in one.requests:
            _request(
                envelope, one, request, (document, mark), who[request.signer], step_of[request.signer], made
            )
    Assignment.objects.bulk_create(made.assignments)
    Field.objects.bulk_create(made.fields)
    links.issue_tickets(made.assignments, at)


def _set_format(document: Document, one: PlannedDocument) -> None:
    """Signatures in the PDF, or apart from it; a copy of another draft may say otherwise than its own plan."""
    cades = any(r.profile == "cades" for r in one.requests)
    wanted = Document.Format.CADES if cades else Document.Format.PADES
    if document.format != wanted and not document.by_statement:
        document.format = wanted
        document.save(update_fields=["format"])


def _people(actor: Actor, envelope: Envelope, plan: Plan, at: datetime) -> dict[Identity, Recipient]:
    found: dict[Identity, Recipient] = {}
    for signer in (s for p in plan.documents or () for g in p.groups for s in g.signers):
        if (who := identity(signer)) in found:
            continue
        phone = signer.phone if is_address(Message.Channel.SMS, signer.phone) else None
        new = NewRecipient(
            name=signer.name.strip() or signer.surname.strip(),
            surname=signer.surname if signer.name.strip() else "",
            email=signer.email,
            phone=phone,
            phone_as_given=signer.phone or None,
            language=signer.language or None,
            user=signer.user,
            channels=("email",) if signer.email.strip() else (),
            nameless=True,
        )
        number = len(found) + 1
        found[who] = add_recipient.put(actor, envelope, new, at, number, str(number))
    search.add(envelope, people=list(found.values()))
    return found


def _steps(envelope: Envelope, plan: Plan, *, filling: bool) -> dict[tuple[int, int], Step]:
    """By document and number of the group, from 0; the filling is (0, 0)."""
    steps: dict[tuple[int, int], Step] = {}
    if filling:
        steps[0, 0] = Step(envelope=envelope, position=0)
    for one in plan.documents or ():
        for number, group in enumerate(one.groups):
            steps[one.document, number] = Step(
                envelope=envelope, position=len(steps) + 1, label=group.label[:200]
            )
    Step.objects.bulk_create(steps.values())
    edges = []
    for (document, number), step in steps.items():
        former = steps.get((document, number - 1)) if number else steps.get((0, 0))
        if former is not None and former is not step:
            edges.append(StepEdge(step=step, depends_on=former))
    StepEdge.objects.bulk_create(edges)
    return steps


def _texts(
    envelope: Envelope,
    one: PlannedDocument,
    document: Document,
    who: dict[str, Recipient],
    step: Step | None,
    made: _Made,
) -> None:
    """Text fields, and for each person with some that must be filled in the assignment to do that."""
    fills: dict[int, Assignment] = {}
    for planned in one.fields:
        if planned.kind != "text" or planned.signer is None:
            continue
        recipient = who[planned.signer]
        if planned.to_fill and step is not None and recipient.pk not in fills:
            fills[recipient.pk] = Assignment(
                envelope=envelope,
                step=step,
                recipient=recipient,
                document=document,
                key="fill",
                action=Assignment.Action.FILL,
                decline_allowed=False,
                round=envelope.round,
            )
        row = _field(planned, document, Field.Kind.TEXT, recipient)
        row.required, row.value = planned.to_fill, planned.value or None
        made.fields.append(row)
    made.assignments += fills.values()


def _request(
    envelope: Envelope,
    one: PlannedDocument,
    request: PlannedRequest,
    marked: tuple[Document, str],
    recipient: Recipient,
    step: Step,
    made: _Made,
) -> None:
    """One signature that is asked for: an assignment and a field for each of its places, and the clauses that are accepted with it. One that
    is apart from the PDF has no place on a page."""
    document, mark = marked
    places: list[PlannedField | None] = [None]
    if not document.detached:
        places = [*_places(one, request)] or [None]
    first: Assignment | None = None
    for number, place in enumerate(places, start=1):
        row = Assignment(
            envelope=envelope,
            step=step,
            recipient=recipient,
            document=document,
            key=request.key,
            place=number,
            on_decline="waive" if request.may_be_left_out else "fatal",
            profile=request.profile,
            with_timestamp=request.with_timestamp,
            caption=request.caption[:500],
            sign_text=request.description,
            return_url=(request.return_url or "")[:2000],
            return_mode="" if request.return_url is None else "redirect",
            round=envelope.round,
        )
        first = first or row
        counted = (document.pk, recipient.pk)
        made.numbers[counted] = made.numbers.get(counted, 0) + 1
        key = signature_field(recipient.position, mark, made.numbers[counted])
        made.assignments.append(row)
        if place is None:
            field_row = Field(document=document, recipient=recipient, key=key, kind=Field.Kind.SIGNATURE)
            field_row.invisible = document.detached
        else:
            field_row = _field(place, document, Field.Kind.SIGNATURE, recipient, key)
        field_row.assignment = row
        made.fields.append(field_row)
    for planned in one.fields:
        if planned.kind == "clause" and _request_of(one, planned) is request:
            row_of_clause = _field(planned, document, Field.Kind.CLAUSE, recipient)
            row_of_clause.assignment = first
            made.fields.append(row_of_clause)


def _places(one: PlannedDocument, request: PlannedRequest) -> list[PlannedField]:
    return [f for f in one.fields if f.kind == "signature" and _request_of(one, f) is request]


def _request_of(one: PlannedDocument, planned: PlannedField) -> PlannedRequest | None:
    """The signature that a field belongs to: the one that it names, else the first that is asked of its signer."""
    if planned.request is not None:
        return next((r for r in one.requests if r.key == planned.request), None)
    return next((r for r in one.requests if r.signer == planned.signer), None)


def _field(
    planned: PlannedField, document: Document, kind: Field.Kind, recipient: Recipient, key: str | None = None
) -> Field:
    """The row of a planned field; a place that lies off the page, or is too small to be read, is moved onto it and made larger."""
    row = Field(
        document=document,
        recipient=recipient,
        key=key or planned.key,
        kind=kind,
        label=planned.text,
        invisible=planned.invisible,
        wire={"key": planned.key},
    )
    if not planned.invisible:
        w, h = (
            min(max(size, least), 100.0) for size, least in zip((planned.w, planned.h), SMALLEST, strict=True)
        )
        row.page, row.w, row.h = planned.page, w, h
        row.x, row.y = min(max(planned.x, 0.0), 100.0 - w), min(max(planned.y, 0.0), 100.0 - h)
    return row
