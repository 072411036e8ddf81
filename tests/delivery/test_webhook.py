"""Webhooks to a real receiver: bytes, signature, retries, switches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from standardwebhooks import Webhook, WebhookVerificationError

from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Credential, User
from undersigned.delivery import deliver, outbox
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.delivery.render import render

from .conftest import Core, Receiver
from .work import pass_time, run_due

pytestmark = pytest.mark.django_db
BODY = '{"id": "e1",  "event": {"name": "Matti Meikäläinen"}}'.encode()


@pytest.fixture(autouse=True)
def _private(settings: LazySettings) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True


@pytest.fixture
def credential(user: User, receiver: Receiver) -> Credential:
    return create_api_key(user, "signsquid", "first", webhook_url=receiver.url)[0]


@pytest.fixture
def event(user: User) -> WebhookEvent:
    return WebhookEvent.objects.create(
        organization=user.organization,
        owner_user=user,
        dialect="signsquid",
        pub="e1",
        private_id="p",
        kind="SomeoneSigned",
        body=BODY,
        envelope_id=17,
    )


def test_the_stored_bytes_arrive_signed(
    event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core
) -> None:
    [message] = outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.transport) == ("sent", "http")
    [(path, headers, body)] = receiver.requests
    assert path == "/hook"
    assert body == BODY
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "e1"
    secret = credential.webhook_secret or ""
    Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    assert core.told == [("sent", message.pk, "")]
    assert render(message).text == BODY.decode()


def test_each_key_of_the_account_gets_the_same_event_once(
    event: WebhookEvent, credential: Credential, user: User, receiver: Receiver, core: Core
) -> None:
    create_api_key(user, "signsquid", "second", webhook_url=f"{receiver.url}/2")
    create_api_key(user, "signsquid", "no address")
    create_api_key(user, "signicat", "another API", webhook_url=f"{receiver.url}/3")
    disabled, _ = create_api_key(user, "signsquid", "disabled", webhook_url=f"{receiver.url}/4")
    Credential.objects.filter(pk=disabled.pk).update(enabled=False)
    stranger = User.objects.create_user(user.organization, "other")
    create_api_key(stranger, "signsquid", "another account", webhook_url=f"{receiver.url}/5")
    outbox.announce(event)
    outbox.announce(event)
    run_due()
    assert sorted(path for path, _, _ in receiver.requests) == ["/hook", "/hook/2"]
    assert {(h["webhook-id"], b) for _, h, b in receiver.requests} == {("e1", BODY)}


def test_failures_are_repeated_with_the_same_id_and_bytes(
    event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core
) -> None:
    receiver.statuses, receiver.answer = [500, 302, 404, 299], b"sorry"
    [message] = outbox.announce(event)
    for pause in deliver.DELAYS[:4]:
        run_due()
        pass_time(pause + timedelta(seconds=1))
    message.refresh_from_db()
    assert message.state == "sent"
    assert [t.answer for t in message.tries.order_by("at")] == [
        "500 sorry",
        "302 sorry",
        "404 sorry",
        "299 sorry",
    ]
    assert {(h["webhook-id"], b) for _, h, b in receiver.requests} == {("e1", BODY)}
    for _, headers, body in receiver.requests:
        Webhook(credential.webhook_secret or "").verify(body, headers)


def test_the_url_is_that_of_the_moment(
    event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core
) -> None:
    receiver.statuses = [500, 200]
    outbox.announce(event)
    run_due()
    Credential.objects.filter(pk=credential.pk).update(webhook_url=f"{receiver.url}/moved")
    pass_time(timedelta(seconds=6))
    run_due()
    assert [path for path, _, _ in receiver.requests] == ["/hook", "/hook/moved"]


@pytest.mark.parametrize("switch", [{"enabled": False}, {"webhook_url": ""}])
def test_a_switched_off_key_drops_what_waits(
    switch: dict[str, object], event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core
) -> None:
    [message] = outbox.announce(event)
    Credential.objects.filter(pk=credential.pk).update(**switch)
    run_due()
    message.refresh_from_db()
    assert message.state == "dropped"
    assert not receiver.requests
    assert not core.told


@pytest.mark.adversarial
def test_private_addresses_are_not_reached_unless_allowed(
    event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core, settings: LazySettings
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    [message] = outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert message.state == "queued"
    assert not receiver.requests
    assert message.last_error


def test_send_again_posts_the_same_event(
    event: WebhookEvent, credential: Credential, receiver: Receiver, core: Core
) -> None:
    [message] = outbox.announce(event)
    run_due()
    outbox.send_again(message)
    run_due()
    assert [(h["webhook-id"], b) for _, h, b in receiver.requests] == [("e1", BODY)] * 2
    assert Message.objects.get().tries.count() == 2
