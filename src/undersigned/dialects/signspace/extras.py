"""Retention, removal and metadata, as this API's words become the core's use cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from undersigned.accounts.models import Organization
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes import mark_deleted as removal
from undersigned.envelopes import metadata as describing
from undersigned.envelopes import set_retention as keeping
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, Invalid
from undersigned.envelopes.messages import is_mailbox
from undersigned.envelopes.models import Collection, Envelope
from undersigned.envelopes.restore import restore as bring_back

from . import handles
from .errors import in_our_words

Metadata = tuple[str, dict[str, Any]] | None


def check_metadata(envelope: Envelope, metadata: Metadata, fields: Fields) -> None:
    """Note what is wrong with it beside all else that is wrong."""
    if metadata is None:
        return
    try:
        describing.check(envelope, *metadata)
    except Invalid as e:
        for path, sentences in in_our_words(e.faults).items():
            for sentence in sentences:
                fields.fault(path, sentence)


def set_metadata(actor: Actor, envelope: Envelope, metadata: Metadata) -> None:
    """Describe the request, where it was said how."""
    if metadata is not None:
        describing.set_metadata(actor, envelope.pk, *metadata)


def set_retention(
    actor: Actor,
    months: Mapping[str, int | None],
    *,
    envelope: Envelope | None = None,
    collection: Collection | None = None,
) -> None:
    """Set the clocks that were named; the objects are read anew."""
    if months:
        keeping.set_retention(actor, envelope=envelope, collection=collection, **months)


def mark_deleted(actor: Actor, collections: list[Collection], to: Iterable[str], message: str) -> None:
    """Begin the removal and write to those handles behind which there is an address."""
    removal.mark_deleted(actor, collections, _addresses(actor.organization, to), message)


def restore(actor: Actor, collections: list[Collection]) -> None:
    """Take the marks off. Raises Conflict: not_marked, when one has none; too_late."""
    if any(c.marked_deleted_at is None for c in collections):
        raise Conflict("not_marked")
    bring_back(actor, collections)


def _addresses(organization: Organization, to: Iterable[str]) -> list[str]:
    found: list[str] = []
    for handle in to:
        grant = handles.resolve(organization, handle)
        if grant.group is not None:
            found += [u.email for u in grant.group.members.filter(disabled_at=None)]
        else:
            found.append(grant.user.email if grant.user is not None else handle)
    return [address for address in dict.fromkeys(found) if is_mailbox(address)]
