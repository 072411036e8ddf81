"""What the core tells delivery, and what it asks of it: the guard, repetition on request, the audit trail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.accounts.limits import LimitReached
from undersigned.accounts.models import Organization, User
from undersigned.delivery.models import Message
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.correspondence import PORTS
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import AuditEvent, Envelope, Recipient
from undersigned.envelopes.resend_code import resend_code
from undersigned.envelopes.resend_link import resend_link
from undersigned.envelopes.supersede import supersede

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def _invitations() -> dict[str, str]:
    return dict(Message.objects.filter(purpose="invitation").values_list("address", "state"))


def _kinds(envelope: Envelope) -> list[str]:
    return list(AuditEvent.objects.filter(envelope=envelope).order_by("seq").values_list("kind", flat=True))


def _age(seconds: int) -> None:
    for message in Message.objects.all():
        Message.objects.filter(pk=message.pk).update(
            created_at=message.created_at - timedelta(seconds=seconds)
        )


# --- is it still wanted? -------------------------------------------------------------------------
def test_invitations_and_codes_of_a_replaced_version_are_dropped(actor: Actor, sent: Envelope) -> None:
    supersede(actor, sent.collection_id or 0)
    run_due()
    assert set(Message.objects.values_list("state", flat=True)) == {"dropped"}
    assert "message_sent" not in _kinds(sent)


def test_what_is_wanted_is_sent_and_told(sent: Envelope) -> None:
    run_due()
    assert set(_invitations().values()) == {"sent"}
    assert _kinds(sent).count("message_sent") == 3  # two invitations, one code


@pytest.mark.parametrize("why", ["signed", "declined", "stopped"])
def test_an_invitation_is_pointless_once_its_reader_cannot_act(sent: Envelope, why: str) -> None:
    prepared(sent)
    john = Signer(sent.recipients.get(name="John Doe"))
    john.sign() if why == "signed" else decline(john.sitting, "no")
    name = "Åsa Öberg" if why == "stopped" else "John Doe"
    message = Message.objects.get(purpose="invitation", recipient_id=sent.recipients.get(name=name).pk)
    assert not PORTS.guard.still_wanted(message)


def test_after_the_due_date_nobody_is_invited(sent: Envelope, organization: Organization) -> None:
    message = Message.objects.filter(purpose="invitation").first()
    assert message is not None
    assert PORTS.guard.still_wanted(message)
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=32))
    assert not PORTS.guard.still_wanted(message)


def test_an_unknown_condition_is_never_met(sent: Envelope) -> None:
    message = Message.objects.filter(purpose="invitation").first()
    assert message is not None
    message.still_if = "moon-is-full"
    assert not PORTS.guard.still_wanted(message)


def test_link_and_code_never_travel_together(sent: Envelope) -> None:
    asa = sent.recipients.get(name="Åsa Öberg")
    mail = Message.objects.get(purpose="invitation", recipient_id=asa.pk)
    sms = Message.objects.get(purpose="signer_code")
    assert PORTS.renderer.secrets(mail) == {"url": links.url(asa)}
    assert PORTS.renderer.secrets(sms) == {"code": asa.code}


# --- once more -----------------------------------------------------------------------------------
def test_a_repetition_is_sent_and_told_once_in_a_minute(actor: Actor, sent: Envelope) -> None:
    john = sent.recipients.get(name="John Doe")
    for _ in range(5):
        resend_link(actor, john)
    assert Message.objects.filter(recipient_id=john.pk, purpose="invitation").count() == 2
    assert _kinds(sent).count("link_sent_again") == 1
    _age(61)
    resend_link(actor, john)
    assert Message.objects.filter(recipient_id=john.pk, purpose="invitation").count() == 3
    assert _kinds(sent).count("link_sent_again") == 2


def test_nobody_is_written_to_more_than_ten_times_a_day_on_request(actor: Actor, sent: Envelope) -> None:
    john, asa = (sent.recipients.get(name=name) for name in ("John Doe", "Åsa Öberg"))
    for _ in range(10):
        resend_link(actor, john)
        resend_code(asa)
        _age(61)
    before = Message.objects.count()
    for resend in (lambda: resend_link(actor, john), lambda: resend_code(asa)):
        with pytest.raises(LimitReached) as e:
            resend()
        assert 80_000 < e.value.retry_after <= 86_400
    assert Message.objects.count() == before
    _age(86_400)
    resend_link(actor, john)
    resend_code(asa)
    assert Message.objects.count() == before + 2


def test_nothing_is_sent_again_when_there_is_nothing_to_sign(
    actor: Actor, sent: Envelope, organization: Organization
) -> None:
    stale = sent.recipients.get(name="John Doe")
    prepared(sent)
    Signer(sent.recipients.get(name="John Doe")).sign()
    with pytest.raises(Conflict):
        resend_link(actor, stale)
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=32))
    with pytest.raises(Conflict):
        resend_link(actor, sent.recipients.get(name="Åsa Öberg"))
    assert "link_sent_again" not in _kinds(sent)


def test_the_link_of_a_replaced_version_leads_to_the_new_one_for_whom_it_names(
    actor: Actor, sent: Envelope, pdf: object
) -> None:
    from undersigned.envelopes.add_document import add_document
    from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
    from undersigned.envelopes.send import send

    second = supersede(actor, sent.collection_id or 0)
    john, asa = sent.recipients.get(name="John Doe"), sent.recipients.get(name="Åsa Öberg")
    resend_link(None, john)  # not sent yet: nothing to be had
    assert not Message.objects.filter(envelope_id=second.pk).exists()
    add_recipient(actor, second.pk, NewRecipient("John Doe", "John@example.com"))
    add_document(actor, second.pk, pdf())  # type: ignore[operator]
    send(actor, second.pk)
    resend_link(None, john)
    resend_link(None, asa)
    again = Message.objects.filter(envelope_id=second.pk, dedup_key__contains=":again:")
    assert [m.recipient_id for m in again] == [Recipient.objects.get(envelope=second).pk]


@pytest.mark.parametrize("email", ["", "no address", "a@b.example, c@d.example"])
def test_an_owner_who_cannot_be_written_to_stops_nothing(sent: Envelope, user: User, email: str) -> None:
    prepared(sent)
    User.objects.filter(pk=user.pk).update(email=email)
    decline(Signer(sent.recipients.get(name="John Doe")).sitting, "no")
    sent.refresh_from_db()
    assert sent.state == "declined"
    assert list(Message.objects.filter(purpose="stopped").values_list("address", flat=True)) == [
        "asa@example.com"
    ]


# --- what became of it ---------------------------------------------------------------------------
def test_an_erased_envelope_hears_of_nothing(sent: Envelope) -> None:
    from undersigned.envelopes.erase import erase_collection

    message = Message.objects.filter(purpose="invitation").first()
    assert message is not None
    erase_collection(sent.collection_id or 0)
    seq = Envelope.objects.get(pk=sent.pk).audit_seq
    PORTS.outcome.sent(message)
    PORTS.outcome.failed(message, "gone")
    assert Envelope.objects.get(pk=sent.pk).audit_seq == seq
    assert not PORTS.guard.still_wanted(message)
