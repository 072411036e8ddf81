"""Metadata in the console: made by administrators, filled in by senders, seen on envelopes and in the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from undersigned.envelopes.actor import Actor
from undersigned.envelopes.metadata import set_metadata
from undersigned.envelopes.metadata_templates import Chosen, add_field, add_template
from undersigned.envelopes.models import MetadataField, MetadataTemplate

from .world import World


@pytest.fixture
def template(world: World) -> MetadataTemplate:
    board = world.owner.organization
    kinds = {"Cost centre": "text", "Rent": "number", "Ends": "date"}
    fields = [add_field(board, name, kind) for name, kind in kinds.items()]
    return add_template(
        board, "Lease", [Chosen(fields[0].pub, required=True), *(Chosen(f.pub) for f in fields[1:])]
    )


def pub(name: str) -> str:
    return MetadataField.objects.get(name=name).pub


def test_an_administrator_makes_fields_and_a_template(world: World, visit: Callable[[str], Client]) -> None:
    admin = visit("admin")
    to_field, to_template = reverse("console:metadata-field-new"), reverse("console:metadata-template-new")
    assert "No template yet" in admin.get(reverse("console:metadata")).content.decode()
    for name, kind in (("Cost centre", "text"), ("Rent", "number")):
        assert admin.post(to_field, {"name": name, "kind": kind}).status_code == 302
    again = admin.post(to_field, {"name": "Rent", "kind": "text"})
    assert (again.status_code, "This name is taken." in again.content.decode()) == (422, True)
    none = admin.post(to_template, {"name": "Lease"})
    assert (none.status_code, "Choose at least one field." in none.content.decode()) == (422, True)
    admin.post(to_template, {"name": "Lease", f"f-{pub('Rent')}": "required", f"f-{pub('Cost centre')}": ""})
    made = MetadataTemplate.objects.get()
    assert [(p.field.name, p.required) for p in made.places.all()] == [("Rent", True)]
    page = admin.get(reverse("console:metadata")).content.decode()
    assert made.pub in page
    assert pub("Cost centre") in page
    assert "Used by 0 envelopes" in page
    edit = reverse("console:metadata-template", args=[made.pub])
    assert 'value="required" selected' in admin.get(edit).content.decode()
    admin.post(edit, {"name": "Leases", f"f-{pub('Cost centre')}": "optional"})
    made.refresh_from_db()
    assert (made.name, [p.field.name for p in made.places.all()]) == ("Leases", ["Cost centre"])
    admin.post(reverse("console:metadata-template-archive", args=[made.pub]))
    made.refresh_from_db()
    assert made.archived_at is not None
    admin.post(reverse("console:metadata-field", args=[pub("Rent")]), {"name": "Rent a month"})
    assert MetadataField.objects.filter(name="Rent a month", kind="number").exists()


def test_a_sender_describes_a_draft(
    world: World, visit: Callable[[str], Client], template: MetadataTemplate
) -> None:
    owner, draft = visit("owner"), world.made
    here = reverse("console:new-metadata", args=[draft.pk])
    letter = reverse("console:new-letter", args=[draft.pk])
    assert "Describe it" in owner.get(letter).content.decode()
    assert owner.post(letter, {"title": "Rooms", "next": "metadata"})["Location"] == here
    given = {
        "template": template.pub,
        f"m-{pub('Cost centre')}": "",
        f"m-{pub('Rent')}": "much",
        f"m-{pub('Ends')}": "tomorrow",
    }
    wrong = owner.post(here, given)
    assert wrong.status_code == 422
    for words in ("Enter a value.", "Enter a number such as", "Enter a date such as", "<title>Error:"):
        assert words in wrong.content.decode()
    right = given | {
        f"m-{pub('Cost centre')}": "=Harbour",
        f"m-{pub('Rent')}": "1200,5",
        f"m-{pub('Ends')}": "2027-03-31",
    }
    assert owner.post(here, right).status_code == 302
    said = owner.get(letter).content.decode()
    assert "=Harbour" in said
    assert "1,200.5" in said
    envelope = owner.get(reverse("console:envelope-timeline", args=[draft.pk])).content.decode()
    assert "=Harbour" in envelope
    assert owner.post(here, {"template": ""}).status_code == 302
    draft.refresh_from_db()
    assert draft.metadata_template is None


def test_the_list_shows_and_filters(
    world: World, visit: Callable[[str], Client], template: MetadataTemplate
) -> None:
    world.sent.reference = "PO-77"
    world.sent.save()
    set_metadata(
        Actor.from_user(world.owner), world.sent.pk, template.pub, {pub("Cost centre"): "Satama <b>"}
    )
    owner = visit("owner")
    listed = owner.get(reverse("console:envelopes")).content.decode()
    assert "Cost centre: Satama &lt;b&gt;" in listed
    assert "PO-77" in listed
    for query in (f"template={template.pk}", "q=satama", "q=po"):
        body = owner.get(reverse("console:envelopes") + f"?{query}").content.decode()
        assert world.sent.title in body, query
        assert world.declined.title not in body, query
    stranger = visit("stranger").get(reverse("console:envelopes")).content.decode()
    assert "Lease" not in stranger
