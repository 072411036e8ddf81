"""Push messages through a real Apprise target."""

from __future__ import annotations

import json

import pytest
from django.conf import LazySettings

from undersigned.accounts import devices
from undersigned.accounts.models import User
from undersigned.delivery import push, push_texts
from undersigned.delivery.models import Message
from undersigned.delivery.params import Params
from undersigned.delivery.render import render

from .conftest import Core, Receiver
from .work import run_due

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated"),  # Apprise loads all its services at once
]
API = "signingtoday"


@pytest.fixture
def service(settings: LazySettings, receiver: Receiver) -> Receiver:
    settings.PUSH_URL = receiver.url.replace("http://", "json://") + "?method=POST&:to={to}"
    return receiver


@pytest.fixture
def phone(user: User) -> str:
    devices.register(devices.challenge(user), "phone-1", "Anna's phone", API)
    devices.set_push_token(user, "phone-1", "token/1&x")
    return "phone-1"


def send(user: User, key: str = "push:1", title: str = "Lease") -> list[Message]:
    return push.post_push(user, "sign", Params(title=title), key, 17)


def test_to_each_phone_that_takes_them(user: User, phone: str, service: Receiver, core: Core) -> None:
    devices.register(devices.challenge(user), "silent", "", API)
    [message] = send(user)
    assert send(user) == [message]
    run_due()
    message.refresh_from_db()
    assert (message.state, message.transport, message.address) == ("sent", "push", "phone-1")
    [(_, _, body)] = service.requests
    sent = json.loads(body)
    assert sent["to"] == "token/1&x"
    assert (sent["title"], sent["message"]) == (user.organization.name, "“Lease” waits for your signature.")


def test_in_the_users_language_and_without_a_title(user: User, phone: str, core: Core) -> None:
    [message] = send(user, title="")
    assert render(message).text == "A document waits for your signature."


def test_the_token_is_that_of_each_attempt(user: User, phone: str, service: Receiver, core: Core) -> None:
    send(user)
    devices.set_push_token(user, phone, "token-2")
    run_due()
    assert json.loads(service.requests[0][2])["to"] == "token-2"


@pytest.mark.parametrize("gone", ["device", "token"])
def test_a_phone_that_is_gone_gets_nothing(
    user: User, phone: str, service: Receiver, core: Core, gone: str
) -> None:
    [message] = send(user)
    if gone == "device":
        devices.remove(user, phone)
    else:
        devices.remove_push_token(user, phone)
    run_due()
    message.refresh_from_db()
    assert (message.state, service.requests) == ("dropped", [])


def test_without_a_service(user: User, phone: str, core: Core, settings: LazySettings) -> None:
    settings.DEMO, settings.PUSH_URL = True, ""
    [kept] = send(user)
    settings.DEMO = True
    run_due()
    kept.refresh_from_db()
    assert (kept.state, kept.transport) == ("sent", "outbox")
    settings.DEMO = False
    [failed] = send(user, "push:2")
    run_due()
    failed.refresh_from_db()
    assert (failed.state, failed.last_error) == ("failed", "no gateway: UNDERSIGNED_PUSH_URL is not set")


def test_the_service_refuses(user: User, phone: str, service: Receiver, core: Core) -> None:
    service.statuses = [500]
    [message] = send(user)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 1)


def test_no_text_has_a_place_for_a_secret(user: User) -> None:
    devices.register(devices.challenge(user), "p", "", API)
    devices.set_push_token(user, "p", "t")
    with pytest.raises(ValueError, match="no push text"):
        push.post_push(user, "code", Params(), "push:3")
    for sentences in push_texts.PUSH.values():
        assert not any(word in sentence for sentence in sentences for word in ("{url}", "{code}"))
