"""Webhooks: the stored body, posted as it is, signed by Standard Webhooks (https://www.standardwebhooks.com), specification 1.0."""

from __future__ import annotations

from django.conf import settings
from standardwebhooks import Webhook

from undersigned.accounts import endpoints
from undersigned.accounts.models import Credential, User
from undersigned.base import clock, outgoing
from undersigned.base.http_auth import HttpAuth

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

    The URL is the credential's of this moment; without a credential it is that of the endpoint which the event's owner configured, with
    its headers and proofs. Raises Unwanted when there is none (any more), else Unreachable.
    """
    event = message.webhook_event
    if event is None:
        raise ValueError("a webhook has an event")
    url, signed, own, auth = (
        _to_key(message.credential_id, event) if message.credential_id else _to_endpoint(event)
    )
    ours = {name.lower() for name in signed}
    sent = {name: value for name, value in own.items() if name.lower() not in ours} | signed
    try:
        answer = outgoing.post(
            url,
            bytes(event.body),
            sent,
            timeout=TIMEOUT,
            allow_private=settings.WEBHOOKS_MAY_BE_PRIVATE,
            auth=auth,
        )
    except outgoing.OutgoingError as e:
        # The code alone: the text names addresses that the key's owner need not know.
        raise Unreachable(e.code) from e
    words = f"{answer.status} {answer.body.decode(errors='replace')}".strip()
    if not 200 <= answer.status < 300:
        raise Unreachable(words)
    return words


_Target = tuple[str, dict[str, str], dict[str, str], HttpAuth | None]
"""Address, our headers, the receiver's own, how we prove ourselves."""


def _to_key(credential_id: int, event: WebhookEvent) -> _Target:
    enabled = Credential.objects.filter(enabled=True, user__disabled_at=None)
    credential = enabled.filter(pk=credential_id).first()
    if credential is None:
        raise Unwanted("the credential is disabled")
    if not credential.webhook_url:
        raise Unwanted("the credential has no webhook URL")
    return credential.webhook_url, headers(event, credential.webhook_secret), {}, None


def _to_endpoint(event: WebhookEvent) -> _Target:
    owner = User.objects.get(pk=event.owner_user_id)
    endpoint = endpoints.endpoint_of(owner)
    if not endpoint.url or not owner.is_active:
        raise Unwanted("the account has no webhook URL" if owner.is_active else "the account is disabled")
    return endpoint.url, headers(event, endpoint.secret), endpoint.sent_headers, endpoint.auth
