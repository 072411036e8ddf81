"""Mails and SMS in the sender's own words, and addresses that are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import LazySettings

from undersigned.delivery import deliver, outbox
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft
from undersigned.delivery.params import OwnWords, Params, Style
from undersigned.delivery.render import render

from .conftest import URL, Core, Mailbox, Receiver
from .work import pass_time, run_due

pytestmark = pytest.mark.django_db
STYLE = Style(
    logo_url="https://acme.example/logo.png",
    button="Sign <now>",
    link_text="Or copy this:",
    footer="Acme Oy\nHelsinki",
)


@pytest.fixture
def own(draft: Callable[..., Draft]) -> Callable[..., Message]:
    def make(channel: str = "email", address: str = "matti@example.fi", **words: Any) -> Message:
        params = Params(own=OwnWords(**{"subject": "Lease ${orderId}", "body": "Please sign."} | words))
        return outbox.post(
            draft("own_words", channel, address=address, params=params, recipient_id=5, dedup_key="plan:1")
        )

    return make


def words_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_as_the_sender_wrote_it(own: Callable[..., Message], core: Core, mailbox: Mailbox) -> None:
    message = own(
        sender="Acme & Sons",
        body="Dear ${name},\n\nopen ${taskUrl} <b>today</b>\nor tomorrow. ${other}",
        style=STYLE,
    )
    assert "42" not in message.params, "variables are put in when it is sent"
    assert URL not in message.params
    run_due()
    [mail] = mailbox.parsed()
    assert mail["Subject"] == "Lease 42"
    assert mail["From"] == "Acme & Sons <sign@acme.example>"
    assert mail["Reply-To"] is None
    text = words_of(mail, "plain")
    assert f"Dear Matti <i>M</i>,\n\nopen {URL} <b>today</b>\nor tomorrow. ${{other}}" in text
    assert f"Or copy this:\n\n{URL}" in text
    assert text.endswith("Acme Oy\nHelsinki\n")
    html = words_of(mail, "html")
    assert "Dear Matti &lt;i&gt;M&lt;/i&gt;," in html
    assert "&lt;b&gt;today&lt;/b&gt;<br>or tomorrow" in html
    assert '<img src="https://acme.example/logo.png"' in html
    assert f'<a href="{URL}" style=' in html
    assert "Sign &lt;now&gt;</a>" in html
    assert f'<a href="{URL}" rel="nofollow">' in html, "an address in the text leads there"


@pytest.mark.parametrize(
    ("sender", "name", "reply_to"),
    [
        ("", "Acme Oy <sign@acme.example>", None),
        ("noreply@board.example", "noreply@board.example", None),
        ("noreply@BOARD.example", "noreply@BOARD.example", None),
        ("ceo@bank.example", "Acme Oy <sign@acme.example>", "ceo@bank.example"),
        ("CEO <ceo@bank.example>", '"CEO <ceo bank.example>" <sign@acme.example>', None),
        ("ceo@bank.example, x@y.example", '"ceo bank.example, x y.example" <sign@acme.example>', None),
    ],
)
@pytest.mark.adversarial
def test_whose_name_it_goes_in(
    own: Callable[..., Message],
    core: Core,
    mailbox: Mailbox,
    settings: LazySettings,
    sender: str,
    name: str,
    reply_to: str | None,
) -> None:
    settings.MAIL_FROM_DOMAINS = ("board.example",)
    own(sender=sender)
    run_due()
    [mail] = mailbox.parsed()
    assert mail["From"] == name
    assert mail["Reply-To"] == reply_to
    assert mailbox.senders == ["sign@acme.example" if "board" not in sender.lower() else sender]


@pytest.mark.adversarial
def test_no_header_comes_in_by_a_text(own: Callable[..., Message], core: Core, mailbox: Mailbox) -> None:
    for bad in ("a\nBcc: x@y.example", "a\r\nBcc: x@y.example", "a\x00b", "a\u2028b"):
        with pytest.raises(ValueError, match="line breaks"):
            OwnWords(subject=bad)
        with pytest.raises(ValueError, match="line breaks"):
            OwnWords(sender=bad)
    core.values["orderId"] = "1\r\nBcc: x@y.example"
    own()
    run_due()
    [mail] = mailbox.parsed()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Lease 1  Bcc: x@y.example"


def test_what_is_missing_is_left_out(own: Callable[..., Message], core: Core, mailbox: Mailbox) -> None:
    own(subject="", body="Hello", style=Style(logo_url="javascript:alert(1)"))
    run_due()
    [mail] = mailbox.parsed()
    assert mail["Subject"] == "Acme Oy has a message for you"
    assert words_of(mail, "plain") == "Hello\n"
    html = words_of(mail, "html")
    for absent in ("javascript", "<img", "<hr", "<a "):
        assert absent not in html


def test_an_sms_is_the_text(own: Callable[..., Message], core: Core) -> None:
    message = own("sms", "+358401234567", body="Sign: ${taskUrl}\n${orderId}")
    assert render(message).text == f"Sign: {URL}\n42"


@pytest.mark.parametrize(("channel", "address"), [("email", "nobody"), ("sms", "0401234567")])
def test_what_is_no_address_fails_where_it_is_seen(
    own: Callable[..., Message],
    core: Core,
    mailbox: Mailbox,
    settings: LazySettings,
    channel: str,
    address: str,
) -> None:
    settings.SMS_URL = "json://127.0.0.1:1/"
    message = own(channel, address)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("failed", f"not one {channel} address")
    assert core.told == [("failed", message.pk, f"not one {channel} address")]
    assert not mailbox.mails


# --- an address that is called --------------------------------------------------------------------
def called(draft: Callable[..., Draft], url: str) -> Message:
    return outbox.post(draft("callback", "url", address=url, params=Params(), dedup_key="plan:2"))


def test_an_address_is_asked_for_until_it_answers_well(
    draft: Callable[..., Draft], core: Core, receiver: Receiver, settings: LazySettings
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    receiver.statuses, receiver.answer = [500, 302, 204], b""
    message = called(draft, f"{receiver.url}?org=${{orderId}}")
    assert message.address == f"{receiver.url}?org=${{orderId}}"
    for pause in deliver.DELAYS[:3]:
        run_due()
        pass_time(pause + timedelta(seconds=1))
    message.refresh_from_db()
    assert (message.state, message.transport, message.attempts) == ("sent", "http", 3)
    assert [(path, body) for path, _h, body in receiver.requests] == [
        ("/hook?org=42&requestId=o1", b"GET")
    ] * 3
    assert core.told == [("sent", message.pk, "")]
    assert render(message).text == f"{receiver.url}?org=42&requestId=o1"


@pytest.mark.adversarial
@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "ftp://a.example/",
        "http://u:p@a.example/",
        "http://a.example/ b",
    ],
)
def test_what_may_not_be_called_fails_at_once(
    draft: Callable[..., Draft], core: Core, settings: LazySettings, url: str
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    message = called(draft, url)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("failed", 1)


@pytest.mark.adversarial
def test_private_addresses_are_not_reached_unless_allowed(
    draft: Callable[..., Draft], core: Core, receiver: Receiver, settings: LazySettings
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    message = called(draft, receiver.url)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("failed", "address_refused")
    assert not receiver.requests
