"""Send a message once more on request: mail, SMS or webhook."""

from __future__ import annotations

import logging

from undersigned.base.db import atomic
from undersigned.delivery import outbox
from undersigned.delivery.models import Message

from .actor import Actor
from .correspondence import note
from .errors import Conflict

logger = logging.getLogger(__name__)


def send_message_again(by: Actor, message: Message) -> None:
    """Queue it with a full day of attempts; it keeps its id. Raises Conflict (on_its_way) when it is queued already."""
    with atomic():
        note(message, "message_sent_again", by)
        if not outbox.send_again(message):
            raise Conflict("on_its_way")
    logger.info("message %s is sent again, asked by user %s", message.pk, by.user.pk)
