"""Planned messages: when they go, to whom, when they do not, and what the trail says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from tests.delivery.conftest import Receiver, receiver
from tests.delivery.work import pass_time
from tests.jobs.testing import run_due
from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import audit, links, notify
from undersigned.envelopes.attention import failed_messages
from undersigned.envelopes.correspondence import PORTS
from undersigned.envelopes.locks import lock_envelope
from undersigned.envelopes.models import (
    Envelope,
    EnvelopeState,
    NotificationPlan,
    Package,
    Recipient,
    RecipientState,
)
from undersigned.lifecycle.notifications import send_due

from .conftest import PlainDialect
from .signing import prepared

pytestmark = [pytest.mark.django_db, pytest.mark.database]
__all__ = ["receiver"]
Trigger = NotificationPlan.Trigger
Plan = Callable[..., NotificationPlan]
DAY = 86400


@pytest.fixture
def john(sent: Envelope) -> Recipient:
    run_due()
    return sent.recipients.get(name="John Doe")


@pytest.fixture
def plan(sent: Envelope) -> Plan:
    """A mail to the person when they are asked; arguments are columns."""

    def make(
        owner: Recipient | Package | None, trigger: Trigger = Trigger.CREATED, **columns: Any
    ) -> NotificationPlan:
        given = {
            "position": 0,
            "key": "n1",
            "channel": "email",
            "address": "john@example.com",
            "subject": "Sign ${title}",
            "body": "Dear ${person}, sign.",
        }
        return NotificationPlan.objects.create(
            envelope=sent,
            recipient=owner if isinstance(owner, Recipient) else None,
            package=owner if isinstance(owner, Package) else None,
            trigger=trigger,
            **given | columns,
        )

    return make


def happen(envelope: Envelope, trigger: Trigger, **owner: Any) -> None:
    with atomic():
        locked = lock_envelope(envelope.pk)
        notify.happened(locked, trigger, clock.now(locked.organization.clock_offset), **owner)


def later(organization: Organization, **by: float) -> None:
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(**by))


def planned() -> list[Message]:
    return list(Message.objects.filter(dedup_key__startswith="plan:").order_by("pk"))


def told(envelope: Envelope) -> list[tuple[str, str, str]]:
    events = [(e, d) for e, d in audit.trail(envelope) if e.kind.startswith("notification_")]
    return [(e.kind, d["channel"], d["address"]) for e, d in events]


def test_at_once_in_the_senders_words(
    sent: Envelope, john: Recipient, plan: Plan, plain: PlainDialect
) -> None:
    plan(john, style={"button": "Open", "unknown": 1, "link_text": "or\nthis"})
    plan(john, Trigger.COMPLETED)
    happen(sent, Trigger.CREATED, recipient=john)
    happen(sent, Trigger.CREATED, recipient=john)
    [message] = planned()
    assert (message.purpose, message.recipient_id, message.language) == ("own_words", john.pk, john.language)
    assert links.token(john) not in message.params
    rendered = render(message)
    assert links.url(john) in rendered.text
    assert "or this" in rendered.text
    run_due()
    assert told(sent) == [("notification_sent", "email", "john@example.com")]
    [event] = [e for e, _d in audit.trail(sent) if e.kind == "notification_sent"]
    assert event.recipient_id == john.pk


def test_a_delay_by_the_organisations_clock(
    sent: Envelope, john: Recipient, plan: Plan, organization: Organization
) -> None:
    row = plan(john, delay_seconds=2 * DAY)
    happen(sent, Trigger.CREATED, recipient=john)
    assert not planned()
    assert send_due() == 0
    later(organization, days=1, hours=23)
    assert send_due() == 0
    later(organization, days=2, minutes=1)
    assert send_due() == 1
    assert send_due() == 0
    run_due()
    assert told(sent) == [("notification_sent", "email", "john@example.com")]
    row.refresh_from_db()
    assert row.settled_at is not None


@pytest.mark.parametrize(
    ("trigger", "state", "goes"),
    [
        (Trigger.CREATED, RecipientState.ACTIVE, True),
        (Trigger.STARTED, RecipientState.ACTIVE, True),
        (Trigger.FORWARDED, RecipientState.ACTIVE, True),
        (Trigger.CREATED, RecipientState.DONE, False),
        (Trigger.STARTED, RecipientState.DECLINED, False),
        (Trigger.FORWARDED, RecipientState.FORWARDED, False),
        (Trigger.COMPLETED, RecipientState.DONE, True),
        (Trigger.COMPLETED, RecipientState.ACTIVE, False),
        (Trigger.REJECTED, RecipientState.DECLINED, True),
        (Trigger.EXPIRED, RecipientState.EXPIRED, True),
        (Trigger.EXPIRED, RecipientState.REMOVED, False),
    ],
)
def test_a_delayed_one_goes_only_while_its_person_stands_there(
    sent: Envelope,
    john: Recipient,
    plan: Plan,
    organization: Organization,
    trigger: Trigger,
    state: RecipientState,
    goes: bool,
) -> None:
    row = plan(john, trigger, delay_seconds=60)
    happen(sent, trigger, recipient=john)
    Recipient.objects.filter(pk=john.pk).update(state=state)
    later(organization, minutes=2)
    send_due()
    assert bool(planned()) is goes
    row.refresh_from_db()
    assert row.settled_at is not None, "one way or the other"


@pytest.mark.parametrize(
    ("state", "goes"),
    [(EnvelopeState.SEALING, True), (EnvelopeState.COMPLETED, True), (EnvelopeState.DECLINED, False)],
)
def test_of_the_whole(
    sent: Envelope, plan: Plan, organization: Organization, state: EnvelopeState, goes: bool
) -> None:
    plan(None, Trigger.COMPLETED, delay_seconds=60)
    happen(sent, Trigger.COMPLETED)
    Envelope.objects.filter(pk=sent.pk).update(state=state)
    later(organization, minutes=2)
    send_due()
    assert bool(planned()) is goes


def test_of_a_package(sent: Envelope, plan: Plan, organization: Organization) -> None:
    package = Package.objects.create(envelope=sent, position=0, key="p1")
    plan(package, Trigger.CREATED, delay_seconds=60)
    plan(package, Trigger.COMPLETED, key="n2")
    happen(sent, Trigger.CREATED, package=package)
    Package.objects.update(state=Package.State.COMPLETED)
    happen(sent, Trigger.COMPLETED, package=package)
    later(organization, minutes=2)
    send_due()
    assert [m.recipient_id for m in planned()] == [None]
    run_due()
    assert told(sent) == [("notification_sent", "email", "john@example.com")]


def test_a_repetition_is_dropped_when_it_is_no_longer_so(
    sent: Envelope, john: Recipient, plan: Plan, organization: Organization
) -> None:
    plan(john)
    plan(john, Trigger.FORWARDED)
    happen(sent, Trigger.CREATED, recipient=john)
    happen(sent, Trigger.FORWARDED, recipient=john)
    Recipient.objects.filter(pk=john.pk).update(state=RecipientState.FORWARDED)
    asked, handed_on = planned()
    assert PORTS.guard.still_wanted(asked), "the first attempt tells what has happened"
    asked.attempts = handed_on.attempts = 1
    assert not PORTS.guard.still_wanted(asked)
    assert PORTS.guard.still_wanted(handed_on)
    Envelope.objects.filter(pk=sent.pk).update(state=EnvelopeState.CANCELLED)
    handed_on.attempts = 0
    assert not PORTS.guard.still_wanted(handed_on)
    NotificationPlan.objects.all().delete()
    assert not PORTS.guard.still_wanted(asked)


def test_an_address_is_called_as_the_dialect_has_it(
    sent: Envelope,
    john: Recipient,
    plan: Plan,
    plain: PlainDialect,
    receiver: Receiver,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    receiver.statuses = [503, 200]
    monkeypatch.setattr(plain, "variables", lambda envelope, person: {"who": person.name}, raising=False)
    monkeypatch.setattr(
        plain,
        "notification_url",
        lambda address, e, person, package: f"{address}&id={person.key}",
        raising=False,
    )
    plan(john, channel="url", address=f"{receiver.url}?n=${{who}}", body="")
    happen(sent, Trigger.CREATED, recipient=john)
    run_due()
    pass_time(timedelta(seconds=6))
    run_due()
    assert [path for path, _h, _b in receiver.requests] == [f"/hook?n=John%20Doe&id={john.key}"] * 2
    assert told(sent) == [("notification_sent", "url", f"{receiver.url}?n=${{who}}")]


@pytest.mark.adversarial
def test_nothing_that_was_written_there_stops_the_envelope(
    sent: Envelope, john: Recipient, plan: Plan, settings: LazySettings
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    plan(john, channel="sms", address="call me")
    plan(john, address="a@b.example, c@d.example")
    plan(john, channel="url", address="http://127.0.0.1:1/")
    plan(john, channel="url", address="")
    plan(
        john,
        subject="a\r\nBcc: x@y.example",
        sender="b\nc" * 100,
        style={"button": "x" * 5000, "logo_url": 7},
    )
    plan(john, delay_seconds=2**62)
    happen(sent, Trigger.CREATED, recipient=john)
    run_due()
    assert [kind for kind, _c, _a in told(sent)].count("notification_failed") == 4
    assert told(sent)[-1] == ("notification_sent", "email", "john@example.com")
    assert failed_messages(sent.organization_id).count() == 4
    prepared(sent)
    assert Envelope.objects.get(pk=sent.pk).state == EnvelopeState.SENT


def test_what_is_erased_sends_nothing(
    sent: Envelope, john: Recipient, plan: Plan, organization: Organization
) -> None:
    row = plan(john, delay_seconds=60)
    happen(sent, Trigger.CREATED, recipient=john)
    Envelope.objects.filter(pk=sent.pk).update(erased_at=clock.now())
    later(organization, minutes=2)
    assert send_due() == 1
    row.refresh_from_db()
    assert row.settled_at is not None
    assert not planned()
