"""Orders on the core: who may do what when, and how it ends."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from tests.envelopes.orders import (
    ORDERS,
    ids,
    order,
    person,
    register,
    sitting,
    states,
    stored,
    task,
    tasks_of,
)
from tests.envelopes.signing import Signer
from tests.forms import make_form
from tests.jobs.testing import run_due
from undersigned.accounts.models import Organization, User
from undersigned.base.clock import now
from undersigned.envelopes import artifacts, fill, links, open_sitting, shown
from undersigned.envelopes import make_signature as module
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument, NewForm
from undersigned.envelopes.compile_plan import cyclic
from undersigned.envelopes.decline import decline
from undersigned.envelopes.delete_envelope import delete_envelope
from undersigned.envelopes.errors import Conflict, Invalid, NotFound, RunOut
from undersigned.envelopes.expire_recipient import expire_recipient
from undersigned.envelopes.forward import NewPerson, forward
from undersigned.envelopes.models import (
    Assignment,
    AuditEvent,
    Document,
    Envelope,
    Field,
    Forward,
    NotificationPlan,
    Package,
    Recipient,
    Signature,
    StepEdge,
)
from undersigned.envelopes.packages import NewPackage
from undersigned.envelopes.plan_notifications import NewNotification
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.postpone import postpone
from undersigned.envelopes.record import evidence_record
from undersigned.envelopes.signer import standing
from undersigned.envelopes.upload import upload
from undersigned.envelopes.view import view
from undersigned.files.models import File
from undersigned.files.store import receive, store_pdf
from undersigned.identity.policy import IdentityPolicy, SignWay
from undersigned.jobs.models import Job
from undersigned.lifecycle.expiry import expire_due

pytestmark = [pytest.mark.django_db, pytest.mark.database]

JANE = NewPerson("Jane Roe", "jane@example.com")


@pytest.fixture(autouse=True)
def orders() -> None:
    register()


@pytest.fixture
def contract(user: User) -> NewDocument:
    return NewDocument("contract.pdf", stored(user))


def _fresh(envelope: Envelope) -> Envelope:
    return Envelope.objects.get(pk=envelope.pk)


def _signer(envelope: Envelope, key: str, name: str = "Tess Ting") -> Signer:
    signer = Signer(Recipient.objects.get(envelope=envelope, key=key), with_code=False)
    signer.recipient.name = signer.recipient.name or name  # types it for the look of the signature
    return signer


def _sees(envelope: Envelope, key: str) -> list[str]:
    return [d.title for d in shown.documents_of(Recipient.objects.get(envelope=envelope, key=key))]


def _kinds(envelope: Envelope) -> list[str]:
    return list(AuditEvent.objects.filter(envelope=envelope).order_by("seq").values_list("kind", flat=True))


DIAMOND = {"b": ("a",), "c": ("a",), "d": ("b", "c")}


@pytest.fixture
def diamond(actor: Actor, contract: NewDocument) -> Envelope:
    people = [person(k) for k in "abcd"]
    return order(actor, [contract], people, [task(k, 1, "view") for k in "abcd"], DIAMOND)


def test_nobody_acts_before_those_whom_they_wait_for(diamond: Envelope) -> None:
    seen = []
    for key in "abcd":
        for early in "abcd"[ord(key) - ord("a") + 1 :] if key in "a" else ():
            with pytest.raises(Conflict):
                view(sitting(diamond, early), ids(diamond, early, "view"))
        view(sitting(diamond, key), ids(diamond, key, "view"))
        seen.append(states(diamond)[key])
        if key == "b":
            with pytest.raises(Conflict):
                view(sitting(diamond, "d"), ids(diamond, "d", "view"))
    assert seen == ["done"] * 4
    assert (_fresh(diamond).state, _fresh(diamond).signed_count) == ("sealing", 0)
    assert _kinds(diamond).count("viewed") == 4


def test_a_circle_is_refused(actor: Actor, contract: NewDocument) -> None:
    assert cyclic({"a": ("b",), "b": ("a",), "c": ("a",)}) == ["a", "b"]
    people, tasks = [person(k) for k in "ab"], [task(k, 1, "view") for k in "ab"]
    with pytest.raises(Invalid) as e:
        order(actor, [contract], people, tasks, {"a": ("b",), "b": ("a",)})
    assert e.value.faults == {"after.a": ["cyclic"], "after.b": ["cyclic"]}
    with pytest.raises(Invalid) as e:
        order(actor, [contract], people, tasks[:1], {"a": ("x",)})
    assert e.value.faults == {"recipients.b": ["idle"], "after.a": ["unknown"]}
    assert not Envelope.objects.filter(dialect=ORDERS).exists()


def test_each_is_shown_their_own_documents(actor: Actor, user: User, contract: NewDocument) -> None:
    secret = NewDocument("secret.pdf", stored(user, "secret.pdf"))
    made = order(
        actor, [contract, secret], [person("a"), person("b")], [task("a", 1, "sign"), task("b", 2, "view")]
    )
    assert (_sees(made, "a"), _sees(made, "b")) == (["contract.pdf"], ["secret.pdf"])
    run_due()
    heads = dict(made.documents.values_list("title", "head__kind"))
    assert heads == {"contract.pdf": "prepared", "secret.pdf": "original"}, (
        "what is only read is not prepared"
    )
    assert [v.document.title for v in shown.current(_signer(made, "a").recipient).versions] == [
        "contract.pdf"
    ]


def test_signing_waits_for_the_rest(actor: Actor, user: User, contract: NewDocument) -> None:
    made = order(
        actor,
        [contract, NewDocument("terms.pdf", stored(user, "terms.pdf")), NewDocument("Your licence")],
        [person("a")],
        [task("a", 1, "sign"), task("a", 2, "view"), task("a", 3, "upload"), task("a", 3, "sign")],
    )
    run_due()
    signer = _signer(made, "a")
    with pytest.raises(Conflict) as e:
        signer.sign()
    assert e.value.code == "unfinished"
    view(signer.sitting, ids(made, "a", "view"))
    brought = stored(user, "licence.pdf")
    upload(signer.sitting, ids(made, "a", "upload")[0], brought)
    with pytest.raises(Conflict) as e:
        upload(signer.sitting, ids(made, "a", "upload")[0], stored(user, "other.pdf"))
    assert e.value.code == "already_brought"
    with pytest.raises(Conflict) as e:
        signer.sign()
    assert e.value.code == "preparing"
    run_due()
    signer.sign()
    document = made.documents.get(position=3)
    assert (document.original_id, document.head and document.head.kind) == (brought.pk, "signed")
    assert states(made) == {"a": "done"}
    assert Signature.objects.filter(assignment__envelope=made).count() == 2
    result = Job.objects.get(kind="result")
    assert result.payload == {"envelope": made.pk, "recipient": signer.recipient.pk}
    assert _kinds(made).count("uploaded") == 1


@pytest.mark.parametrize("way", ["said", "drawn"])
def test_a_declaration_is_signed_or_waived_as_the_way_asks(
    actor: Actor, contract: NewDocument, way: str
) -> None:
    ways = (
        SignWay(asked_as="", method="link", statement=way == "said"),
        SignWay(asked_as="x", statement=True),
    )
    made = order(actor, [contract], [person("a", IdentityPolicy(sign_ways=ways))], [task("a", 1, "sign")])
    run_due()
    declaration = made.documents.get(format="declaration")
    assert declaration.head is not None
    assert _sees(made, "a") == ["contract.pdf", declaration.title]
    signer = _signer(made, "a")
    signer.sign()
    assert tasks_of(made, "a") == {
        "sign1": "done",
        " declaration": "done" if way == "said" else "waived",
    }
    consent = Signature.objects.filter(assignment__document__title="contract.pdf").get().consent
    assert len(consent.shown) == (2 if way == "said" else 1)
    assert _fresh(made).state == "sealing"


def test_who_refuses_is_out_alone(diamond: Envelope) -> None:
    view(sitting(diamond, "a"), ids(diamond, "a", "view"))
    decline(sitting(diamond, "b"), "No.")
    assert _fresh(diamond).state == "sent"
    view(sitting(diamond, "c"), ids(diamond, "c", "view"))
    assert states(diamond) == {"a": "done", "b": "declined", "c": "done", "d": "active"}
    with pytest.raises(Conflict):  # what they wait for will never be
        view(sitting(diamond, "d"), ids(diamond, "d", "view"))
    Recipient.objects.filter(envelope=diamond).update(expires_at=now())
    assert expire_due() == 1
    assert states(diamond)["d"] == "expired"
    assert _fresh(diamond).state == "declined"
    done = Recipient.objects.get(envelope=diamond, key="c")
    assert standing(_fresh(diamond), done, now()) == "signed"
    assert _kinds(diamond)[-2:] == ["expired", "ended"]


def test_time_runs_out_by_the_test_clock(diamond: Envelope, organization: Organization) -> None:
    assert expire_due() == 0
    Recipient.objects.filter(envelope=diamond, key="a").update(expires_at=now())
    assert expire_due() == 1
    assert not expire_recipient(Recipient.objects.get(envelope=diamond, key="a").pk)
    assert (states(diamond)["a"], _fresh(diamond).state) == ("expired", "sent")
    organization.clock_offset = timedelta(days=30)
    organization.save()
    assert expire_due() == 3
    assert _fresh(diamond).state == "expired"


def test_a_package_is_built_when_all_is_there_and_fails_when_it_never_can_be(
    actor: Actor, contract: NewDocument
) -> None:
    both = NewPackage("both", (("a", "view1"), ("b", "view1")))
    alone = NewPackage("alone", (("a", "view1"),))
    made = order(
        actor,
        [contract],
        [person("a"), person("b")],
        [task("a", 1, "view"), task("b", 1, "view")],
        packages=(both, alone),
    )
    view(sitting(made, "a"), ids(made, "a", "view"))
    queued = dict(Package.objects.values_list("key", "queued_at"))
    assert queued["alone"] is not None
    assert queued["both"] is None
    assert Job.objects.filter(kind="package").count() == 1
    decline(sitting(made, "b"), "")
    assert dict(Package.objects.values_list("key", "state")) == {"both": "failed", "alone": "created"}
    assert _kinds(made).count("package_failed") == 2, "each person in it hears"
    with pytest.raises(Invalid) as e:
        order(
            actor,
            [contract],
            [person("a")],
            [task("a", 1, "view")],
            packages=(NewPackage("p", (("a", "other"),)),),
        )
    assert e.value.faults == {"packages.0.items.0": ["unknown"]}


def test_the_last_two_of_a_package_at_once(
    actor: Actor, contract: NewDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order(
        actor,
        [contract],
        [person("a"), person("b")],
        [task("a", 1, "sign"), task("b", 1, "sign")],
        packages=(NewPackage("p", (("a", "sign1"), ("b", "sign1"))),),
    )
    run_due()
    one, two = _signer(made, "a"), _signer(made, "b")
    _meanwhile(monkeypatch, two.sign)
    one.sign()
    assert Job.objects.filter(kind="package").count() == 1
    assert Job.objects.filter(kind="result").count() == 2
    assert _fresh(made).state == "sealing"


def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: object) -> None:
    """Once, after a signature has been begun and before it is committed."""
    real = module.sign_pdf
    calls = []

    def slow(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            act()  # type: ignore[operator]
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "sign_pdf", slow)


def test_deleted_while_a_signature_is_made(
    actor: Actor, contract: NewDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order(actor, [contract], [person("a")], [task("a", 1, "sign")])
    run_due()
    signer = _signer(made, "a")
    _meanwhile(monkeypatch, lambda: delete_envelope(actor, made.pk))
    with pytest.raises(NotFound):
        signer.sign()
    assert not Signature.objects.exists()


def test_handed_on_while_a_signature_is_made(
    actor: Actor, contract: NewDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order(actor, [contract], [person("a")], [task("a", 1, "sign")])
    run_due()
    signer = _signer(made, "a")
    other = sitting(made, "a")
    _meanwhile(monkeypatch, lambda: forward(other, Forward.Mode.SOMEONE_ELSE, JANE))
    with pytest.raises(Conflict) as e:
        signer.sign()
    assert e.value.code == "forwarded"
    assert not Signature.objects.exists()


def test_somebody_else_takes_over(actor: Actor, contract: NewDocument) -> None:
    made = order(
        actor,
        [contract],
        [person("a", name="John Doe"), person("b")],
        [task("a", 1, "sign"), task("b", 1, "sign")],
        {"b": ("a",)},
        packages=(NewPackage("p", (("a", "sign1"), ("b", "sign1"))),),
        notifications=(
            NewNotification(
                ("recipient", "a"), "1", NotificationPlan.Channel.EMAIL, "john@example.com", "Sign, please"
            ),
            NewNotification(
                ("recipient", "a"),
                "2",
                NotificationPlan.Channel.EMAIL,
                "office@example.com",
                "Done",
                trigger=NotificationPlan.Trigger.COMPLETED,
            ),
        ),
    )
    run_due()
    before = links.token(Recipient.objects.get(envelope=made, key="a"))
    old = sitting(made, "a")
    jane = forward(old, Forward.Mode.SOMEONE_ELSE, JANE)
    assert (states(made)["a"], states(made)[jane.key]) == ("forwarded", "active")
    assert tasks_of(made, "a") == {"sign1": "void"}
    assert links.find(before) is None
    with pytest.raises(Conflict):
        forward(old, Forward.Mode.SOMEONE_ELSE, JANE)
    waits = StepEdge.objects.filter(step__envelope=made)
    assert [e.depends_on.position for e in waits] == [jane.position], "who came after John comes after Jane"
    items = Package.objects.get().items.values_list("assignment__recipient__key", flat=True)
    assert list(items) == [jane.key, "b"]
    plans = NotificationPlan.objects.filter(recipient=jane)
    assert [(p.address, p.trigger, p.due_at is not None) for p in plans] == [
        ("jane@example.com", "created", True),
        ("office@example.com", "completed", False),
    ]
    handed = Forward.objects.get()
    assert (handed.original.key, handed.recipient.key) == ("a", jane.key)
    signer = _signer(made, jane.key)
    assert signer.recipient.name == "Jane Roe"
    signer.sign()
    _signer(made, "b").sign()
    assert _fresh(made).state == "sealing"
    assert Job.objects.filter(kind="package").count() == 1


def test_somebody_else_signs_after_me(actor: Actor, contract: NewDocument) -> None:
    made = order(
        actor,
        [contract],
        [person("a", name="John Doe"), person("b")],
        [task("a", 1, "sign"), task("b", 1, "view")],
        {"b": ("a",)},
        packages=(NewPackage("p", (("a", "sign1"),)),),
    )
    run_due()
    john = _signer(made, "a")
    jane = forward(john.sitting, Forward.Mode.BOTH, JANE)
    assert states(made) == {"a": "active", "b": "active", jane.key: "active"}
    early = sitting(made, jane.key)
    assert standing(_fresh(made), early.recipient, now()) == "not_your_turn"
    john.sign()
    assert _fresh(made).state == "sent", "Jane is still to sign"
    assert not Job.objects.filter(kind="package").exists()
    with pytest.raises(Conflict):
        view(sitting(made, "b"), ids(made, "b", "view"))
    _signer(made, jane.key).sign()
    assert Field.objects.get(recipient=jane).invisible
    view(sitting(made, "b"), ids(made, "b", "view"))
    assert _fresh(made).state == "sealing"
    chain = Document.objects.get(envelope=made).versions.values_list("kind", flat=True)
    assert list(chain) == ["original", "prepared", "signed", "signed"]
    assert Job.objects.filter(kind="package").count() == 1


def test_handing_on_needs_leave_and_a_person(actor: Actor, contract: NewDocument) -> None:
    made = order(actor, [contract], [person("a")], [task("a", 1, "view")], policy={"forwarding": False})
    with pytest.raises(Conflict) as e:
        forward(sitting(made, "a"), Forward.Mode.BOTH, JANE)
    assert e.value.code == "not_allowed"
    Envelope.objects.update(
        policy=Policy.model_validate(made.policy).model_copy(update={"forwarding": True}).model_dump()
    )
    with pytest.raises(Invalid) as bad:
        forward(sitting(made, "a"), Forward.Mode.BOTH, NewPerson("", "no address"))
    assert set(bad.value.faults) == {"name", "email"}
    assert Recipient.objects.filter(envelope=made).count() == 1


def test_an_artifact_opens_once_and_briefly(
    actor: Actor, contract: NewDocument, organization: Organization
) -> None:
    made = order(actor, [contract], [person("a", IdentityPolicy(artifact=True))], [task("a", 1, "view")])
    recipient = Recipient.objects.get(envelope=made)
    with pytest.raises(RunOut):
        open_sitting.open_sitting(links.token(recipient), "", "")
    first = artifacts.issue(recipient, now())
    second = artifacts.issue(recipient, now())
    assert len(first) == 25
    with pytest.raises(RunOut):
        open_sitting.open_sitting(artifacts.token(recipient, first), "", "")
    opened = open_sitting.open_sitting(artifacts.token(recipient, second), "", "")
    assert opened.sitting.identified_at is not None
    with pytest.raises(RunOut):
        open_sitting.open_sitting(artifacts.token(recipient, second), "", "")
    late = artifacts.issue(recipient, now() - artifacts.LIFE)
    with pytest.raises(RunOut):
        open_sitting.open_sitting(artifacts.token(recipient, late), "", "")
    with pytest.raises(NotFound):
        open_sitting.open_sitting(artifacts.token(recipient, "x" * 25), "", "")


def test_what_is_deleted_leaves_a_tombstone_for_a_while(actor: Actor, contract: NewDocument) -> None:
    made = order(
        actor,
        [contract],
        [person("a", name="John Doe")],
        [task("a", 1, "sign")],
        packages=(NewPackage("p", (("a", "sign1"),)),),
        notifications=(
            NewNotification(("package", "p"), "1", NotificationPlan.Channel.EMAIL, "john@example.com", "Hi"),
        ),
    )
    run_due()
    expires = Recipient.objects.get(envelope=made).expires_at
    assert expires is not None
    assert _fresh(made).erase_at == expires + timedelta(days=7)
    forward(sitting(made, "a"), Forward.Mode.BOTH, JANE)
    assert contract.file is not None
    delete_envelope(actor, made.pk)
    gone = _fresh(made)
    assert gone.erased_at is not None
    assert gone.tombstone_until == gone.erased_at + timedelta(days=30)
    for model in (Package, NotificationPlan, Forward, Assignment, Document):
        assert not model._default_manager.exists()
    assert set(Recipient.objects.values_list("name", "email")) == {(None, None)}
    with pytest.raises(NotFound):
        delete_envelope(actor, made.pk)


def test_leaving_for_another_day_changes_nothing(diamond: Envelope) -> None:
    postpone(sitting(diamond, "a"))
    assert _kinds(diamond)[-1] == "postponed"
    assert tasks_of(diamond, "a") == {"view1": "open"}
    with pytest.raises(Conflict):
        postpone(sitting(diamond, "d"))


def test_a_session_file_gets_a_handle_of_the_order(actor: Actor, user: User) -> None:
    lent = stored(user)
    File.objects.filter(pk=lent.pk).update(kind=File.Kind.SESSION)
    lent.refresh_from_db()
    made = order(actor, [NewDocument("", lent)], [person("a")], [task("a", 1, "view")])
    document = made.documents.get()
    assert (document.brought.kind, document.brought.blob_id) == ("upload", lent.blob_id)
    assert document.original_id != lent.pk


def test_a_form_is_filled_in_and_then_signed(actor: Actor, user: User) -> None:
    with receive(io.BytesIO(make_form())) as received:
        file = store_pdf(user.organization, received, "application.pdf", user=user)
    given = NewForm(interactive=True, values={"person.name": "Ola", "country": "Finland", "no such": "x"})
    made = order(
        actor,
        [NewDocument("Application", file, form=given)],
        [person("a", name="Ola Nordmann")],
        [task("a", 1, "fill", "doc"), task("a", 1, "sign", "doc")],
    )
    document = made.documents.get()
    assert not Job.objects.filter(kind="prepare").exists(), "the form must be filled in first"
    signer = _signer(made, "a")
    fill.save(signer.sitting, document.pk, {"remarks": "Two\r\nlines", "smoker": "true"})
    with pytest.raises(Invalid) as e:
        fill.save(
            signer.sitting, document.pk, {"policy": "P-2", "account": "1234567", "x": "", "town": "Bergen"}
        )
    assert e.value.faults == {"policy": ["read_only"], "account": ["too_long"], "x": ["unknown"]}
    with pytest.raises(Invalid) as e:
        fill.finish(signer.sitting, document.pk)
    assert e.value.faults == {"cover": ["required"]}
    with pytest.raises(Invalid) as e:
        fill.save(signer.sitting, document.pk, {"remarks": "Two\x00", "person.name": "\u202ealO"})
    assert e.value.faults == {"remarks": ["unprintable"], "person.name": ["unprintable"]}
    fill.save(signer.sitting, document.pk, {"cover": "small"})
    fill.finish(signer.sitting, document.pk)
    fill.finish(signer.sitting, document.pk)
    values = {f.key: f.value for f in document.fields.filter(kind=Field.Kind.ACROFORM)}
    assert (
        values
        | {
            "person.name": "Ola",
            "country": "fi",
            "remarks": "Two\nlines",
            "smoker": "Yes",
            "cover": "small",
            "policy": "P-1",
            "town": None,
        }
        == values
    )
    run_due()
    with pytest.raises(Conflict) as late:
        fill.save(signer.sitting, document.pk, {"remarks": "More"})
    assert late.value.code == "already_filled"
    signer.sign()
    assert tasks_of(made, "a") == {"doc": "done"}
    assert [k for k in _kinds(made) if k in ("filled", "prepared", "signed")] == [
        "filled",
        "prepared",
        "signed",
    ]


def test_a_form_that_is_none_is_refused(actor: Actor, user: User, contract: NewDocument) -> None:
    with pytest.raises(Invalid) as e:
        order(
            actor,
            [NewDocument("x.pdf", contract.file, form=NewForm(interactive=True))],
            [person("a")],
            [task("a", 1, "fill"), task("a", 1, "sign")],
        )
    assert e.value.faults == {"documents.0.form": ["none"]}
    with receive(io.BytesIO(make_form())) as received:
        file = store_pdf(user.organization, received, "application.pdf", user=user)
    with pytest.raises(Invalid) as e:
        order(
            actor,
            [contract, NewDocument("f.pdf", file, form=NewForm(values={"account": "1234567"}))],
            [person("a")],
            [task("a", 1, "view"), task("a", 2, "sign")],
        )
    assert e.value.faults == {"documents.1.form.account": ["too_long"]}


def test_an_order_runs_to_its_end(actor: Actor, contract: NewDocument) -> None:
    made = order(
        actor,
        [contract],
        [person("a", name="John Doe"), person("b", name="Åsa Öberg")],
        [task("a", 1, "sign"), task("b", 1, "view")],
        packages=(NewPackage("p", (("a", "sign1"), ("b", "view1"))),),
    )
    run_due()
    jane = forward(sitting(made, "a"), Forward.Mode.SOMEONE_ELSE, JANE)
    _signer(made, jane.key).sign()
    view(sitting(made, "b"), ids(made, "b", "view"))
    run_due()
    assert _fresh(made).state == "completed"
    assert Package.objects.get().state == "completed"
    record = evidence_record(_fresh(made), {})
    john = record["people"][0]
    assert (john["state"], [h["to"] for h in john["handed_on"]]) == ("forwarded", [jane.pk])
    assert [t["action"] for t in record["people"][1]["tasks"]] == ["view"]
