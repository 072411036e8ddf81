"""Events to the server that a user configured: headers, proofs, switches, and where they may go."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from standardwebhooks import Webhook

from tests.base.test_outgoing_auth import challenge, digest_of
from tests.base.test_outgoing_auth import guard as guard  # noqa: PLC0414 - a fixture
from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.endpoints import Endpoint, keep_endpoint
from undersigned.accounts.models import User
from undersigned.base.http_auth import HttpAuth
from undersigned.delivery import outbox
from undersigned.delivery.models import WebhookEvent

from .conftest import Core, Receiver
from .work import pass_time, run_due

pytestmark = pytest.mark.django_db
API = "signingtoday"
BODY = json.dumps({"message": "DST_STATUS_CHANGED", "data": {"status": "toSign"}}).encode()


@pytest.fixture(autouse=True)
def _private(settings: LazySettings) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True


@pytest.fixture
def event(user: User) -> WebhookEvent:
    return WebhookEvent.objects.create(
        organization=user.organization,
        owner_user=user,
        dialect=API,
        pub="e1",
        kind="status",
        body=BODY,
        envelope_id=17,
    )


def test_headers_and_basic_go_with_the_event(
    event: WebhookEvent, user: User, receiver: Receiver, core: Core
) -> None:
    headers = {"X-Tenant": ("a", "b"), "Content-Type": ("text/plain",)}
    kept = keep_endpoint(user, API, Endpoint(receiver.url, headers, HttpAuth("basic", "jdo", "p")))
    [message] = outbox.announce(event)
    outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.transport, message.credential_id) == ("sent", "http", None)
    [(_, sent, body)] = receiver.requests
    assert (body, sent["x-tenant"], sent["authorization"]) == (BODY, "a, b", "Basic amRvOnA=")
    assert sent["content-type"] == "application/json"
    Webhook(kept.secret).verify(body, sent)


def test_keys_and_endpoint_both_get_it(
    event: WebhookEvent, user: User, receiver: Receiver, core: Core
) -> None:
    create_api_key(user, API, "key", webhook_url=f"{receiver.url}/key")
    keep_endpoint(user, API, Endpoint(f"{receiver.url}/endpoint"))
    colleague = User.objects.create_user(user.organization, "carl")
    keep_endpoint(colleague, API, Endpoint(f"{receiver.url}/colleague"))
    outbox.announce(event)
    run_due()
    assert sorted(path for path, _, _ in receiver.requests) == ["/hook/endpoint", "/hook/key"]


def test_another_apis_events_stay_away(event: WebhookEvent, user: User, receiver: Receiver) -> None:
    keep_endpoint(user, "another", Endpoint(receiver.url))
    assert outbox.announce(event) == []


def test_digest(event: WebhookEvent, user: User, guard, core: Core) -> None:  # type: ignore[no-untyped-def]
    server = guard(digest_of("jdo", "p"), challenge())
    keep_endpoint(user, API, Endpoint(server.url, {}, HttpAuth("digest", "jdo", "p")))
    [message] = outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert message.state == "sent"
    assert [body for _, _, body in server.asked] == [BODY, BODY]


def test_the_address_is_that_of_each_attempt(
    event: WebhookEvent, user: User, receiver: Receiver, core: Core
) -> None:
    kept = keep_endpoint(user, API, Endpoint("http://127.0.0.1:1/"))
    [message] = outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("queued", "unreachable")
    keep_endpoint(user, API, replace(kept, url=receiver.url))
    pass_time(timedelta(seconds=6))
    run_due()
    message.refresh_from_db()
    assert (message.state, message.tries.count()) == ("sent", 2)


@pytest.mark.parametrize("what", ["address", "user"])
def test_who_has_no_address_any_more_gets_nothing(
    event: WebhookEvent, user: User, receiver: Receiver, core: Core, what: str
) -> None:
    keep_endpoint(user, API, Endpoint(receiver.url))
    [message] = outbox.announce(event)
    if what == "address":
        keep_endpoint(user, API, Endpoint())
    else:
        User.objects.filter(pk=user.pk).update(disabled_at=timezone.now())
    run_due()
    message.refresh_from_db()
    assert (message.state, receiver.requests) == ("dropped", [])


def test_private_addresses_are_refused(
    event: WebhookEvent, user: User, receiver: Receiver, core: Core, settings: LazySettings
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    keep_endpoint(user, API, Endpoint(receiver.url, {}, HttpAuth("basic", "jdo", "p")))
    [message] = outbox.announce(event)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error, receiver.requests) == ("queued", "address_refused", [])
