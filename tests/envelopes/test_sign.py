"""Signing: alone, one after the other, at the same time, and when it must not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.accounts.models import Organization
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.envelopes import audit, links, make_signature, shown
from undersigned.envelopes import sign as sign_module
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.decline import decline
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, WrongCode
from undersigned.envelopes.models import (
    AuditEvent,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
)
from undersigned.envelopes.open_sitting import find_sitting, open_sitting
from undersigned.envelopes.signer import Standing, standing
from undersigned.envelopes.supersede import supersede
from undersigned.identity import code as codes
from undersigned.sealing.chain import first_break
from undersigned.sealing.errors import TimestampUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def open_(sent: Envelope) -> Envelope:
    return prepared(sent)


@pytest.fixture
def john(open_: Envelope) -> Signer:
    return Signer(open_.recipients.get(name="John Doe"))


@pytest.fixture
def asa(open_: Envelope) -> Signer:
    return Signer(open_.recipients.get(name="Åsa Öberg"))


def _kinds(envelope: Envelope) -> list[str]:
    return list(AuditEvent.objects.filter(envelope=envelope).values_list("kind", flat=True))


# --- the whole way -------------------------------------------------------------------------------
def test_two_sign_and_the_contract_is_sealed(open_: Envelope, john: Signer, asa: Signer) -> None:
    john.sign()
    open_.refresh_from_db()
    assert (open_.state, open_.signed_count, open_.agreed_at) == ("sent", 1, None)
    asa.sign()
    open_.refresh_from_db()
    assert (open_.state, open_.signed_count) == ("sealing", 2)
    assert [e.kind for e in WebhookEvent.objects.order_by("pk")] == ["signed", "signed", "agreed"]
    run_due()
    open_.refresh_from_db()
    assert open_.state == "completed"
    assert list(DocumentVersion.objects.order_by("seq").values_list("kind", flat=True)) == [
        "original",
        "prepared",
        "signed",
        "signed",
        "sealed",
    ]
    assert open_.evidence is not None
    assert open_.evidence_json is not None
    chain = [
        audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash} for e, _ in audit.trail(open_)
    ]
    assert first_break(chain) is None
    completed = Message.objects.filter(purpose="completed")
    assert {m.address for m in completed} == {"john@example.com", "asa@example.com", "anna@board.example"}


def test_a_consent_names_what_was_shown_and_a_proof_that_the_sender_knew_the_code(
    open_: Envelope, john: Signer
) -> None:
    head = Document.objects.get(envelope=open_).head
    assert head is not None
    john.sign(consent="I agree, word for word.")
    consent = Consent.objects.get()
    assert consent.text == "I agree, word for word."
    assert [s["sha256"] for s in consent.shown] == [head.sha256]
    signature = Signature.objects.get()
    assert signature.level == "B-T"
    assert signature.version_before == head
    assert signature.proof is not None
    assert (signature.proof.method, signature.proof.known_to_sender) == ("code", True)


# --- at the same time ----------------------------------------------------------------------------
def test_somebody_signs_while_my_signature_is_made(
    open_: Envelope, john: Signer, asa: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = make_signature.sign_pdf
    calls = []

    def slow(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            asa.sign()
        return real(*args)  # type: ignore[arg-type]

    john.ready()
    monkeypatch.setattr(make_signature, "sign_pdf", slow)
    john.sign()
    assert len(calls) == 3  # John's lost one, Åsa's, John's again
    document = Document.objects.get(envelope=open_)
    signed = DocumentVersion.objects.filter(document=document, kind="signed").order_by("seq")
    assert [v.parent_id for v in signed] == [signed[0].parent_id, signed[0].pk]
    assert Signature.objects.count() == 2
    open_.refresh_from_db()
    assert open_.state == "sealing"


def test_a_new_version_arrives_while_my_signature_is_made(
    actor: Actor, open_: Envelope, john: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = make_signature.sign_pdf

    def slow(*args: object) -> object:
        supersede(actor, open_.collection_id or 0)
        return real(*args)  # type: ignore[arg-type]

    john.ready()
    monkeypatch.setattr(make_signature, "sign_pdf", slow)
    with pytest.raises(Conflict) as e:
        john.sign()
    assert e.value.code == "superseded"
    assert not Signature.objects.exists()


def test_the_same_press_twice_is_one_signature(open_: Envelope, john: Signer) -> None:
    key = "k" * 32
    john.sign(key=key)
    john.sign(key=key)
    assert Signature.objects.count() == 1
    assert _kinds(open_).count("signed") == 1
    with pytest.raises(Conflict) as e:
        john.sign(key="another" * 5)
    assert e.value.code == "signed"


# --- what must not be ----------------------------------------------------------------------------
def test_without_code_nothing_is_signed(open_: Envelope) -> None:
    signer = Signer(open_.recipients.get(name="John Doe"), with_code=False)
    with pytest.raises(Conflict) as e:
        signer.sign()
    assert e.value.code == "not_identified"
    assert not Signature.objects.exists()


def test_without_a_trusted_time_nothing_is_signed(open_: Envelope, john: Signer, settings: object) -> None:
    settings.TIMESTAMP_AUTHORITY = ""  # type: ignore[attr-defined]
    with pytest.raises(TimestampUnavailable):
        john.sign()
    assert not Signature.objects.exists()
    assert Document.objects.get(envelope=open_).head.kind == "prepared"  # type: ignore[union-attr]


@pytest.mark.parametrize(("revision", "digest"), [("", "x"), ("1-2", "x"), ("999999", "x"), ("abc", "x")])
def test_other_pages_than_those_shown_are_not_signed(
    open_: Envelope, john: Signer, revision: str, digest: str
) -> None:
    with pytest.raises(Conflict) as e:
        john.sign(revision=revision, digest=digest)
    assert e.value.code == "moved"


def test_after_the_due_date_signing_is_refused_and_the_state_stays(
    organization: Organization, open_: Envelope, john: Signer
) -> None:
    john.ready()
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=32))
    with pytest.raises(Conflict) as e:
        john.sign()
    assert e.value.code in ("past_due", "not_identified")
    open_.refresh_from_db()
    assert open_.state == "sent"


def test_one_refuses_and_nobody_else_can_sign(open_: Envelope, john: Signer, asa: Signer) -> None:
    decline(john.sitting, "  No, thanks  ")
    decline(john.sitting, "again")
    open_.refresh_from_db()
    assert open_.state == "declined"
    assert Recipient.objects.get(name="John Doe").reason == "No, thanks"
    with pytest.raises(Conflict) as e:
        asa.sign()
    assert e.value.code == "stopped"
    purposes = {(m.purpose, m.address) for m in Message.objects.filter(purpose__in=("refused", "stopped"))}
    assert purposes == {("refused", "anna@board.example"), ("stopped", "asa@example.com")}
    assert not WebhookEvent.objects.exists()


def test_without_code_nothing_is_refused(open_: Envelope) -> None:
    with pytest.raises(Conflict) as e:
        decline(Signer(open_.recipients.get(name="John Doe"), with_code=False).sitting, "not me")
    assert e.value.code == "not_identified"
    open_.refresh_from_db()
    assert open_.state == "sent"


def test_who_reserved_and_could_not_sign_keeps_nobody_waiting(
    open_: Envelope, john: Signer, asa: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> object:
        assert Document.objects.filter(reserved_by=john.sitting).exists()
        raise TimestampUnavailable("no answer")

    monkeypatch.setattr(sign_module, "RESERVE_AFTER", 0)
    with monkeypatch.context() as patched:
        patched.setattr(make_signature, "sign_pdf", unavailable)
        with pytest.raises(TimestampUnavailable):
            john.sign()
    assert not Document.objects.exclude(reserved_by=None).exists()
    asa.sign()
    assert Signature.objects.get().assignment.recipient == asa.recipient


def test_who_has_signed_cannot_refuse(open_: Envelope, john: Signer) -> None:
    john.sign()
    with pytest.raises(Conflict):
        decline(john.sitting, "")
    assert Recipient.objects.get(name="John Doe").state == "done"


# --- links and codes -----------------------------------------------------------------------------
@pytest.mark.parametrize("token", ["", "x", "x" * 43, "../../etc/passwd", "\x00" * 43, "é" * 30])
def test_unknown_links_open_nothing(open_: Envelope, token: str) -> None:
    with pytest.raises(NotFound):
        open_sitting(token, "::1", "")
    assert not Sitting.objects.exists()


def test_a_new_link_version_revokes_the_old_link(open_: Envelope) -> None:
    recipient = open_.recipients.get(name="John Doe")
    old = links.token(recipient)
    recipient.link_version += 1
    assert links.token(recipient) != old


def test_the_cookie_of_one_sitting_opens_no_other(open_: Envelope) -> None:
    one = open_sitting(links.token(open_.recipients.get(name="John Doe")), "", "")
    two = open_sitting(links.token(open_.recipients.get(name="Åsa Öberg")), "", "")
    assert find_sitting(one.sitting.pub, one.secret) is not None
    assert find_sitting(one.sitting.pub, two.secret) is None


def test_five_wrong_codes_lock_even_the_right_one_for_all_sittings(open_: Envelope) -> None:
    recipient = open_.recipients.get(name="John Doe")
    sitting = open_sitting(links.token(recipient), "", "").sitting
    left = []
    for _ in range(codes.TRIES - 1):
        with pytest.raises(WrongCode) as e:
            enter_code(sitting, "AAAAAA")
        left.append(e.value.tries_left)
    assert left == [4, 3, 2, 1]
    with pytest.raises(CodeLocked):
        enter_code(sitting, "AAAAAA")
    other = open_sitting(links.token(recipient), "", "").sitting
    with pytest.raises(CodeLocked):
        enter_code(other, recipient.code or "")
    assert "code_locked" in _kinds(open_)
    assert not IdentityProof.objects.filter(method="code").exists()


def test_after_the_pause_the_code_works_again(organization: Organization, open_: Envelope) -> None:
    recipient = open_.recipients.get(name="John Doe")
    Recipient.objects.filter(pk=recipient.pk).update(
        code_locked_until=open_.created_at + timedelta(minutes=15)
    )
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(minutes=16))
    sitting = open_sitting(links.token(recipient), "", "").sitting
    enter_code(sitting, f" {(recipient.code or '').lower()[:3]} {(recipient.code or '').lower()[3:]} ")
    sitting.refresh_from_db()
    assert sitting.identified_at is not None


def test_an_idle_sitting_ends_and_forgets(organization: Organization, open_: Envelope, john: Signer) -> None:
    john.ready()
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(minutes=31))
    found = find_sitting(john.sitting.pub, john.secret)
    assert found is not None
    assert (found.appearance, found.identified_at) == (None, None)
    assert found.ended_at is not None


def test_standing_says_what_is_so(open_: Envelope, actor: Actor) -> None:
    recipient = open_.recipients.get(name="John Doe")
    assert standing(open_, recipient, open_.created_at) is Standing.OPEN
    supersede(actor, open_.collection_id or 0)
    open_.refresh_from_db()
    assert standing(open_, recipient, open_.created_at) is Standing.SUPERSEDED


def test_what_is_shown_is_what_is_stored(open_: Envelope) -> None:
    john = open_.recipients.get(name="John Doe")
    seen = shown.current(john)
    assert shown.as_seen(john, seen.revision, seen.digest) == seen
    with pytest.raises(Conflict):
        shown.as_seen(john, seen.revision, "0" * 64)


def test_evidence_tells_all_and_hangs_together(open_: Envelope, john: Signer, asa: Signer) -> None:
    from undersigned.files.storage import read

    john.sign()
    asa.sign()
    run_due()
    open_.refresh_from_db()
    assert open_.evidence_json is not None
    assert open_.evidence_json.blob is not None
    record = json.loads(b"".join(read(open_.evidence_json.blob)))
    assert first_break(record["audit"]) is None
    assert [p["name"] for p in record["people"]] == ["John Doe", "Åsa Öberg"]
    assert {p["method"] for person in record["people"] for p in person["proofs"]} == {
        "link",
        "sender-code",
        "sms-code",
    }
    kinds = [v["kind"] for v in record["documents"][0]["versions"]]
    assert kinds == ["original", "prepared", "signed", "signed", "sealed"]


Make = Callable[..., Envelope]
