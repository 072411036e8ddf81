"""Many envelopes of one template, by the rows of a sheet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from tests.envelopes import groups, templates
from tests.jobs.testing import run_due
from tests.queries import Queries
from undersigned.accounts.models import Organization, User
from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.envelopes import audit, batch_sheet
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.batch_sheet import BadSheet, CellFault, read_rows
from undersigned.envelopes.batches import Standing, standings
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.make_batch import make_batch, send_one, unsent
from undersigned.envelopes.models import AuditEvent, Collection, Envelope, EnvelopeState
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.roles import signers_of
from undersigned.envelopes.withdraw_template import withdraw_template
from undersigned.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def _dialect() -> None:
    groups.register()


@pytest.fixture
def template(user: User) -> Envelope:
    return templates.offered(user)


def faults(
    template: Envelope, *rows: tuple[str, ...], head: tuple[str, ...] = templates.HEAD
) -> list[CellFault]:
    with pytest.raises(BadSheet) as e:
        read_rows(template, templates.sheet(*rows, head=head), now(), publish=True)
    return list(e.value.faults)


def test_rows_become_envelopes(user: User, template: Envelope) -> None:
    rows = read_rows(template, templates.sheet(templates.row(1), templates.row(2)), now(), publish=False)
    batch, made = make_batch(Actor.from_user(user), template.pk, rows, title="All sales", tags=("2031",))
    assert (batch.kind, batch.title) == (Collection.Kind.BATCH, "All sales")
    assert [e.position for e in made] == [1, 2]
    one = Envelope.objects.get(pk=made[0].pk)
    assert (one.title, one.state, one.collection) == ("Sale 1", EnvelopeState.DRAFT, batch)
    assert [t.tag for t in one.tags.all()] == ["2031"]
    buyer, seller = signers_of(plan_of(one).documents or ())
    assert (buyer.name, buyer.surname, buyer.email) == ("Maria", "Rossi 1", "maria1@example.com")
    assert seller.email == "bo1@example.com"
    (price,) = [f for d in plan_of(one).documents or () for f in d.fields]
    assert (price.value, price.to_fill) == ("1,00 €", False)
    events = audit.trail(one)
    assert [e.kind for e, _ in events] == ["created", "document_added"]
    assert one.audit_head == events[-1][0].hash
    assert not Message.objects.exists()
    assert not Job.objects.filter(kind="send_batch").exists()


def test_published_by_a_job_that_goes_on_where_it_stopped(user: User, template: Envelope) -> None:
    rows = read_rows(template, templates.sheet(*map(templates.row, range(3))), now(), publish=True)
    batch, made = make_batch(Actor.from_user(user), template.pk, rows, publish=True)
    assert {e.state for e in made} == {EnvelopeState.FETCHING}
    assert standings([batch])[batch.pk] == Standing(size=3, waiting=3)
    send_one(made[0].pk)  # killed after the first
    send_one(made[0].pk)
    assert unsent(batch.pk) == [e.pk for e in made[1:]]
    run_due()
    assert {Envelope.objects.get(pk=e.pk).state for e in made} == {EnvelopeState.SENT}
    assert standings([batch])[batch.pk] == Standing(size=3)
    sent = AuditEvent.objects.filter(envelope__collection=batch, kind="sent")
    assert sorted(sent.values_list("envelope", flat=True)) == sorted(e.pk for e in made)
    asked = Message.objects.filter(purpose__startswith="invitation").values_list("address", flat=True)
    assert sorted(a or "" for a in asked) == [f"maria{n}@example.com" for n in range(3)]


def test_one_that_cannot_be_sent_fails_alone(user: User, template: Envelope) -> None:
    rows = read_rows(template, templates.sheet(*map(templates.row, range(3))), now(), publish=True)
    batch, made = make_batch(Actor.from_user(user), template.pk, rows, publish=True)
    broken = made[1]
    assert broken.plan is not None
    broken.plan["documents"][0]["groups"][0]["signers"][0]["email"] = "nonsense"
    broken.save()
    run_due()
    assert standings([batch])[batch.pk] == Standing(size=3, failed=1)
    broken.refresh_from_db()
    assert (broken.state, broken.send_when_ready) == (EnvelopeState.FAILED, False)
    assert "email invalid" in broken.error
    assert [e.kind for e, _ in audit.trail(broken)][-1] == "not_fetched"
    assert not broken.recipients.exists()


def test_every_fault_by_row_and_column(template: Envelope) -> None:
    good = templates.row(1)
    bad = ("", "", "maria at example", *good[3:])
    none = ("", "", "", *good[3:])
    long = (*good[:5], "x" * 2001, good[6])
    assert faults(template, good, bad, none, long) == [
        CellFault(3, "Buyer.name", "required"),
        CellFault(3, "buyer.email", "invalid"),
        CellFault(4, "buyer.email", "required"),
        CellFault(5, "Field price", "too_long"),
    ]
    assert not Collection.objects.exists()


def test_faults_of_the_head(template: Envelope) -> None:
    assert faults(template, ("", "", ""), head=("Byer.email", "Seller.email", "seller.EMAIL")) == [
        CellFault(1, "Byer.email", "unknown_role"),
        CellFault(1, "seller.EMAIL", "already_used"),
    ]
    assert faults(template, head=("Buyer.email",)) == [CellFault(2, "Buyer.email", "required")]
    assert faults(template, ("a", "b"), head=("Buyer.name", "")) == [CellFault(1, "B", "required")]
    # A part that no column names, of envelopes that are to be sent.
    head = ("Buyer.name", "Buyer.email")
    assert faults(template, ("Maria", "maria@example.com"), head=head) == [
        CellFault(2, "Seller.email", "required")
    ]
    rows = read_rows(template, templates.sheet(("Maria", "m@example.com"), head=head), now(), publish=False)
    assert len(rows.rows) == 1


def test_columns_of_the_envelope(user: User, template: Envelope, organization: Organization) -> None:
    bert = User.objects.create_user(organization, "bert", name="Bert", email="Bert@board.example")
    for name in ("twin", "twin2"):
        User.objects.create_user(organization, name, name=name, email="twins@board.example")
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    eve = User.objects.create_user(elsewhere, "eve", name="Eve", email="eve@elsewhere.example")
    head = ("Buyer.userUUID", "Buyer.email", "Buyer.name", "tags", "expiresAt", "shoe size")
    at = datetime(2031, 1, 1, tzinfo=UTC)
    rows = read_rows(
        template,
        templates.sheet(
            (str(bert.pub), "", "", "a, b;c", "2031-02-03", "44"),
            ("", "bert@board.example", "", "", "2031-02-03T04:05+02:00", ""),
            ("", "twins@board.example", "One of them", "", "", ""),
            ("", "eve@elsewhere.example", "Eve", "", "", ""),
            head=head,
        ),
        at,
        publish=False,
    )
    assert rows.unused == ("shoe size",)
    assert [r.copy.players["buyer"].user for r in rows.rows] == [bert, bert, None, None]
    assert rows.rows[0].copy.tags == ("a", "b", "c")
    assert rows.rows[0].copy.expires_at == datetime(2031, 2, 3, 23, 59, 59, tzinfo=UTC)
    assert rows.rows[1].copy.expires_at == datetime(2031, 2, 3, 2, 5, tzinfo=UTC)
    with pytest.raises(BadSheet) as e:
        read_rows(
            template,
            templates.sheet(
                (str(eve.pub), "", "", "", "2030-12-31", ""),
                ("nonsense", "", "", "x" * 201, "tomorrow", ""),
                head=head,
            ),
            at,
            publish=False,
        )
    assert list(e.value.faults) == [
        CellFault(2, "Buyer.userUUID", "unknown"),
        CellFault(2, "expiresAt", "past"),
        CellFault(3, "Buyer.userUUID", "unknown"),
        CellFault(3, "tags", "too_long"),
        CellFault(3, "expiresAt", "invalid"),
    ]


def test_the_sample_fits_its_template(template: Envelope) -> None:
    head = tuple(batch_sheet.headings(template))
    assert head[:4] == ("Buyer.name", "Buyer.surname", "Buyer.email", "Buyer.phone")
    assert "Field price" in head
    rows = read_rows(
        template, templates.sheet(tuple(batch_sheet.sample_row(template)), head=head), now(), publish=True
    )
    assert (rows.unused, len(rows.rows)) == ((), 1)


def test_a_template_that_was_taken_back_meanwhile(user: User, template: Envelope) -> None:
    rows = read_rows(template, templates.sheet(templates.row(1)), now(), publish=False)
    withdraw_template(Actor.from_user(user), template.pk)
    with pytest.raises(Conflict, match="not_offered"):
        make_batch(Actor.from_user(user), template.pk, rows)


def test_queries_do_not_grow_with_the_rows(user: User, template: Envelope) -> None:
    def cost(count: int) -> int:
        rows = read_rows(template, templates.sheet(*map(templates.row, range(count))), now(), publish=True)
        with Queries(connection) as asked:
            make_batch(Actor.from_user(user), template.pk, rows, publish=True)
        return len(asked)

    few, many = cost(10), cost(200)
    # Each statement takes as many rows as the database takes values.
    assert (many - few) / 190 < 0.5, f"{few} queries for 10 rows, {many} for 200"


def test_a_thousand(user: User, template: Envelope) -> None:
    rows = read_rows(template, templates.sheet(*map(templates.row, range(1000))), now(), publish=True)
    batch, made = make_batch(Actor.from_user(user), template.pk, rows, publish=True)
    assert len({e.pub for e in made}) == 1000
    assert Envelope.objects.filter(collection=batch, documents__head__isnull=False).count() == 1000
