"""Compile a draft's plan into steps, edges, assignments, fields and declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base import languages
from undersigned.sealing.prepare import signature_field

from .errors import Invalid
from .models import Assignment, Document, Envelope, Field, Recipient, Step, StepEdge
from .plan import Plan, PlannedAssignment, plan_of
from .policy import Policy

DECLARATION_KEY = " declaration"
"""Of the assignment to sign a declaration; no dialect's key begins with a blank."""


def compile_plan(
    envelope: Envelope, recipients: Sequence[Recipient], documents: Sequence[Document], at: datetime
) -> None:
    """One step a signer, joined as the plan says; in it what the plan says that they do, else a signature on every document.

    Raises Invalid: assignments.N.recipient or .document unknown, assignments.N already_used; recipients.<key> idle (nothing to do);
    after.<key> unknown, cyclic.
    """
    plan = plan_of(envelope)
    signers = [r for r in recipients if r.kind == Recipient.Kind.SIGNER]
    faults = _faults(plan, {r.key for r in signers}, len(documents))
    if faults:
        raise Invalid(faults)
    steps = {r.key: Step.objects.create(envelope=envelope, position=r.position) for r in signers}
    _join(plan, [r.key for r in signers], steps)
    if plan.assignments is None:
        for recipient in signers:
            for document in documents:
                assign(envelope, steps[recipient.key], recipient, document)
    else:
        people = {r.key: r for r in signers}
        for planned in plan.assignments:
            document = documents[planned.document - 1]
            assign(envelope, steps[planned.recipient], people[planned.recipient], document, planned)
    for recipient in signers:
        add_declaration(envelope, steps[recipient.key], recipient, at)


def _faults(plan: Plan, keys: set[str], documents: int) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    seen = set()
    for number, one in enumerate(plan.assignments or ()):
        if one.recipient not in keys:
            faults[f"assignments.{number}.recipient"] = ["unknown"]
        if not 1 <= one.document <= documents:
            faults[f"assignments.{number}.document"] = ["unknown"]
        mark = (one.recipient, one.document, one.key, one.action)
        if mark in seen:
            faults[f"assignments.{number}"] = ["already_used"]
        seen.add(mark)
    if plan.assignments is not None:
        busy = {one.recipient for one in plan.assignments}
        faults |= {f"recipients.{key}": ["idle"] for key in sorted(keys - busy)}
    for key, former in plan.after.items():
        if key not in keys or not keys.issuperset(former):
            faults[f"after.{key}"] = ["unknown"]
    faults |= {f"after.{key}": ["cyclic"] for key in cyclic(plan.after) if f"after.{key}" not in faults}
    return faults


def cyclic(after: Mapping[str, Sequence[str]]) -> list[str]:
    """Those of `after` that wait for themselves, directly or through others, in its order."""
    found = []
    for key in after:
        ahead, seen = list(after[key]), set()
        while ahead:
            one = ahead.pop()
            if one not in seen:
                seen.add(one)
                ahead += after.get(one, ())
        if key in seen:
            found.append(key)
    return found


def _join(plan: Plan, keys: Sequence[str], steps: Mapping[str, Step]) -> None:
    pairs = [(key, former) for key, others in plan.after.items() for former in dict.fromkeys(others)]
    if plan.ordered:
        pairs += [pair for pair in zip(keys[1:], keys, strict=False) if pair not in pairs]
    StepEdge.objects.bulk_create(StepEdge(step=steps[key], depends_on=steps[former]) for key, former in pairs)


def assign(
    envelope: Envelope,
    step: Step,
    recipient: Recipient,
    document: Document,
    planned: PlannedAssignment | None = None,
) -> list[Assignment]:
    """What one person does with one document in the envelope's round; of a signature, one for each place, with its field."""
    if planned is not None and planned.action != "sign":
        return [_row(envelope, step, recipient, document, planned, planned.key)]
    places = Field.objects.filter(document=document, recipient=recipient, kind=Field.Kind.SIGNATURE)
    fields = list(places.order_by("page", "y", "x", "pk")) or [
        Field(document=document, recipient=recipient, kind=Field.Kind.SIGNATURE)
    ]
    key = planned.key if planned is not None else "sign"
    rows = []
    for number, field in enumerate(fields, start=1):
        field.assignment = _row(envelope, step, recipient, document, planned, key, number)
        field.key = _field_key(document, recipient, number)
        field.save()
        rows.append(field.assignment)
    return rows


def _row(
    envelope: Envelope,
    step: Step,
    recipient: Recipient,
    document: Document,
    planned: PlannedAssignment | None,
    key: str,
    place: int = 1,
) -> Assignment:
    row = Assignment(
        envelope=envelope,
        step=step,
        recipient=recipient,
        document=document,
        key=key,
        place=place,
        on_decline=Policy.model_validate(envelope.policy).on_decline,
        round=envelope.round,
    )
    if planned is not None:
        row.action, row.caption, row.sign_text = planned.action, planned.caption, planned.sign_text
        row.to_archive, row.wire = planned.to_archive, dict(planned.wire)
    row.save(force_insert=True)
    return row


def _field_key(document: Document, recipient: Recipient, number: int) -> str:
    """Name of the field in the PDF; of a file that nobody has brought yet, a name that `name_fields` replaces."""
    if document.original_id is None and document.format != Document.Format.DECLARATION:
        return f"{recipient.position}.{number}"
    return signature_field(recipient.position, document.mark, number)


def name_fields(document: Document) -> None:
    """Give the signature fields of a document their names in the PDF, now that its file is there."""
    for field in Field.objects.filter(document=document, kind=Field.Kind.SIGNATURE).select_related(
        "recipient"
    ):
        number = int(field.key.rpartition(".")[2])
        assert field.recipient is not None  # made by `assign`
        field.key = signature_field(field.recipient.position, document.mark, number)
        field.save(update_fields=["key"])


def add_declaration(envelope: Envelope, step: Step, recipient: Recipient, at: datetime) -> Assignment | None:
    """For somebody who may sign by a statement: the page that names what else they sign, to be signed with it. None when not needed."""
    if not any(way.statement for way in recipient.identity.sign_ways):
        return None
    signs = Assignment.objects.filter(
        recipient=recipient, round=envelope.round, action=Assignment.Action.SIGN
    )
    if not signs.exists():
        return None
    last = envelope.documents.order_by("-position").values_list("position", flat=True).first()
    with translation.override(languages.spoken(recipient.language)):
        title = _("Declaration")
    document = Document.objects.create(
        envelope=envelope,
        position=(last or 0) + 1,
        title=title,
        format=Document.Format.DECLARATION,
        created_at=at,
    )
    planned = PlannedAssignment(recipient=recipient.key, document=document.position, key=DECLARATION_KEY)
    return assign(envelope, step, recipient, document, planned)[0]
