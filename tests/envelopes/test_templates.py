"""Templates: offered, taken back, copied; people in the place of parts; and what else is made of an envelope."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.envelopes import groups, templates
from tests.envelopes.groups import Ticket, asks, document, person
from tests.jobs.testing import run_due
from undersigned.accounts.models import Organization, User
from undersigned.envelopes import audit
from undersigned.envelopes.access import get_template, visible_templates
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.copies import Copy
from undersigned.envelopes.copy_envelope import Mode, copy_envelope
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.decline import decline
from undersigned.envelopes.draft_content import DraftContent
from undersigned.envelopes.drafts import locked_draft
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.models import Envelope, EnvelopeState, EnvelopeTag, Grant, Recipient
from undersigned.envelopes.offer import offer
from undersigned.envelopes.plan import PlannedField, PlannedSigner, plan_of
from undersigned.envelopes.roles import Player, open_parts, signers_of
from undersigned.envelopes.send import send
from undersigned.envelopes.withdraw_template import withdraw_template
from undersigned.files.models import Blob

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def _dialect() -> None:
    groups.register()


@pytest.fixture
def member(user: User) -> User:
    return User.objects.create_user(
        user.organization,
        "bert",
        name="Bert",
        surname="Berg",
        email="bert@board.example",
        phone="+358401234567",
    )


def signers(envelope: Envelope) -> list[PlannedSigner]:
    return list(signers_of(plan_of(envelope).documents or ()))


def test_a_template_is_offered_and_taken_back(user: User) -> None:
    actor = Actor.from_user(user)
    template = templates.draft(user)
    assert offer(actor, template.pk).state == EnvelopeState.OFFERED
    with pytest.raises(Conflict):
        offer(actor, template.pk)
    with pytest.raises(Conflict):
        locked_draft(template.pk)
    assert withdraw_template(actor, template.pk).state == EnvelopeState.DRAFT
    with pytest.raises(Conflict, match="not_offered"):
        withdraw_template(actor, template.pk)
    kinds = [e.kind for e, _ in audit.trail(template)]
    assert kinds == ["created", "document_added", "offered", "withdrawn"]


def test_what_is_wrong_with_a_template_is_said_when_it_is_offered(user: User) -> None:
    actor = Actor.from_user(user)
    nobody = document([[PlannedSigner(key="1")]], [asks("1", "1"), asks("2", "9")])
    far = nobody.model_copy(update={"fields": (PlannedField(key="1", kind="signature", signer="1", page=7),)})
    with pytest.raises(Invalid) as e:
        offer(actor, templates.draft(user, far).pk)
    assert {
        "documents.0.groups.0.signers.0.name",
        "documents.0.groups.0.signers.0.email",
        "documents.0.requests.1.signer",
        "documents.0.fields.0.page",
    } == set(e.value.faults)
    with pytest.raises(Conflict, match="not_template"):
        offer(actor, groups.draft(user, document([[person("a")]], [asks("1", "a")])).pk)


def test_an_instance_has_people_in_the_place_of_parts(user: User, member: User) -> None:
    member.template_data = {"FIELD PRICE": 12, "other": {"a": 1}}
    member.save()
    template = templates.offered(user)
    EnvelopeTag.objects.create(envelope=template, tag="sales", position=0)
    Grant.objects.create(envelope=template, user=member, right=Grant.Right.COPY, raw="x")
    players = {
        "buyer": Player(user=member, role="The buyer"),
        "SELLER ": Player("Ann", "Ek", "ann@example.com"),
    }
    made = copy_envelope(
        Actor.from_user(member), template.pk, Mode.INSTANTIATE, Copy(title="Boat", players=players)
    )
    assert (made.state, made.template, made.title) == (EnvelopeState.DRAFT, False, "Boat")
    assert made.owner_user == member
    assert made.expires_at is not None
    buyer, seller = signers(made)
    assert (buyer.name, buyer.surname, buyer.email, buyer.user) == (
        "Bert",
        "Berg",
        "bert@board.example",
        member.pk,
    )
    assert (buyer.label, buyer.role, seller.label, seller.role) == ("Buyer", "The buyer", "", "Seller")
    assert seller.email == "ann@example.com"
    (price,) = [f for d in plan_of(made).documents or () for f in d.fields]
    assert (price.value, price.to_fill) == ("12", False)
    assert [t.tag for t in made.tags.all()] == ["sales"]
    assert [g.user for g in made.grants.all()] == [member]
    # Other handles on the same bytes, each with an id of its own.
    files = [e.documents.get().brought for e in (template, made)]
    assert files[0].blob_id == files[1].blob_id
    assert files[0].pk != files[1].pk
    assert files[0].pub != files[1].pub or files[0].pub is None
    assert Blob.objects.count() == 1
    assert [e.kind for e, _ in audit.trail(made)] == ["created", "document_added"]
    made.refresh_from_db()
    assert made.audit_seq == 2
    assert send(Actor.from_user(member), made.pk).state == EnvelopeState.SENT
    assert plan_of(template).documents == (templates.parts(),)


def test_names_of_parts(user: User) -> None:
    actor = Actor.from_user(user)
    template = templates.offered(user)
    assert open_parts(plan_of(template).documents or ()) == ["Buyer", "Seller"]
    with pytest.raises(Invalid) as e:
        copy_envelope(
            actor, template.pk, Mode.INSTANTIATE, Copy(players={"Byer": Player("A", email="a@b.example")})
        )
    assert e.value.faults == {"roles.Byer": ["unknown"]}
    with pytest.raises(Invalid) as e:
        copy_envelope(
            actor, template.pk, Mode.INSTANTIATE, Copy(players={"Buyer": Player("A", email="nonsense")})
        )
    assert e.value.faults == {"roles.Buyer.email": ["invalid"]}
    assert Envelope.objects.count() == 1, "nothing was made"
    # Parts that are nobody's are found out when it is sent.
    half = copy_envelope(
        actor, template.pk, Mode.INSTANTIATE, Copy(players={"Buyer": Player("A", email="a@b.example")})
    )
    with pytest.raises(Invalid) as e:
        send(actor, half.pk)
    assert "documents.0.groups.1.signers.0.email" in e.value.faults


def test_a_label_goes_before_a_role(user: User) -> None:
    one = PlannedSigner(key="1", label="Witness", role="Buyer")
    two = PlannedSigner(key="2", label="Buyer")
    template = templates.offered(user, document([[one, two]], [asks("1", "1"), asks("2", "2")]))
    made = copy_envelope(
        Actor.from_user(user),
        template.pk,
        Mode.INSTANTIATE,
        Copy(players={"buyer": Player("Ann", email="a@b.example")}),
    )
    assert [s.name for s in signers(made)] == ["", "Ann"]


def test_what_may_be_copied_how(user: User) -> None:
    actor = Actor.from_user(user)
    draft = templates.draft(user)
    for mode in (Mode.INSTANTIATE, Mode.TEMPLATIZE):
        with pytest.raises(Conflict, match="not_offered"):
            copy_envelope(actor, draft.pk, mode)
    with pytest.raises(Conflict, match="not_declined"):
        copy_envelope(actor, draft.pk, Mode.REPLACE)
    clone = copy_envelope(actor, draft.pk, Mode.CLONE)
    assert clone.template
    assert clone.expires_at is None
    offer(actor, draft.pk)
    further = copy_envelope(actor, draft.pk, Mode.TEMPLATIZE)
    assert (further.template, further.state) == (True, EnvelopeState.DRAFT)


def test_a_refused_one_is_replaced_once(user: User) -> None:
    actor = Actor.from_user(user)
    sent = groups.draft(user, document([[person("a")]], [asks("1", "a")]))
    send(actor, sent.pk)
    run_due()
    clone = copy_envelope(actor, sent.pk, Mode.CLONE)
    assert (clone.state, clone.recipients.count()) == (EnvelopeState.DRAFT, 0)
    decline(Ticket(sent, "1").sitting, "no")
    sent.refresh_from_db()
    assert sent.state == EnvelopeState.DECLINED
    new = copy_envelope(actor, sent.pk, Mode.REPLACE)
    assert (new.replaces, new.state) == (sent, EnvelopeState.DRAFT)
    assert [s.email for s in signers(new)] == [s.email for s in signers(sent)]
    assert not Recipient.objects.filter(envelope=new).exists()
    with pytest.raises(Conflict, match="replaced"):
        copy_envelope(actor, sent.pk, Mode.REPLACE)
    assert "replacement_begun" in [e.kind for e, _ in audit.trail(sent)]


def test_who_sees_a_template(user: User, member: User, organization: Organization) -> None:
    signer = User.objects.create_user(organization, "sue", role=User.Role.SIGNER)
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    eve = User.objects.create_user(elsewhere, "eve")
    private, public = templates.offered(user), templates.offered(user, public=True)
    draft = templates.draft(user, public=True)

    def seen(who: User) -> set[int]:
        return set(visible_templates(Actor.from_user(who)).values_list("pk", flat=True))

    assert seen(user) == {private.pk, public.pk, draft.pk}
    assert seen(member) == {public.pk}
    assert seen(signer) == seen(eve) == set()
    assert get_template(Actor.from_user(member), groups.GROUPS, public.pub or "") == public
    with pytest.raises(NotFound):
        get_template(Actor.from_user(eve), groups.GROUPS, public.pub or "")


def test_no_clock_runs_for_a_template(user: User) -> None:
    user.organization.retention_unsigned_months = user.organization.retention_other_months = 1
    user.organization.save()
    content = DraftContent("Lease", template=True)
    template = create_draft(Actor.from_user(user), groups.GROUPS, content)
    assert (template.content_erase_at, template.erase_at) == (None, None)
    instance = create_draft(Actor.from_user(user), groups.GROUPS, replace(content, template=False))
    assert instance.content_erase_at is not None
