"""A new envelope, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.files import hostile
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.delivery.models import Message
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.models import AuditEvent, Document, Envelope, EnvelopeState, Field, Recipient

from .world import World

CHANGES = {
    "new-file-up",
    "new-file-down",
    "new-file-remove",
    "new-file-replace",
    "new-order",
    "new-myself",
    "new-person-up",
    "new-person-down",
    "new-person-remove",
    "remind",
}
"""Addresses that take only a POST."""
FORMS = {"new-people", "new-files", "new-delete", "new-fields-of", "new-letter", "new-check", "new-person"}
"""Pages with a form that posts to them."""


def of_draft(name: str, world: World) -> dict[str, Any]:
    """What the address needs, for the draft of the world."""
    draft = world.made
    values: dict[str, Any] = {"envelope_id": draft.pk}
    if "file-" in name or name in ("new-fields-of", "new-page"):
        values["document_id"] = draft.documents.get().pk
    if name.startswith("new-person"):
        values["recipient_id"] = draft.recipients.order_by("position")[0].pk
    return values | ({"page": 1, "width": 160} if name == "new-page" else {})


def to(name: str, world: World) -> str:
    of = {"envelope_id": world.running.pk} if name == "remind" else of_draft(name, world)
    return reverse(f"console:{name}", kwargs=of)


def _all() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values_list())  # type: ignore[attr-defined]
        for model in (Recipient, Document, Field, AuditEvent, Message)
    ]


def test_only_its_owner_changes_a_draft(world: World, visit: Callable[[str], Client]) -> None:
    before = _all()
    wrong = []
    for name in [*CHANGES, *FORMS]:
        for who in ("anonymous", "stranger", "other"):
            response = visit(who).post(to(name, world))
            if response.status_code != (302 if who == "anonymous" else 404):
                wrong.append((name, who, response.status_code))
        if visit("owner").get(to(name, world)).status_code != (405 if name in CHANGES else 200):
            wrong.append((name, "GET", ""))
    assert wrong == []
    assert _all() == before


def test_a_draft_of_an_api_is_not_edited_here(world: World, visit: Callable[[str], Client]) -> None:
    assert visit("owner").get(reverse("console:new-files", args=[world.draft.pk])).status_code == 404


def test_what_is_sent_leads_to_its_page(world: World, visit: Callable[[str], Client]) -> None:
    response = visit("owner").get(reverse("console:new-people", args=[world.running.pk]))
    assert response["Location"] == reverse("console:envelope-timeline", args=[world.running.pk])


def test_files(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    good = SimpleUploadedFile("Good one.pdf", make_pdf(), "application/pdf")
    empty = SimpleUploadedFile("empty.pdf", b"", "application/pdf")
    before = Envelope.objects.count()
    response = client.post(reverse("console:new"), {"files": [empty]})
    assert response.status_code == 422
    assert "empty.pdf: The file is empty." in response.content.decode()
    assert Envelope.objects.count() == before
    empty.seek(0)
    sheet = SimpleUploadedFile("Budget.csv", b"a;b", "application/pdf")
    locked = SimpleUploadedFile("locked.pdf", hostile.encrypted("secret"), "application/pdf")
    response = client.post(reverse("console:new"), {"files": [good, empty, sheet, locked]}, follow=True)
    body = response.content.decode()
    assert "empty.pdf: The file is empty." in body
    assert "locked.pdf: The PDF has a password; remove it and try again. If you leave it, people sign" in body
    made = Envelope.objects.latest("pk")
    assert (made.title, made.owner_user, made.dialect) == ("Good one", world.owner, "console")
    assert [(d.title, d.by_statement) for d in made.documents.order_by("position")] == [
        ("Good one.pdf", False),
        ("Budget.csv", True),
        ("locked.pdf", True),
    ]
    add_recipient(Actor.from_user(world.owner), made.pk, NewRecipient("Ivy", "ivy@example.com", code="none"))
    budget = made.documents.get(title="Budget.csv")
    assert "people sign a page that names it" in body
    places = client.get(reverse("console:new-fields-of", args=[made.pk, budget.pk])).content.decode()
    assert "“Budget.csv” is not signed itself" in places
    assert "data-editor" not in places
    assert "Everybody gets the file to read" in client.get(to_check(made)).content.decode()
    assert client.get(reverse("console:new-page", args=[made.pk, budget.pk, 1, 160])).status_code == 404


def to_check(envelope: Envelope) -> str:
    return reverse("console:new-check", args=[envelope.pk])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "email": "x@example.com"}, "Enter the name."),
        ({"name": "X", "email": "nowhere"}, "Enter a mail address such as"),
        (
            {"name": "X", "email": "x@example.com", "proof": "sms"},
            "A code by SMS needs a mobile phone number.",
        ),
        ({"name": "X", "email": "x@example.com", "phone": "040 123"}, "with its country code"),
    ],
)
def test_people_that_cannot_be(
    world: World, visit: Callable[[str], Client], given: dict[str, str], words: str
) -> None:
    data = {"role": "signer", "proof": "none", "phone": "", "language": "en"} | given
    response = visit("owner").post(to("new-people", world), data)
    assert response.status_code == 422
    body = response.content.decode()
    assert words in body
    assert "<title>Error:" in body


def test_people(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    data = {"name": "Kim", "email": "kim@example.com", "role": "signer", "proof": "sms", "language": "en"}
    client.post(to("new-people", world), data | {"phone": "00358 (40) 123-4567"})
    kim = world.made.recipients.get(name="Kim")
    assert (kim.phone, kim.code_by_sms) == ("+358401234567", True)
    client.post(to("new-myself", world))
    change = to("new-person", world)
    client.post(to("new-person-down", world))
    client.post(change, data | {"name": "Ivo Ives", "email": "ivo@example.com", "proof": "none"})
    names = [r.full_name for r in world.made.recipients.order_by("position")]
    assert names == ["Jon Jung", "Ivo Ives", "Kim", "Anna Virtanen"]


def place_form(world: World, **changed: str) -> dict[str, str]:
    jon = world.made.recipients.get(name="Jon Jung")
    row = {"who": str(jon.pk), "page": "2", "x": "12,5", "y": "20", "w": "30", "h": "7.5"} | changed
    return {f"{name}-0": value for name, value in row.items()}


def test_places(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    response = client.post(
        to("new-fields-of", world), place_form(world), headers={"Accept": "application/json"}
    )
    assert response.json() == {"saved": 1}
    field = Field.objects.get(document__envelope=world.made)
    assert (field.recipient.name, field.page, field.x) == ("Jon Jung", 2, 12.5)  # type: ignore[union-attr]
    body = client.get(to("new-fields-of", world)).content.decode()
    assert '<rect x="12.5%" y="20%" width="30%" height="7.5%"' in body
    client.post(to("new-fields-of", world), place_form(world) | {"gone-0": "yes"})
    assert not Field.objects.filter(document__envelope=world.made).exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"page": "3"}, "The document has 2 pages."),
        ({"x": "99"}, "must lie on the page"),
        ({"h": "1"}, "The place is too small"),
        ({"y": "nan"}, "must lie on the page"),
        ({"y": "up"}, "Enter numbers."),
        ({"who": "9999999"}, "does not sign"),
        ({"page": "1e400"}, "Enter numbers."),
    ],
)
def test_places_that_cannot_be(
    world: World, visit: Callable[[str], Client], changed: dict[str, str], words: str
) -> None:
    form = place_form(world, **changed)
    response = visit("owner").post(to("new-fields-of", world), form)
    assert response.status_code == 422
    assert words in response.content.decode()
    answer = visit("owner").post(to("new-fields-of", world), form, headers={"Accept": "application/json"})
    assert words in answer.json()["errors"][0]
    assert Field.objects.get(document__envelope=world.made).page == 1


def test_letter(world: World, visit: Callable[[str], Client]) -> None:
    data = {"title": "T", "message": "Hello", "due_at": "2001-01-01", "remind_days": "3"}
    response = visit("owner").post(to("new-letter", world), data)
    assert response.status_code == 422
    assert "Choose a day from today on." in response.content.decode()
    visit("owner").post(to("new-letter", world), data | {"due_at": "2999-01-01", "refuse_past_due": "on"})
    world.made.refresh_from_db()
    assert world.made.due_at is not None
    assert (world.made.title, world.made.due_at.isoformat()) == ("T", "2999-01-01T23:59:59+00:00")
    assert world.made.policy["past_due"] == "refuse"


def test_the_check_shows_who_gets_what_and_no_link(world: World, visit: Callable[[str], Client]) -> None:
    body = visit("owner").get(to("new-check", world)).content.decode()
    for words in (
        "Is invited at once",
        "Is invited when Ivy Ives has signed",
        "It is your turn to sign: Tenancy agreement",
        "/room/l/…",
        "Ivy Ives signs here",
        "On a page added at the end: Jon Jung",
    ):
        assert words in body, words
    assert not re.search(r"/room/l/\w", body)
    assert not Message.objects.filter(envelope_id=world.made.pk).exists()


def test_send_once_what_was_checked(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    seen = _seen(client, world)
    client.post(to("new-person-down", world))
    response = client.post(to("new-check", world), {"seen": seen}, follow=True)
    assert "Please check it again." in response.content.decode()
    assert not Message.objects.filter(envelope_id=world.made.pk).exists()
    seen = _seen(client, world)
    for _press in range(2):
        response = client.post(to("new-check", world), {"seen": seen})
        assert response["Location"] == reverse("console:envelope-timeline", args=[world.made.pk])
    assert Message.objects.filter(envelope_id=world.made.pk).count() == 1


def _seen(client: Client, world: World) -> str:
    found = re.search(r'name="seen" value="(\w+)"', client.get(to("new-check", world)).content.decode())
    assert found
    return found[1]


def test_what_is_missing_is_said(world: World, visit: Callable[[str], Client]) -> None:
    Field.objects.filter(document__envelope=world.made).delete()
    world.made.recipients.all().delete()
    client = visit("owner")
    body = client.get(to("new-check", world)).content.decode()
    assert "Add somebody who signs." in body
    client.post(to("new-check", world), {"seen": _seen(client, world)})
    world.made.refresh_from_db()
    assert world.made.state == EnvelopeState.DRAFT


def test_delete_asks_first(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    assert "is gone then" in client.get(to("new-delete", world)).content.decode()
    client.post(to("new-delete", world))
    assert "Tenancy agreement" not in client.get(reverse("console:envelopes")).content.decode()


def test_remind_and_call_off(world: World, visit: Callable[[str], Client]) -> None:
    from tests.jobs.testing import run_due

    run_due()
    client, page = visit("owner"), reverse("console:envelope-timeline", args=[world.running.pk])
    body = client.get(page).content.decode()
    assert "Remind" in body
    assert "Call off" in body
    said = client.post(to("remind", world), follow=True).content.decode()
    assert "A reminder goes to Ivy Ives." in said
    question = client.get(reverse("console:cancel", args=[world.running.pk])).content.decode()
    assert "1 person has been invited and is told. 0 of 2 have signed." in question
    client.post(reverse("console:cancel", args=[world.running.pk]), {"reason": "Let to others"})
    body = client.get(page).content.decode()
    assert "Called off" in body
    assert "Let to others" in body
    assert "Remind" not in body


def test_what_has_no_word_in_an_api_is_not_offered(world: World, visit: Callable[[str], Client]) -> None:
    body = visit("owner").get(reverse("console:envelope-timeline", args=[world.sent.pk])).content.decode()
    assert "Remind" not in body
    assert "Call off" not in body
    said = visit("owner").post(reverse("console:cancel", args=[world.sent.pk]), follow=True).content.decode()
    assert "It cannot be called off any more." in said


def test_a_code_by_sms_is_not_shown(world: World, owner_code: tuple[User, Recipient], visit: Any) -> None:
    _user, kim = owner_code
    assert kim.code is not None
    body = visit("owner").get(reverse("console:envelope-people", args=[world.made.pk])).content.decode()
    jon = world.made.recipients.get(name="Jon Jung")
    assert jon.code is not None
    assert jon.code in body
    assert kim.code not in body


@pytest.fixture
def owner_code(world: World) -> tuple[User, Recipient]:
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.add_recipient import NewRecipient, add_recipient

    new = NewRecipient("Kim", "kim@example.com", phone="+358401234567", code="sms")
    return world.owner, add_recipient(Actor.from_user(world.owner), world.made.pk, new)
