"""A person fills in: the form that a document brought along, or the text fields that the sender put on its pages for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.forms import FormField
from undersigned.sealing.fill import can_print

from . import access, audit, doing, messages, preparing, text_field
from .actor import Actor
from .errors import Conflict, Invalid, NotFound
from .locks import lock_envelope
from .models import Assignment, AssignmentState, Envelope, EnvelopeState, Field, Recipient, Sitting
from .progress import advance


def save(sitting: Sitting, document_id: int, values: Mapping[str, str]) -> None:
    """Keep what the person has entered so far, by field key; the rest stays as it is.

    Raises Invalid (<field> unknown, read_only, too_long, not_an_option, unprintable; nothing is kept then), Conflict: not_identified,
    already_filled, or the standing of the person; NotFound.
    """
    doing.refuse_unidentified(sitting)
    with atomic():
        envelope, recipient, at = doing.locked_turn(sitting)
        assignment = _open(envelope, recipient, document_id)
        _keep({f.key: f for f in fields_of(assignment)}, values, at)


def _keep(fields: Mapping[str, Field], values: Mapping[str, str], at: datetime) -> None:
    faults: dict[str, list[str]] = {}
    changed = []
    for name, value in values.items():
        field = fields.get(name)
        fault, entered = ("unknown", "") if field is None else _checked(field, value)
        if fault:
            faults[name] = [fault]
        elif field is not None and (field.value or "") != entered:
            field.value, field.filled_at = entered or None, at
            changed.append(field)
    if faults:
        raise Invalid(faults)
    for field in changed:
        field.save(update_fields=["value", "filled_at"])


def _checked(field: Field, value: str) -> tuple[str, str]:
    """What is wrong with a value, and how it is kept."""
    if field.kind == Field.Kind.TEXT:
        return text_field.entered(value)
    form = FormField.model_validate(field.form)
    fault = "read_only" if form.read_only or form.hidden else form.fault(value)
    if fault:
        return fault, ""
    return "" if can_print(form, value) else "unprintable", form.normal(value)


def finish(sitting: Sitting, document_id: int) -> None:
    """All is filled in; the document's pages are made final by a job. A repetition has no effect.

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
        missing = _missing(assignment)
        if missing:
            raise Invalid({key: ["required"] for key in missing})
        _settle(envelope, assignment, sitting, at)


def fill_field(actor: Actor, envelope_id: int, document_id: int, key: str, value: str) -> None:
    """A program, or the user whose field it is, fills in one text field; with the last that a person must fill in their part is done.

    Only the field's person, the envelope's owner and who may change anybody's envelopes may do so. Raises Invalid (key unknown; value
    too_long, unprintable, required), Conflict (not_filling: it is not the time for it), Forbidden, NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        at = now(envelope.organization.clock_offset)
        field = (
            Field.objects.filter(
                document=document_id, document__envelope=envelope, key=key, kind=Field.Kind.TEXT
            )
            .select_related("recipient")
            .first()
        )
        if field is None or field.recipient is None:
            raise Invalid({"key": ["unknown"]})
        if field.recipient.user_id != actor.user.pk:
            access.refuse_unless_may_change(actor, envelope)
        assignment = _fill_of(envelope, field)
        if (
            envelope.state != EnvelopeState.SENT
            or assignment is None
            or assignment.state != AssignmentState.OPEN
        ):
            raise Conflict("not_filling")
        if field.required and not value.strip():
            raise Invalid({"value": ["required"]})
        try:
            _keep({key: field}, {key: value}, at)
        except Invalid as e:
            raise Invalid({"value": e.faults[key]}) from e
        if not _missing(assignment):
            _settle(envelope, assignment, actor, at)


def _fill_of(envelope: Envelope, field: Field) -> Assignment | None:
    """What the field's person has to fill in on the same document; a field that may stay empty waits for it, too."""
    assert field.recipient is not None
    try:
        return doing.theirs(
            envelope, field.recipient, document_id=field.document_id, action=Assignment.Action.FILL
        )
    except NotFound:
        return None


def _settle(envelope: Envelope, assignment: Assignment, by: Actor | Sitting, at: datetime) -> None:
    doing.settle(assignment, at)
    audit.append(
        envelope,
        "filled",
        at,
        by=by,
        recipient=assignment.recipient,
        document_id=assignment.document_id,
        assignment_id=assignment.pk,
        values={f.key: f.value or "" for f in fields_of(assignment)},
    )
    preparing.ask(envelope)
    messages.announce_event(envelope, "filled", assignment.recipient, at, [assignment])
    advance(envelope, at)


def _open(envelope: Envelope, recipient: Recipient, document_id: int) -> Assignment:
    """The person's open assignment to fill in. Raises NotFound; Conflict (already_filled)."""
    assignment = doing.theirs(envelope, recipient, document_id=document_id, action=Assignment.Action.FILL)
    if assignment.state != AssignmentState.OPEN:
        raise Conflict("already_filled")
    return assignment


def fields_of(assignment: Assignment) -> QuerySet[Field]:
    """What is filled in with it: the document's own form, and the text fields of its person."""
    theirs = Q(kind=Field.Kind.TEXT, recipient=assignment.recipient_id)
    found = Field.objects.filter(Q(kind=Field.Kind.ACROFORM) | theirs, document=assignment.document_id)
    return found.order_by("pk")


def _missing(assignment: Assignment) -> list[str]:
    """Keys of what must be filled in and is not."""
    return [f.key for f in fields_of(assignment) if not f.value and _required(f)]


def _required(field: Field) -> bool:
    if field.kind == Field.Kind.TEXT:
        return field.required
    form = FormField.model_validate(field.form)
    return form.required and not form.read_only
