"""Webhooks: the stored body, posted as it is, signed by Standard Webhooks (https://www.standardwebhooks.com), specification 1.0."""

from __future__ import annotations

from django.conf import settings
from standardwebhooks import Webhook

from undersigned.accounts.models import Credential
from undersigned.base import clock, outgoing

from .errors import Unreachable, Unwanted
from .models import Message, WebhookEvent

TIMEOUT = 10.0
"""Seconds for the whole exchange."""


def headers(event: WebhookEvent, secret: str | None) -> dict[str, str]:
    """`webhook-id` is the event's public id, the same at every attempt; the signature covers id, time of this attempt and body."""
    at = clock.now()
    signed = {
        "Content-Type": "application/json",
        "webhook-id": event.pub,
        "webhook-timestamp": str(int(at.timestamp())),
    }
    if secret:
        signed["webhook-signature"] = Webhook(secret).sign(event.pub, at, bytes(event.body).decode())
    return signed


def send(message: Message) -> str:
    """Post the event; any 2xx counts. Returns the receiver's status line and the start of its body.

    The URL is the credential's of this moment. Raises Unwanted when it has none or is disabled, else Unreachable.
    """
    event = message.webhook_event
    if event is None or message.credential_id is None:
        raise ValueError("a webhook has an event and a credential")
    enabled = Credential.objects.filter(enabled=True, user__disabled_at=None)
    credential = enabled.filter(pk=message.credential_id).first()
    if credential is None:
        raise Unwanted("the credential is disabled")
    if not credential.webhook_url:
        raise Unwanted("the credential has no webhook URL")
    try:
        answer = outgoing.post(
            credential.webhook_url,
            bytes(event.body),
            headers(event, credential.webhook_secret),
            timeout=TIMEOUT,
            allow_private=settings.WEBHOOKS_MAY_BE_PRIVATE,
        )
    except outgoing.OutgoingError as e:
        # The code alone: the text names addresses that the key's owner need not know.
        raise Unreachable(e.code) from e
    words = f"{answer.status} {answer.body.decode(errors='replace')}".strip()
    if not 200 <= answer.status < 300:
        raise Unreachable(words)
    return words
