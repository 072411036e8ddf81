"""A person fills in the form in a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from undersigned.base.db import atomic
from undersigned.files.forms import FormField
from undersigned.sealing.fill import can_print

from . import audit, doing, preparing
from .errors import Conflict, Invalid
from .models import Assignment, AssignmentState, Envelope, Field, Recipient, Sitting
from .progress import advance


def save(sitting: Sitting, document_id: int, values: Mapping[str, str]) -> None:
    """Keep what the person has entered so far, by field name; the rest of the form stays as it is.

    Raises Invalid (<field> unknown, read_only, too_long, not_an_option, unprintable; nothing is kept then), Conflict: not_identified,
    already_filled, or the standing of the person; NotFound.
    """
    doing.refuse_unidentified(sitting)
    with atomic():
        envelope, recipient, at = doing.locked_turn(sitting)
        assignment = _open(envelope, recipient, document_id)
        fields = {f.key: f for f in _fields(assignment)}
        faults: dict[str, list[str]] = {}
        changed = []
        for name, value in values.items():
            field = fields.get(name)
            if field is None:
                faults[name] = ["unknown"]
                continue
            form = FormField.model_validate(field.form)
            fault: str | None = "read_only" if form.read_only or form.hidden else form.fault(value)
            if fault is None and not can_print(form, value):
                fault = "unprintable"
            if fault:
                faults[name] = [fault]
            elif (field.value or "") != (entered := form.normal(value)):
                field.value, field.filled_at = entered or None, at
                changed.append(field)
        if faults:
            raise Invalid(faults)
        for field in changed:
            field.save(update_fields=["value", "filled_at"])


def finish(sitting: Sitting, document_id: int) -> None:
    """The form is filled in; its pages are made final by a job. A repetition has no effect.

    Raises Invalid (<field> required), Conflict: not_identified, or the standing of the person; NotFound.
    """
    doing.refuse_unidentified(sitting)
    filled = Assignment.objects.filter(
        recipient=sitting.recipient_id,
        document=document_id,
        action=Assignment.Action.FILL,
        state=AssignmentState.DONE,
    )
    with atomic():
        if filled.exists():
            return
        envelope, recipient, at = doing.locked_turn(sitting)
        assignment = _open(envelope, recipient, document_id)
        missing = {
            f.key: ["required"]
            for f in _fields(assignment)
            if not f.value and (form := FormField.model_validate(f.form)).required and not form.read_only
        }
        if missing:
            raise Invalid(missing)
        _settle(envelope, assignment, sitting, at)


def _settle(envelope: Envelope, assignment: Assignment, sitting: Sitting, at: datetime) -> None:
    doing.settle(assignment, at)
    audit.append(
        envelope,
        "filled",
        at,
        by=sitting,
        document_id=assignment.document_id,
        assignment_id=assignment.pk,
        values={f.key: f.value or "" for f in _fields(assignment)},
    )
    preparing.ask(envelope)
    advance(envelope, at)


def _open(envelope: Envelope, recipient: Recipient, document_id: int) -> Assignment:
    """The person's open assignment to fill in. Raises NotFound; Conflict (already_filled)."""
    assignment = doing.theirs(envelope, recipient, document_id=document_id, action=Assignment.Action.FILL)
    if assignment.state != AssignmentState.OPEN:
        raise Conflict("already_filled")
    return assignment


def _fields(assignment: Assignment) -> list[Field]:
    fields = Field.objects.filter(document=assignment.document_id, kind=Field.Kind.ACROFORM)
    return list(fields.order_by("pk"))
