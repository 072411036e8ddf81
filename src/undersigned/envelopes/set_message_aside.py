"""Decide that a failed message need not be sent again."""

from __future__ import annotations

import logging

from undersigned.base.db import atomic
from undersigned.delivery import outbox
from undersigned.delivery.models import Message

from .actor import Actor
from .correspondence import note
from .errors import Conflict

logger = logging.getLogger(__name__)


def set_message_aside(by: Actor, message: Message) -> None:
    """It no longer needs anybody's attention; its attempts stay on record. Raises Conflict (not_failed)."""
    with atomic():
        note(message, "message_set_aside", by)
        if not outbox.set_aside(message):
            raise Conflict("not_failed")
    logger.info("message %s is set aside, asked by user %s", message.pk, by.user.pk)
