"""Groups of people, document by document: filling in, signing one by one, leaving out, refusing, time running out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.envelopes.groups import (
    GroupDialect,
    Ticket,
    asks,
    document,
    draft,
    person,
    register,
    sitting_of,
    states,
    text,
)
from tests.jobs.testing import run_due
from tests.queries import Queries
from undersigned.accounts.models import Group, User
from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.envelopes import fill, inbox
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.compile_groups import faults_of
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid
from undersigned.envelopes.expire_envelope import expire_envelope
from undersigned.envelopes.models import (
    AccessLink,
    Assignment,
    AuditEvent,
    Consent,
    Envelope,
    Field,
    Grant,
    InboxItem,
    Recipient,
    Signature,
)
from undersigned.envelopes.plan import PlannedField, plan_of
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.send import send
from undersigned.files import pages

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def other(user: User) -> User:
    return User.objects.create_user(
        user.organization, "bert", "correct horse battery", name="Bert", email="bert@board.example"
    )


@pytest.fixture(autouse=True)
def dialect() -> GroupDialect:
    return register()


def _sent(user: User, envelope: Envelope) -> Envelope:
    send(Actor.from_user(user), envelope.pk)
    run_due()
    return Envelope.objects.get(pk=envelope.pk)


def _fresh(envelope: Envelope) -> Envelope:
    return Envelope.objects.get(pk=envelope.pk)


def test_the_next_group_waits_for_the_one_before_it_and_each_document_goes_its_own_way(user: User) -> None:
    a, b, c = person("a"), person("b"), person("c")
    envelope = _sent(
        user,
        draft(
            user,
            document([[a, b], [c]], [asks("1", "a"), asks("2", "b"), asks("3", "c")]),
            document([[c]], [asks("1", "c")], number=2),
        ),
    )
    assert envelope.recipients.count() == 3  # c is one person in both documents
    assert envelope.signer_count == 3
    assert states(envelope) == {"1.sign.1.1": "open", "1.sign.2.1": "open", "1.sign.3.1": "planned", "2.sign.1.1": "open"}  # fmt: skip
    with pytest.raises(Conflict, match="not_your_turn"):
        Ticket(envelope, "3").sign()
    Ticket(envelope, "1").sign()
    assert states(envelope)["1.sign.3.1"] == "planned"
    Ticket(envelope, "2").sign()
    assert states(envelope)["1.sign.3.1"] == "open"
    Ticket(envelope, "1", position=2).sign()
    assert _fresh(envelope).state == "sent"
    Ticket(envelope, "3").sign()
    run_due()
    assert _fresh(envelope).state == "completed"


def test_nobody_signs_before_all_have_filled_in_and_what_they_wrote_stands_on_the_page(
    user: User, dialect: GroupDialect
) -> None:
    a, b = person("a"), person("b")
    fields = [text("t1", "a"), text("t2", "b", y=30), text("t3", "b", y=50, to_fill=False)]
    envelope = draft(
        user, document([[a], [b]], [asks("1", "a"), asks("2", "b")], fields), document([[a]], [asks("1", "a")], number=2)
    )  # fmt: skip
    envelope = _sent(user, envelope)
    assert envelope.phase == "fill"
    assert states(envelope) == {
        "1.fill.fill.1": "open",
        "1.sign.1.1": "planned",
        "1.sign.2.1": "planned",
        "2.sign.1.1": "planned",
    }
    first, second = envelope.recipients.order_by("position")
    one = envelope.documents.get(position=1)
    mine = sitting_of(first)
    with pytest.raises(Invalid, match="required"):
        fill.finish(mine, one.pk)
    with pytest.raises(Invalid, match="unknown"):
        fill.save(mine, one.pk, {"t2": "not mine"})
    fill.save(mine, one.pk, {"t1": "Ἀθήνα 1821"})
    fill.finish(mine, one.pk)
    assert _fresh(envelope).phase == "fill"
    theirs = sitting_of(second)
    fill.save(theirs, one.pk, {"t2": "two\nlines"})
    fill.finish(theirs, one.pk)
    run_due()
    assert _fresh(envelope).phase == "sign"
    assert states(envelope)["1.sign.1.1"] == states(envelope)["2.sign.1.1"] == "open"
    one.refresh_from_db()
    assert one.head is not None
    assert one.head.kind == "prepared"
    blob = one.head.file.blob
    assert blob is not None
    said = " ".join(line.text for line in pages.text(blob, 1))
    assert "Ἀθήνα 1821" in said
    assert "two" in said
    assert [k for k in AuditEvent.objects.filter(envelope=envelope).values_list("kind", flat=True) if k in ("sent", "filling", "filled", "signing")] == ["sent", "filling", "filled", "filled", "signing"]  # fmt: skip
    told = [h for h in dialect.heard if not h.startswith("asked")]
    assert told == ["sent", "filling", "filled:fill", "filled:fill", "signing"]
    assert dialect.heard.count("asked:fill") == 2
    asked = Message.objects.filter(recipient_id=first.pk).values_list("purpose", flat=True)
    assert list(asked) == ["fill_in"]  # the page that they filled in leads on by itself


def test_who_has_gone_is_written_to_again_when_it_is_their_turn(user: User) -> None:
    a, b = person("a"), person("b")
    envelope = _sent(
        user, draft(user, document([[a], [b]], [asks("1", "a"), asks("2", "b")], [text("t", "b")]))
    )
    second = envelope.recipients.get(email="b@example.com")
    here = sitting_of(second)
    one = envelope.documents.get()
    fill.save(here, one.pk, {"t": "x"})
    fill.finish(here, one.pk)
    run_due()
    here.last_seen -= timedelta(minutes=20)
    here.save()
    Ticket(envelope, "1").sign()
    asked = Message.objects.filter(recipient_id=second.pk).order_by("pk").values_list("purpose", flat=True)
    assert list(asked) == ["fill_in", "your_turn"]


def test_a_program_fills_in_for_a_person_and_strangers_do_not(user: User, other: User) -> None:
    a = person("a")
    envelope = _sent(user, draft(user, document([[a]], [asks("1", "a")], [text("t1", "a"), text("t2", "a")])))
    actor, paper = Actor.from_user(user), envelope.documents.get()
    Grant.objects.create(envelope=envelope, user=other, right=Grant.Right.SEE)
    with pytest.raises(Forbidden):
        fill.fill_field(Actor.from_user(other), envelope.pk, paper.pk, "t1", "x")
    with pytest.raises(Invalid, match="unknown"):
        fill.fill_field(actor, envelope.pk, paper.pk, "nothing", "x")
    with pytest.raises(Invalid, match="required"):
        fill.fill_field(actor, envelope.pk, paper.pk, "t1", "  ")
    fill.fill_field(actor, envelope.pk, paper.pk, "t1", "one")
    assert _fresh(envelope).phase == "fill"
    fill.fill_field(actor, envelope.pk, paper.pk, "t2", "two")
    run_due()
    assert _fresh(envelope).phase == "sign"
    with pytest.raises(Conflict, match="not_filling"):
        fill.fill_field(actor, envelope.pk, paper.pk, "t2", "three")


def test_a_signature_that_may_be_left_out_is_and_the_others_go_on(user: User, dialect: GroupDialect) -> None:
    a, b = person("a"), person("b")
    requests = [asks("1", "a", may_be_left_out=True), asks("2", "b")]
    envelope = _sent(user, draft(user, document([[a], [b]], requests)))
    ticket = Ticket(envelope, "1")
    decline(ticket.sitting, "not I")
    decline(ticket.sitting, "once more")
    assert states(envelope) == {"1.sign.1.1": "waived", "1.sign.2.1": "open"}
    with pytest.raises(Conflict, match="declined"):
        ticket.sign()
    assert Assignment.objects.get(envelope=envelope, key="1").reason == "not I"
    Ticket(envelope, "2").sign()
    run_due()
    assert _fresh(envelope).state == "completed"
    assert [h for h in dialect.heard if h.startswith("left_out")] == ["left_out:1"]


def test_when_every_signature_is_left_out_it_is_refused(user: User) -> None:
    a, b = person("a"), person("b")
    requests = [asks("1", "a", may_be_left_out=True), asks("2", "b", may_be_left_out=True)]
    envelope = _sent(user, draft(user, document([[a, b]], requests)))
    decline(Ticket(envelope, "1").sitting, "")
    assert _fresh(envelope).state == "sent"
    decline(Ticket(envelope, "2").sitting, "")
    assert _fresh(envelope).state == "declined"


def test_refusing_what_must_be_signed_ends_it_for_all(user: User, dialect: GroupDialect) -> None:
    a, b = person("a"), person("b")
    envelope = _sent(user, draft(user, document([[a, b]], [asks("1", "a"), asks("2", "b")])))
    decline(Ticket(envelope, "1").sitting, "the price is wrong")
    assert _fresh(envelope).state == "declined"
    assert states(envelope) == {"1.sign.1.1": "refused", "1.sign.2.1": "lapsed"}
    with pytest.raises(Conflict, match="stopped"):
        Ticket(envelope, "2").sign()
    assert dialect.heard[-2:] == ["declined:1", "ended"]


def test_one_person_signs_one_thing_and_leaves_out_another(user: User) -> None:
    a = person("a")
    requests = [asks("1", "a"), asks("2", "a", may_be_left_out=True)]
    envelope = _sent(user, draft(user, document([[a]], requests)))
    Ticket(envelope, "1").sign()
    assert _fresh(envelope).state == "sent"
    decline(Ticket(envelope, "2").sitting, "")
    assert _fresh(envelope).state == "sealing"


def test_several_places_of_one_request_are_signed_together(user: User) -> None:
    a = person("a")
    places = [
        PlannedField(key=str(n), kind="signature", signer="a", request="1", page=1, x=10, y=20 * n, w=30, h=8)
        for n in (1, 2, 3)
    ]
    envelope = _sent(user, draft(user, document([[a]], [asks("1", "a")], places)))
    assert AccessLink.objects.filter(purpose="ticket", assignment__envelope=envelope).count() == 1
    Ticket(envelope, "1").sign()
    assert Signature.objects.filter(assignment__envelope=envelope).count() == 3
    run_due()
    assert _fresh(envelope).state == "completed"


def test_a_clause_must_be_accepted_word_for_word(user: User) -> None:
    a = person("a")
    clause = PlannedField(
        key="9", kind="clause", signer="a", request="1", text="I pay for the damage.", page=1
    )
    envelope = _sent(user, draft(user, document([[a]], [asks("1", "a")], [clause])))
    row = Field.objects.get(document__envelope=envelope, kind=Field.Kind.CLAUSE)
    ticket = Ticket(envelope, "1")
    with pytest.raises(Conflict, match="clause"):
        ticket.sign()
    ticket.sign(accepted=[row])
    assert "I pay for the damage." in Consent.objects.get(recipient=ticket.sitting.recipient).text


def test_the_time_of_all_runs_out(user: User) -> None:
    a = person("a")
    envelope = draft(user, document([[a]], [asks("1", "a")]))
    envelope.expires_at = now() + timedelta(days=30)
    envelope.save()
    envelope = _sent(user, envelope)
    assert not expire_envelope(envelope.pk)
    user.organization.clock_offset = timedelta(days=31)
    user.organization.save()
    with pytest.raises(Conflict, match="expired"):
        Ticket(envelope, "1").sign()
    assert expire_envelope(envelope.pk)
    assert not expire_envelope(envelope.pk)
    assert _fresh(envelope).state == "expired"
    assert states(envelope) == {"1.sign.1.1": "lapsed"}


def test_users_hear_of_what_concerns_them_until_they_have(user: User, other: User) -> None:
    group = Group.objects.create(organization=user.organization, name="Board")
    group.members.add(other)
    envelope = draft(user, document([[person("a", user=other.pk)]], [asks("1", "a")]))
    Grant.objects.create(envelope=envelope, group=group, right=Grant.Right.COPY)
    envelope = _sent(user, envelope)
    told = InboxItem.objects.order_by("pk").values_list("user", "event")
    assert list(told) == [(user.pk, "sent"), (other.pk, "sent"), (other.pk, "sign")]
    actor = Actor.from_user(other)
    assert inbox.consume(actor, envelope, now()) == 2
    assert not inbox.waiting(actor).exists()
    assert inbox.waiting(Actor.from_user(user)).count() == 1


def test_who_was_named_for_a_copy_gets_one(user: User, other: User) -> None:
    envelope = draft(user, document([[person("a")]], [asks("1", "a")]))
    Grant.objects.create(envelope=envelope, user=other, right=Grant.Right.COPY)
    envelope = _sent(user, envelope)
    Ticket(envelope, "1").sign()
    run_due()
    copies = Message.objects.filter(envelope_id=envelope.pk, purpose="completed")
    assert {m.address for m in copies} == {user.email, "a@example.com", other.email}


def test_what_hinders_sending_is_named_all_at_once(user: User) -> None:
    nobody = person("b").model_copy(update={"name": "", "email": "nonsense"})
    fields = [
        text("f", "ghost"),
        PlannedField(key="f", kind="signature", request="ghost", page=9, w=10, h=10),
    ]
    planned = document([[person("a"), nobody]], [asks("1", "ghost"), asks("1", "a", profile="cades")], fields)
    envelope = draft(user, planned)
    faults = faults_of(
        plan_of(envelope),
        list(envelope.documents.select_related("original")),
        Policy.model_validate(envelope.policy),
    )
    assert faults == {
        "documents.0.groups.0.signers.1.name": ["required"],
        "documents.0.groups.0.signers.1.email": ["invalid"],
        "documents.0.requests.0.signer": ["unknown"],
        "documents.0.requests.1.key": ["already_used"],
        "documents.0.requests.1.profile": ["mixed"],
        "documents.0.fields.0.signer": ["unknown"],
        "documents.0.fields.1.key": ["already_used"],
        "documents.0.fields.1.request": ["unknown"],
        "documents.0.fields.1.page": ["no_such_page"],
    }
    with pytest.raises(Invalid):
        send(Actor.from_user(user), envelope.pk)
    assert _fresh(envelope).state == "draft"
    assert not Recipient.objects.exists()


def test_a_user_who_signs_by_itself_does_so_when_its_turn_comes(user: User, other: User) -> None:
    other.automatic, other.kind = True, User.Kind.ROBOT
    other.save()
    a, robot = person("a"), person("r", "Stamping Service", user=other.pk)
    clause = PlannedField(key="9", kind="clause", signer="r", request="2", text="As agreed.", page=1)
    envelope = _sent(user, draft(user, document([[a], [robot]], [asks("1", "a"), asks("2", "r")], [clause])))
    assert not Signature.objects.exists()
    Ticket(envelope, "1").sign()
    run_due()
    assert _fresh(envelope).state == "completed"
    made = Signature.objects.get(assignment__key="2")
    assert made.consent.automatic
    assert "As agreed." in made.consent.text
    assert made.proof is not None
    assert made.proof.method == "automatic"


def test_places_off_the_page_are_moved_onto_it(user: User) -> None:
    place = PlannedField(key="1", kind="signature", request="1", page=1, x=100, y=98, w=10, h=1)
    envelope = _sent(user, draft(user, document([[person("a")]], [asks("1", "a")], [place])))
    row = Field.objects.get(document__envelope=envelope)
    assert (row.x, row.y, row.w, row.h) == (90, 98, 10, 2)
    Ticket(envelope, "1").sign()


def test_sending_costs_the_same_in_queries_for_few_and_many_requests(user: User) -> None:
    def cost(people: int) -> int:
        signers = [person(f"p{n}", "One Person") for n in range(people)]
        requests = [asks(str(n), f"p{n}") for n in range(people)]
        envelope = draft(user, document([signers], requests))
        with Queries(connection) as counted:
            send(Actor.from_user(user), envelope.pk)
        return len(counted)

    assert cost(2) == cost(40)
