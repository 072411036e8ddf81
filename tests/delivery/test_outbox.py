"""Posting, guarding, retrying, repeating: the outbox with the real job engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, transaction

from undersigned.accounts.models import Organization, User
from undersigned.base import clock
from undersigned.delivery import deliver, outbox, ports
from undersigned.delivery.handlers import ATTEMPTS
from undersigned.delivery.models import Message, MessageAttempt, WebhookEvent
from undersigned.delivery.outbox import Draft
from undersigned.jobs.models import Job
from undersigned.jobs.run import claim

from .conftest import CODE, Core, Mailbox, Receiver
from .work import pass_time, run_due

pytestmark = [pytest.mark.django_db, pytest.mark.database]
APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # it loads all its services at once


def test_the_same_reason_sends_once(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    first = outbox.post(draft())
    again = outbox.post(draft(title="Something else"))
    assert again.pk == first.pk
    assert Job.objects.filter(kind="deliver").count() == 1
    run_due()
    outbox.post(draft())
    run_due()
    assert len(mailbox.mails) == 1


def test_a_message_commits_with_its_cause(draft: Callable[..., Draft], core: Core) -> None:
    with transaction.atomic():
        outbox.post(draft())
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not Job.objects.exists()


def test_unknown_purposes_and_numbers_are_refused(draft: Callable[..., Draft], core: Core) -> None:
    with pytest.raises(ValueError, match="no email text"):
        outbox.post(draft("marketing"))
    for number in ("0401234567", "+0123456789", "+358 40 123", "+35840123456789012", "+358401234567\n"):
        with pytest.raises(ValueError, match="not one sms address"):
            outbox.post(draft("code", "sms", address=number))


def test_without_servers_messages_wait_in_the_console(
    draft: Callable[..., Draft], core: Core, settings: LazySettings
) -> None:
    settings.MAIL_URL = settings.SMS_URL = ""
    messages = [outbox.post(draft()), outbox.post(draft("code", "sms"))]
    run_due()
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.transport) == ("sent", "outbox")
    assert [told[0] for told in core.told] == ["sent", "sent"]


@pytest.mark.parametrize(("channel", "setting"), [("sms", "SMS_URL"), ("email", "MAIL_URL")])
def test_outside_demo_mode_what_nobody_carries_has_failed(
    draft: Callable[..., Draft], core: Core, settings: LazySettings, channel: str, setting: str
) -> None:
    settings.DEMO, settings.MAIL_URL, settings.SMS_URL = False, "", ""
    message = outbox.post(draft("invitation", channel))
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.sent_at) == ("failed", 1, None)
    assert f"UNDERSIGNED_{setting} is not set" in (message.last_error or "")
    assert core.told == [("failed", message.pk, message.last_error)]


def test_not_before(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    outbox.post(draft("reminder", not_before=clock.now() + timedelta(hours=3)))
    run_due()
    assert not mailbox.mails
    pass_time(timedelta(hours=3))
    run_due()
    assert len(mailbox.mails) == 1


def test_what_is_no_longer_wanted_is_dropped(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox
) -> None:
    message = outbox.post(draft("reminder", still_if="recipient:active"))
    core.wanted = False
    run_due()
    message.refresh_from_db()
    assert message.state == "dropped"
    assert not mailbox.mails
    assert not core.told


def test_nothing_is_sent_unguarded(draft: Callable[..., Draft], mailbox: Mailbox, core: Core) -> None:
    ports.register(None)
    message = outbox.post(draft(still_if="recipient:active"))
    run_due()
    message.refresh_from_db()
    assert message.state == "queued"
    assert not mailbox.mails
    assert "NotRegistered" in Job.objects.get(kind="deliver").error


def test_a_day_of_attempts_then_failed(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    mailbox.data = "451 4.3.0 try again"
    message = outbox.post(draft())
    for pause in deliver.DELAYS:
        run_due()
        message.refresh_from_db()
        assert message.state == "queued"
        assert message.next_attempt_at is not None
        assert abs(message.next_attempt_at - clock.now() - pause) < timedelta(seconds=3)
        before = message.attempts
        pass_time(pause - timedelta(seconds=3))
        run_due()
        message.refresh_from_db()
        assert message.attempts == before, "not before its time"
        pass_time(timedelta(seconds=4))
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.next_attempt_at) == ("failed", 11, None)
    assert message.tries.count() == 11
    assert core.told == [("failed", message.pk, mailbox.data)]
    assert timedelta(hours=23) < sum(deliver.DELAYS, timedelta()) <= timedelta(hours=24)
    assert Job.objects.get(kind="deliver").state == "done"


def test_a_late_success_ends_the_attempts(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    mailbox.data = "451 4.3.0 try again"
    message = outbox.post(draft())
    run_due()
    mailbox.data = ""
    pass_time(timedelta(seconds=6))
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("sent", 2, None)
    assert list(message.tries.order_by("at").values_list("outcome", flat=True)) == ["retry", "sent"]


def test_a_worker_killed_before_the_mark_sends_the_same_again(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox
) -> None:
    message = outbox.post(draft())
    assert claim() is not None
    deliver.attempt(message)  # the server took it; the worker dies here
    run_due()
    assert len(mailbox.mails) == 1, "the lease still holds"
    pass_time(timedelta(minutes=2))
    run_due()
    first, second = mailbox.parsed()
    assert first["Message-ID"] == second["Message-ID"]
    bodies = [mail.get_body(("plain",)).get_content() for mail in (first, second)]  # type: ignore[union-attr]
    assert bodies[0] == bodies[1]
    assert len(core.told) == 1


def test_of_two_workers_one_writes_down(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    message = outbox.post(draft())
    seen_by_another = Message.objects.get(pk=message.pk)
    deliver.record(message, deliver.attempt(message))
    with pytest.raises(deliver.Superseded), transaction.atomic():
        deliver.record(seen_by_another, deliver.attempt(seen_by_another))
    assert MessageAttempt.objects.count() == 1


def test_a_core_that_fails_leaves_the_message_queued(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = outbox.post(draft())

    def fail(_message: Message) -> None:
        raise RuntimeError("audit")

    monkeypatch.setattr(core, "sent", fail)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.tries.count()) == ("queued", 0)


def test_a_bug_ends_as_failed_not_as_queued(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = outbox.post(draft())
    monkeypatch.setattr(core, "secrets", lambda _message: {})
    for attempt in range(ATTEMPTS):
        message.refresh_from_db()
        assert message.state == "queued", attempt
        run_due()
        pass_time(timedelta(hours=2))
    message.refresh_from_db()
    assert message.state == "failed"
    assert "KeyError" in (message.last_error or "")
    assert Job.objects.get(kind="deliver").state == "dead"
    assert core.told == [("failed", message.pk, message.last_error)]


def test_dropped_after_an_attempt_that_was_cut_off_says_so(draft: Callable[..., Draft], core: Core) -> None:
    """Its worker was killed, perhaps after the server's 250: nobody may read that it was not sent."""
    certain, uncertain = outbox.post(draft(still_if="x", dedup_key="a")), outbox.post(draft(still_if="x"))
    Job.objects.filter(payload__message=uncertain.pk).update(attempts=1)
    core.wanted = False
    run_due()
    certain.refresh_from_db()
    uncertain.refresh_from_db()
    assert (certain.state, uncertain.state) == ("dropped", "dropped")
    assert deliver.CUT_OFF in (uncertain.last_error or "")
    assert deliver.CUT_OFF not in (certain.last_error or "")


def test_send_again_makes_a_new_attempt_of_the_same_message(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox
) -> None:
    mailbox.rcpt = "550 5.1.1 unknown"
    message = outbox.post(draft())
    run_due()
    mailbox.rcpt = ""
    outbox.send_again(message)
    outbox.send_again(message)
    run_due()
    message.refresh_from_db()
    assert message.state == "sent"
    assert message.tries.count() == 2
    assert len(mailbox.mails) == 1


def test_codes_go_first(draft: Callable[..., Draft], core: Core, mailbox: Mailbox) -> None:
    for n in range(3):
        outbox.post(draft(dedup_key=f"i{n}"))
    outbox.post(draft("code"))
    run_due()
    assert CODE in mailbox.mails[0].decode()


@APPRISE
def test_sms_goes_to_the_gateway(
    draft: Callable[..., Draft], core: Core, receiver: Receiver, settings: LazySettings
) -> None:
    settings.SMS_URL = receiver.url.replace("http://", "json://") + "?method=POST"
    message = outbox.post(draft("code", "sms"))
    run_due()
    message.refresh_from_db()
    assert (message.state, message.transport) == ("sent", "sms")
    [(path, _, body)] = receiver.requests
    assert path == "/hook/+358401234567"
    assert CODE in body.decode()


@APPRISE
def test_a_gateway_that_refuses_is_tried_again(
    draft: Callable[..., Draft], core: Core, receiver: Receiver, settings: LazySettings
) -> None:
    settings.SMS_URL = receiver.url.replace("http://", "json://") + "?method=POST&:number={to}"
    receiver.statuses = [503, 200]
    message = outbox.post(draft("invitation", "sms"))
    run_due()
    message.refresh_from_db()
    assert message.state == "queued"
    assert "503" in (message.last_error or "")
    pass_time(timedelta(seconds=6))
    run_due()
    message.refresh_from_db()
    assert message.state == "sent"
    assert b'"+358401234567"' in receiver.requests[-1][2]


def test_webhook_events_never_change(organization: Organization, user: User) -> None:
    event = WebhookEvent.objects.create(
        organization=organization, owner_user=user, dialect="signsquid", pub="e1", kind="x", body=b"{}"
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        WebhookEvent.objects.filter(pk=event.pk).update(body=b"[]")
    event.refresh_from_db()
    assert bytes(event.body) == b"{}"


def test_erasure_leaves_nothing_of_an_envelope(
    draft: Callable[..., Draft], core: Core, mailbox: Mailbox, organization: Organization, user: User
) -> None:
    outbox.post(draft())
    kept = outbox.post(draft(envelope_id=18, dedup_key="other"))
    waiting = outbox.post(draft("reminder", not_before=clock.now() + timedelta(hours=1)))
    WebhookEvent.objects.create(
        organization=organization,
        owner_user=user,
        dialect="signsquid",
        pub="e1",
        kind="x",
        body=b"{}",
        envelope_id=17,
    )
    run_due()
    outbox.erase(17)
    assert list(Message.objects.values_list("pk", flat=True)) == [kept.pk]
    assert set(MessageAttempt.objects.values_list("message", flat=True)) == {kept.pk}
    assert not WebhookEvent.objects.exists()
    pass_time(timedelta(hours=2))
    run_due()
    assert waiting.dedup_key
    assert not Job.objects.exclude(state="done").exists()
