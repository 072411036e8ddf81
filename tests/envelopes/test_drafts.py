"""From nothing to sent."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from undersigned.delivery.models import Message
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.models import AccessLink, Assignment, Collection, Envelope, Step
from undersigned.envelopes.send import send
from undersigned.envelopes.supersede import supersede
from undersigned.files.models import File
from undersigned.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_collection_starts_with_a_draft_due_in_a_calendar_month(actor: Actor) -> None:
    collection = create_collection(actor, "plain", Collection.Kind.CONTRACT, "  Lease  ")
    envelope = collection.envelopes.get()
    assert (collection.title, envelope.state, envelope.position) == ("Lease", "draft", 1)
    assert envelope.due_at is not None
    assert 28 <= (envelope.due_at - envelope.created_at).days <= 31
    assert envelope.due_at.time() == envelope.created_at.time()


@pytest.mark.parametrize(("title", "fault"), [("", "required"), ("  ", "required"), ("x" * 1001, "too_long")])
def test_a_title_is_checked(actor: Actor, title: str, fault: str) -> None:
    with pytest.raises(Invalid) as e:
        create_collection(actor, "plain", Collection.Kind.CONTRACT, title)
    assert e.value.faults == {"title": [fault]}
    assert not Collection.objects.exists()


def test_all_faults_of_a_recipient_are_named_at_once(actor: Actor, draft: Envelope) -> None:
    with pytest.raises(Invalid) as e:
        add_recipient(actor, draft.pk, NewRecipient("", "not an address", phone="+1"))
    assert e.value.faults == {"name": ["required"], "email": ["invalid"], "phone": ["invalid"]}


@pytest.mark.parametrize("name", ["Anna \U0001f389", "Anna\nVirtanen", "\u202eannA", "x" * 201])
def test_a_name_that_cannot_be_printed_is_refused(actor: Actor, draft: Envelope, name: str) -> None:
    """Before anybody waits for a signature page that cannot be drawn."""
    with pytest.raises(Invalid) as e:
        add_recipient(actor, draft.pk, NewRecipient(name, "anna@example.com"))
    assert e.value.faults == {"name": ["invalid"]}


def test_an_address_is_used_once_whatever_its_case(actor: Actor, draft: Envelope) -> None:
    add_recipient(actor, draft.pk, NewRecipient("John", "john@example.com"))
    with pytest.raises(Invalid) as e:
        add_recipient(actor, draft.pk, NewRecipient("Johnny", "JOHN@example.com"))
    assert e.value.faults == {"email": ["already_used"]}


def test_sending_needs_people_and_documents(actor: Actor, draft: Envelope) -> None:
    with pytest.raises(Invalid) as e:
        send(actor, draft.pk)
    assert e.value.faults == {"recipients": ["required"], "documents": ["required"]}
    assert not Message.objects.exists()


def test_sending_invites_once_and_leaves_the_rest_to_a_job(actor: Actor, sent: Envelope) -> None:
    john, asa = sent.recipients.all()
    messages = {(m.recipient_id, m.channel, m.purpose) for m in Message.objects.all()}
    assert messages == {
        (john.pk, "email", "invitation"),
        (asa.pk, "email", "invitation"),
        (asa.pk, "sms", "signer_code"),
    }
    assert Job.objects.filter(kind="prepare", payload={"envelope": sent.pk}).count() == 1
    assert (
        Step.objects.filter(envelope=sent).count()
        == Assignment.objects.filter(envelope=sent, state="planned").count()
        == 2
    )
    assert AccessLink.objects.count() == 2
    with pytest.raises(Conflict) as e:
        send(actor, sent.pk)
    assert e.value.code == "already_sent"
    assert Message.objects.count() == 3


def test_no_row_holds_a_link_or_a_code(sent: Envelope) -> None:
    from django.db import connection

    from undersigned.envelopes import links

    secrets = [links.token(r) for r in sent.recipients.all()] + [r.code or "" for r in sent.recipients.all()]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = "\n".join(
                str([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor.fetchall()
            )
            assert not [s for s in secrets if s in rows], table


def test_what_was_sent_takes_no_more(actor: Actor, sent: Envelope, pdf: Callable[..., File]) -> None:
    with pytest.raises(Conflict):
        add_recipient(actor, sent.pk, NewRecipient("Eve", "eve@example.com"))
    with pytest.raises(Conflict):
        add_document(actor, sent.pk, pdf("more.pdf"))


def test_the_same_file_name_is_refused(actor: Actor, draft: Envelope, pdf: Callable[..., File]) -> None:
    add_document(actor, draft.pk, pdf())
    with pytest.raises(Invalid) as e:
        add_document(actor, draft.pk, pdf())
    assert e.value.faults == {"filename": ["already_used"]}


def test_a_new_version_supersedes_at_once(actor: Actor, sent: Envelope) -> None:
    assert sent.collection_id is not None
    new = supersede(actor, sent.collection_id)
    sent.refresh_from_db()
    assert (new.position, new.state) == (2, "draft")
    assert sent.superseded_at is not None
    with pytest.raises(Conflict) as e:
        supersede(actor, sent.collection_id)
    assert e.value.code == "draft"


def test_the_new_version_writes_that_it_replaces(
    actor: Actor, sent: Envelope, pdf: Callable[..., File]
) -> None:
    assert sent.collection_id is not None
    new = supersede(actor, sent.collection_id)
    add_recipient(actor, new.pk, NewRecipient("John Doe", "john@example.com"))
    add_document(actor, new.pk, pdf())
    send(actor, new.pk)
    assert [m.purpose for m in Message.objects.filter(envelope_id=new.pk)] == ["replaced"]


def test_unknown_is_not_found(actor: Actor, db: None) -> None:
    with pytest.raises(NotFound):
        send(actor, 4711)


def test_a_plan_in_wire_holds_no_person(sent: Envelope) -> None:
    assert "john" not in json.dumps([sent.wire, [r.wire for r in sent.recipients.all()]]).lower()
