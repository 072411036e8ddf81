"""Mails about a collection that is about to be erased."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.vault import keyed_hash
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft, post
from undersigned.delivery.params import Params

from .messages import again
from .models import Collection

WHILE_MARKED = "removal-stands"
"""`still_if` of the word that something will be removed."""


def tell_removal(collection: Collection, by: str, addresses: list[str], message: str, at: datetime) -> None:
    """That a collection will be erased, until when it can be brought back, and what `by` says to it."""
    last = collection.envelopes.filter(erased_at=None).order_by("-position").first()
    for address in addresses:
        post(
            Draft(
                organization=collection.organization,
                envelope_id=last.pk if last else None,
                purpose="removal",
                channel=Message.Channel.EMAIL,
                address=address,
                params=Params(
                    title=collection.title, person=by, message=message, at=at, due_at=collection.delete_after
                ),
                language=collection.organization.language,
                dedup_key=f"{removal_key(collection)}{again(at)}:{keyed_hash(address, 'removal').hex()[:16]}",
                still_if=WHILE_MARKED,
            )
        )


def removal_key(collection: Collection) -> str:
    """Begins the keys of all mails about the removal of a collection."""
    return f"removal:{collection.pk}:"
