"""What an organisation wants to know of an envelope: values for the fields of one of its templates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line

from . import audit, search
from .actor import Actor
from .errors import Invalid
from .locks import lock_envelope
from .models import Envelope, MetadataField, MetadataTemplate, MetadataValue

TEXT_MAX = 1000
PERSON_MAX = 300
NUMBER_MAX = 10**15
"""Beyond it a number is not the same in every program (IEEE 754)."""


@dataclass(frozen=True)
class Entry:
    """A field as a template has it, and the envelope's value: text, a number, or a date as `2027-03-31`; None where there is none."""

    field: MetadataField
    required: bool
    value: str | int | float | None = None

    @property
    def shown(self) -> Any:
        """The value as people and sheets want it: a date as a date."""
        if self.field.kind == MetadataField.Kind.DATE and isinstance(self.value, str):
            return date.fromisoformat(self.value)
        return self.value


def set_metadata(
    actor: Actor, envelope_id: int, template_pub: str | None, values: Mapping[str, Any]
) -> Envelope:
    """Describe an envelope by a template: `values` maps public ids of its fields to plain values; what is not named is cleared.

    Without a template all is cleared. An archived template stays good for envelopes that have it. The same again has no effect.
    Raises Invalid: `metadata_template` required or unknown, `metadata.<field>` unknown (no field of the template), required, invalid,
    too_long; NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        template = _template(envelope, template_pub, values)
        entries = [] if template is None else _checked(template, values)
        given = {e.field.pk: e.value for e in entries if e.value is not None}
        before = dict(MetadataValue.objects.filter(envelope=envelope).values_list("field_id", "value"))
        if before == given and envelope.metadata_template_id == (template.pk if template else None):
            return envelope
        MetadataValue.objects.filter(envelope=envelope).delete()
        MetadataValue.objects.bulk_create(
            MetadataValue(envelope=envelope, field_id=field, value=value) for field, value in given.items()
        )
        envelope.metadata_template = template
        envelope.save(update_fields=["metadata_template", "updated_at"])
        search.rebuild(envelope)
        audit.append(
            envelope,
            "metadata_set" if template else "metadata_cleared",
            now(envelope.organization.clock_offset),
            by=actor,
            template=template.name if template else None,
            values={e.field.name: str(e.value) for e in entries if e.value is not None},
        )
    return envelope


def check(envelope: Envelope, template_pub: str | None, values: Mapping[str, Any]) -> None:
    """Raise Invalid as `set_metadata` would; the envelope need not be stored yet."""
    template = _template(envelope, template_pub, values)
    if template is not None:
        _checked(template, values)


def entries_of(template: MetadataTemplate, envelope: Envelope | None = None) -> list[Entry]:
    """The template's fields in order, with the envelope's values."""
    values = (
        dict(MetadataValue.objects.filter(envelope=envelope).values_list("field_id", "value"))
        if envelope is not None
        else {}
    )
    places = template.places.select_related("field").order_by("position", "pk")
    return [Entry(p.field, p.required, values.get(p.field_id)) for p in places]


def described(envelope: Envelope) -> list[Entry]:
    """What is said of an envelope, in the template's order; empty without one."""
    template = envelope.metadata_template
    return [] if template is None else entries_of(template, envelope)


def values_of(envelopes: Iterable[int]) -> dict[int, dict[int, Any]]:
    """For lists and sheets: values by envelope and field, in one query."""
    found: dict[int, dict[int, Any]] = {}
    for envelope, field, value in MetadataValue.objects.filter(envelope__in=list(envelopes)).values_list(
        "envelope_id", "field_id", "value"
    ):
        found.setdefault(envelope, {})[field] = value
    return found


def _template(envelope: Envelope, pub: str | None, values: Mapping[str, Any]) -> MetadataTemplate | None:
    if not pub:
        if values:
            raise Invalid({"metadata_template": ["required"]})
        return None
    found = MetadataTemplate.objects.filter(organization=envelope.organization_id, pub=pub).first()
    if found is None or (found.archived_at is not None and found.pk != envelope.metadata_template_id):
        raise Invalid({"metadata_template": ["unknown"]})
    return found


def _checked(template: MetadataTemplate, values: Mapping[str, Any]) -> list[Entry]:
    places = list(template.places.select_related("field").order_by("position", "pk"))
    faults = {f"metadata.{pub}": ["unknown"] for pub in set(values) - {p.field.pub for p in places}}
    entries = []
    for place in places:
        given = values.get(place.field.pub)
        try:
            value = None if given is None or given == "" else _value(place.field.kind, given)
        except _Wrong as e:
            faults[f"metadata.{place.field.pub}"] = [e.code]
            continue
        if value is None and place.required:
            faults[f"metadata.{place.field.pub}"] = ["required"]
        entries.append(Entry(place.field, place.required, value))
    if faults:
        raise Invalid(faults)
    return entries


class _Wrong(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _value(kind: str, given: Any) -> str | int | float | None:
    match kind:
        case MetadataField.Kind.NUMBER:
            return _number(given)
        case MetadataField.Kind.DATE:
            return _date(given)
        case MetadataField.Kind.PERSON:
            return _text(given, PERSON_MAX)
    return _text(given, TEXT_MAX)


def _text(given: Any, most: int) -> str | None:
    if not isinstance(given, str):
        raise _Wrong("invalid")
    text = given.strip()
    if len(text) > most:
        raise _Wrong("too_long")
    if not is_one_line(text):
        raise _Wrong("invalid")
    return text or None


def _number(given: Any) -> int | float | None:
    if isinstance(given, str):
        given = given.strip().replace("\u00a0", "").replace(" ", "")
        if not given:
            return None
        try:
            given = float(given) if any(c in given for c in ".eE") else int(given)
        except ValueError as e:
            raise _Wrong("invalid") from e
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _Wrong("invalid")
    if not math.isfinite(given) or abs(given) > NUMBER_MAX:
        raise _Wrong("invalid")
    return given


def _date(given: Any) -> str:
    """ISO 8601; of a time only its date."""
    if isinstance(given, datetime):
        given = given.date()
    if isinstance(given, date):
        return given.isoformat()
    if not isinstance(given, str):
        raise _Wrong("invalid")
    try:
        return datetime.fromisoformat(given.strip()).date().isoformat()
    except ValueError as e:
        raise _Wrong("invalid") from e
