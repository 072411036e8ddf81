"""Who else owns or sees an envelope, and the collection that it lies in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from undersigned.accounts.models import Group, User

from .models import Collection, Envelope, Grant

RAW_MAX = 320


@dataclass(frozen=True)
class NewGrant:
    """`raw` is kept as it was sent. Without `user` and `group` it is somebody whom we do not know: it grants nothing."""

    raw: str
    user: User | None = None
    group: Group | None = None


def grant(envelope: Envelope, right: Grant.Right, grants: Iterable[NewGrant]) -> None:
    """Give a right on an envelope, and on its collection if it has one; caller holds the lock."""
    holders: list[dict[str, Envelope | Collection]] = [{"envelope": envelope}]
    if envelope.collection is not None:
        holders.append({"collection": envelope.collection})
    Grant.objects.bulk_create(
        Grant(**holder, user=g.user, group=g.group, raw=g.raw[:RAW_MAX], right=right, position=position)
        for position, g in enumerate(grants)
        for holder in holders
    )


def set_owners(envelope: Envelope, owners: Iterable[NewGrant]) -> None:
    """Replace the owners; caller holds the lock and keeps itself among them."""
    found = Grant.objects.filter(right=Grant.Right.OWNER)
    found.filter(envelope=envelope).delete()
    if envelope.collection is not None:
        found.filter(collection=envelope.collection).delete()
    grant(envelope, Grant.Right.OWNER, owners)
