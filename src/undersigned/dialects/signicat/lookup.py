"""Orders, tasks and packages by the ids in an address."""

from __future__ import annotations

from django.http import HttpRequest

from undersigned.base.clock import now
from undersigned.envelopes.access import get_named, visible
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Envelope, Package, Recipient

from .auth import actor_of
from .port import DIALECT


def known(value: str) -> str:
    """No database takes NUL. Raises NotFound."""
    if "\x00" in value:
        raise NotFound
    return value


def order_of(request: HttpRequest, order_id: str) -> Envelope:
    """The caller's order. Raises NotFound."""
    return get_named(actor_of(request), DIALECT, known(order_id))


def task_of(request: HttpRequest, order_id: str, task_id: str) -> tuple[Envelope, Recipient]:
    """A task of the caller's order. Raises NotFound."""
    envelope = order_of(request, order_id)
    recipient = envelope.recipients.filter(key=known(task_id)).first()
    if recipient is None:
        raise NotFound
    recipient.envelope = envelope
    return envelope, recipient


def deleted_task(request: HttpRequest, order_id: str, task_id: str) -> Recipient:
    """A task of an order of the caller's that was deleted a short while ago. Raises NotFound."""
    actor = actor_of(request)
    found = (
        Recipient.objects.filter(
            envelope__in=visible(actor, removed=True).filter(
                dialect=DIALECT,
                pub=known(order_id),
                erased_at__isnull=False,
                tombstone_until__gt=now(actor.organization.clock_offset),
            ),
            key=known(task_id),
        )
        .select_related("envelope")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def package_of(request: HttpRequest, order_id: str, packaging_task_id: str) -> tuple[Envelope, Package]:
    """A packaging task of the caller's order. Raises NotFound."""
    envelope = order_of(request, order_id)
    package = envelope.packages.filter(key=known(packaging_task_id)).select_related("file__blob").first()
    if package is None:
        raise NotFound
    return envelope, package
