"""Push messages to the phones that users trust: a nudge of a line or two, which never holds a link or a code."""

from __future__ import annotations

from django.conf import settings

from undersigned.accounts.models import Device, User

from . import gateway
from .errors import Unwanted
from .models import Message
from .outbox import Draft, post
from .params import Params

TITLE_MAX = 60


def post_push(
    user: User, purpose: str, params: Params, dedup_key: str, envelope_id: int | None = None
) -> list[Message]:
    """Queue one message to each of the user's devices that takes them, in the user's language. Commits with the caller's transaction.

    `purpose` is one of `push_texts.PUSH`; `dedup_key` names the reason, as that of a `Draft`. Raises ValueError for an unknown purpose.
    """
    language = user.language or user.organization.language
    return [
        post(
            Draft(
                organization=user.organization,
                purpose=purpose,
                channel=Message.Channel.PUSH,
                dedup_key=f"{dedup_key}:device-{device.pk}",
                address=device.device_id,
                user=user,
                params=params,
                language=language,
                envelope_id=envelope_id,
            )
        )
        for device in Device.objects.filter(user=user, push_token__isnull=False).order_by("pk")
    ]


def send(message: Message, text: str) -> str:
    """Send it to the token that the device has now. Raises Unwanted when it has none or is trusted no more, Unreachable, Rejected."""
    device = Device.objects.filter(
        user=message.user_id, user__disabled_at=None, device_id=message.address
    ).first()
    if device is None or not device.push_token:
        raise Unwanted("the device takes no messages any more")
    return gateway.send(
        settings.PUSH_URL,
        "UNDERSIGNED_PUSH_URL",
        device.push_token,
        text,
        message.organization.name[:TITLE_MAX],
    )
