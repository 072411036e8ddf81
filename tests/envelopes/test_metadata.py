"""Fields, templates and what they say of envelopes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from undersigned.accounts.models import Organization, User
from undersigned.envelopes import audit, metadata, search
from undersigned.envelopes import metadata_templates as templates
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.edit_envelope import Letter, edit_letter
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.metadata import set_metadata
from undersigned.envelopes.metadata_templates import Chosen
from undersigned.envelopes.models import Envelope, MetadataField, MetadataTemplate, MetadataValue

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def fields(organization: Organization) -> dict[str, MetadataField]:
    kinds = {"Cost centre": "text", "Value": "number", "Ends": "date", "Responsible": "person"}
    return {kind: templates.add_field(organization, name, kind) for name, kind in kinds.items()}


@pytest.fixture
def template(organization: Organization, fields: dict[str, MetadataField]) -> MetadataTemplate:
    chosen = [Chosen(f.pub, required=kind == "text") for kind, f in fields.items()]
    return templates.add_template(organization, "Lease", chosen)


def faults(*arguments: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        set_metadata(*arguments)
    return refused.value.faults


def test_values_are_kept_by_their_kind(
    actor: Actor, draft: Envelope, template: MetadataTemplate, fields: dict[str, MetadataField]
) -> None:
    assert all(len(f.pub) == 24 and int(f.pub, 16) for f in [*fields.values(), template])
    given = {
        fields["text"].pub: " Harbour 4711 ",
        fields["number"].pub: "12000.50",
        fields["date"].pub: "2027-03-31T10:00:00",
        fields["person"].pub: "Matti Meikäläinen",
    }
    set_metadata(actor, draft.pk, template.pub, given)
    draft.refresh_from_db()
    assert [(e.field.name, e.shown) for e in metadata.described(draft)] == [
        ("Cost centre", "Harbour 4711"),
        ("Value", 12000.5),
        ("Ends", date(2027, 3, 31)),
        ("Responsible", "Matti Meikäläinen"),
    ]
    events = audit.trail(draft)
    assert (events[-1][0].kind, events[-1][1]["template"]) == ("metadata_set", "Lease")
    set_metadata(actor, draft.pk, template.pub, given)
    assert len(audit.trail(draft)) == len(events)
    set_metadata(actor, draft.pk, template.pub, {fields["text"].pub: "x", fields["number"].pub: 7})
    assert metadata.values_of([draft.pk]) == {draft.pk: {fields["text"].pk: "x", fields["number"].pk: 7}}
    set_metadata(actor, draft.pk, None, {})
    draft.refresh_from_db()
    assert (metadata.described(draft), MetadataValue.objects.count()) == ([], 0)


def test_all_that_is_wrong_is_said_at_once(
    actor: Actor, draft: Envelope, template: MetadataTemplate, fields: dict[str, MetadataField]
) -> None:
    text, number, day, person = (fields[k].pub for k in ("text", "number", "date", "person"))
    wrong = {number: "many", day: "31.3.2027", person: "x" * 301, "0" * 24: 1}
    assert faults(actor, draft.pk, template.pub, wrong) == {
        f"metadata.{text}": ["required"],
        f"metadata.{number}": ["invalid"],
        f"metadata.{day}": ["invalid"],
        f"metadata.{person}": ["too_long"],
        f"metadata.{'0' * 24}": ["unknown"],
    }
    for value in (["a"], {"value": 1}, 5, "two\nlines", True):
        assert faults(actor, draft.pk, template.pub, {text: value}) == {f"metadata.{text}": ["invalid"]}
    for value in (True, float("inf"), "1e400", 10**16, [1], "९" * 5000):
        assert faults(actor, draft.pk, template.pub, {text: "x", number: value}) == {
            f"metadata.{number}": ["invalid"]
        }
    assert faults(actor, draft.pk, None, {text: "x"}) == {"metadata_template": ["required"]}
    assert not MetadataValue.objects.exists()


def test_another_organisations_template_is_unknown(
    actor: Actor, draft: Envelope, template: MetadataTemplate
) -> None:
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    field = templates.add_field(elsewhere, "Cost centre")
    foreign = templates.add_template(elsewhere, "Lease", [Chosen(field.pub)])
    for pub in (foreign.pub, "0" * 24, "nonsense"):
        assert faults(actor, draft.pk, pub, {}) == {"metadata_template": ["unknown"]}
    with pytest.raises(Invalid) as refused:
        templates.add_template(actor.organization, "Mixed", [Chosen(field.pub)])
    assert refused.value.faults == {"fields": ["unknown"]}


def test_what_is_archived_is_chosen_by_nobody_and_stays_where_it_is(
    actor: Actor, draft: Envelope, template: MetadataTemplate, fields: dict[str, MetadataField]
) -> None:
    said = {fields["text"].pub: "x"}
    set_metadata(actor, draft.pk, template.pub, said)
    templates.archive(template, on=True)
    assert list(templates.in_use(actor.organization)) == []
    set_metadata(actor, draft.pk, template.pub, {fields["text"].pub: "y"})  # what has it may keep it
    set_metadata(actor, draft.pk, None, {})
    assert faults(actor, draft.pk, template.pub, said) == {"metadata_template": ["unknown"]}
    templates.archive(template, on=False)
    set_metadata(actor, draft.pk, template.pub, said)
    assert templates.used_by([template]) == {template.pk: 1}


def test_envelopes_are_found_by_what_is_said_of_them(
    actor: Actor, draft: Envelope, template: MetadataTemplate, fields: dict[str, MetadataField]
) -> None:
    set_metadata(actor, draft.pk, template.pub, {fields["text"].pub: "Satama", fields["number"].pub: 4711})

    def found(words: str) -> bool:
        return search.find(Envelope.objects.all(), actor.organization, words).exists()

    assert found("satam")
    assert found("4711 lease")
    edit_letter(draft.pk, Letter("Another title"))
    assert found("satama another")
    set_metadata(actor, draft.pk, None, {})
    assert not found("satama")


def test_names_are_checked_and_only_administrators_see_the_list(
    organization: Organization, user: User, template: MetadataTemplate, fields: dict[str, MetadataField]
) -> None:
    for name, fault in (
        ("", "required"),
        ("x" * 201, "too_long"),
        ("a\nb", "invalid"),
        ("Value", "already_used"),
    ):
        with pytest.raises(Invalid) as refused:
            templates.add_field(organization, name)
        assert refused.value.faults == {"name": [fault]}
    with pytest.raises(Invalid) as refused:
        templates.edit_template(template, "Lease", [])
    assert refused.value.faults == {"fields": ["required"]}
    with pytest.raises(Invalid):
        templates.edit_template(template, "Lease", [Chosen(fields["text"].pub)] * 2)
    templates.edit_template(template, "Lease of rooms", [Chosen(fields["date"].pub, required=True)])
    admin, nobody = (
        Actor.from_user(user),
        Actor.from_user(User.objects.create_user(organization, "otto", "x", name="Otto")),
    )
    assert [f.used_by for f in templates.fields_for(admin).filter(kind__in=["date", "text"])] == [0, 1]  # type: ignore[attr-defined]
    assert templates.get_template(admin, template.pub).name == "Lease of rooms"
    for ask in (templates.fields_for, templates.templates_for):
        with pytest.raises(NotFound):
            ask(nobody)
