"""The fields and templates that an organisation's administrators make for describing envelopes.

What is in use is never deleted, only archived: nobody chooses it any more, and what it says on envelopes stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, QuerySet

from undersigned.accounts.models import Organization, User
from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line

from .actor import Actor
from .errors import Invalid, NotFound
from .models import Envelope, MetadataField, MetadataTemplate, MetadataTemplateField

T = TypeVar("T")
NAME_MAX = 200
FIELDS_MAX = 50
"""In one template."""


@dataclass(frozen=True)
class Chosen:
    """A field for a template, by its public id."""

    pub: str
    required: bool = False


def add_field(organization: Organization, name: str, kind: str = MetadataField.Kind.TEXT) -> MetadataField:
    """Raises Invalid: name required, too_long, invalid, already_used; kind invalid."""
    if kind not in MetadataField.Kind.values:
        raise Invalid({"kind": ["invalid"]})
    with atomic():
        at = now(organization.clock_offset)
        return MetadataField.objects.create(
            organization=_locked(organization),
            pub=new_pub(at),
            name=_checked_name(organization, MetadataField, name),
            kind=kind,
            created_at=at,
        )


def rename_field(field: MetadataField, name: str) -> None:
    """Its kind stays: envelopes have values of it. Raises Invalid as `add_field`."""
    with atomic():
        organization = _locked(field.organization)
        field.name = _checked_name(organization, MetadataField, name, field.pk)
        field.save(update_fields=["name"])


def add_template(organization: Organization, name: str, fields: Sequence[Chosen]) -> MetadataTemplate:
    """Raises Invalid: name required, too_long, invalid, already_used; fields required, unknown, already_used, too_many."""
    with atomic():
        at = now(organization.clock_offset)
        template = MetadataTemplate.objects.create(
            organization=_locked(organization),
            pub=new_pub(at),
            name=_checked_name(organization, MetadataTemplate, name),
            created_at=at,
        )
        _put(template, fields)
    return template


def edit_template(template: MetadataTemplate, name: str, fields: Sequence[Chosen]) -> None:
    """Envelopes that it describes keep their values; those of a field that is taken out are shown no more. Raises as `add_template`."""
    with atomic():
        organization = _locked(template.organization)
        template.name = _checked_name(organization, MetadataTemplate, name, template.pk)
        template.save(update_fields=["name"])
        MetadataTemplateField.objects.filter(template=template).delete()
        _put(template, fields)


def archive(thing: MetadataField | MetadataTemplate, *, on: bool) -> None:
    """Out of use, or back in use."""
    thing.archived_at = now(thing.organization.clock_offset) if on else None
    thing.save(update_fields=["archived_at"])


def fields_for(actor: Actor) -> QuerySet[MetadataField]:
    """The organisation's fields, those in use first; `used_by` counts the templates that have it. For an administrator: NotFound for others."""
    _refuse_unless_admin(actor)
    rows = MetadataField.objects.filter(organization=actor.organization)
    return rows.annotate(used_by=Count("places")).order_by("archived_at", "name", "pk")


def templates_for(actor: Actor) -> QuerySet[MetadataTemplate]:
    """As `fields_for`, with the fields of each; how many envelopes each describes is in `used_by`."""
    _refuse_unless_admin(actor)
    rows = MetadataTemplate.objects.filter(organization=actor.organization)
    return rows.prefetch_related("places__field").order_by("archived_at", "name", "pk")


def used_by(templates: Sequence[MetadataTemplate]) -> dict[int, int]:
    """How many envelopes each template describes, in one query."""
    rows = Envelope.objects.filter(metadata_template__in=templates, deleted_at=None, erased_at=None)
    return dict(rows.order_by().values_list("metadata_template").annotate(n=Count("pk")))


def in_use(organization: Organization) -> QuerySet[MetadataTemplate]:
    """Templates that anybody of the organisation may choose."""
    return MetadataTemplate.objects.filter(organization=organization, archived_at=None).order_by("name", "pk")


def get_field(actor: Actor, pub: str) -> MetadataField:
    """Raises NotFound."""
    return _one(fields_for(actor).filter(pub=pub).first())


def get_template(actor: Actor, pub: str) -> MetadataTemplate:
    """Raises NotFound."""
    return _one(templates_for(actor).filter(pub=pub).first())


def new_pub(at: datetime) -> str:
    """24 hexadecimal digits: the second of its making, then 64 random bits."""
    return f"{int(at.timestamp()):08x}{secrets.token_hex(8)}"


def _one(found: T | None) -> T:
    if found is None:
        raise NotFound
    return found


def _refuse_unless_admin(actor: Actor) -> None:
    if actor.user.role != User.Role.ADMIN:
        raise NotFound


def _locked(organization: Organization) -> Organization:
    """Two who make the same name at a time follow each other."""
    return Organization.objects.select_for_update().get(pk=organization.pk)


def _checked_name(
    organization: Organization,
    of: type[MetadataField] | type[MetadataTemplate],
    name: str,
    but: int | None = None,
) -> str:
    name = name.strip()
    if not name:
        raise Invalid({"name": ["required"]})
    if len(name) > NAME_MAX:
        raise Invalid({"name": ["too_long"]})
    if not is_one_line(name):
        raise Invalid({"name": ["invalid"]})
    same = of.objects.filter(organization=organization, name=name)
    if same.exclude(pk=but or 0).exists():
        raise Invalid({"name": ["already_used"]})
    return name


def _put(template: MetadataTemplate, fields: Sequence[Chosen]) -> None:
    if not fields:
        raise Invalid({"fields": ["required"]})
    if len(fields) > FIELDS_MAX:
        raise Invalid({"fields": ["too_many"]})
    pubs = [f.pub for f in fields]
    known = {
        f.pub: f for f in MetadataField.objects.filter(organization=template.organization_id, pub__in=pubs)
    }
    if set(pubs) - set(known):
        raise Invalid({"fields": ["unknown"]})
    if len(known) < len(pubs):
        raise Invalid({"fields": ["already_used"]})
    MetadataTemplateField.objects.bulk_create(
        MetadataTemplateField(template=template, field=known[f.pub], position=position, required=f.required)
        for position, f in enumerate(fields, start=1)
    )
