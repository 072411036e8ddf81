"""Orders: envelopes in which each person has documents, tasks and an end of their own, made through the use cases."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.envelopes import links, ports
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.add_recipient import NewRecipient
from undersigned.envelopes.compose import NewEnvelope, compose
from undersigned.envelopes.models import Assignment, Envelope, Recipient, Sitting
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.plan import PlannedAssignment
from undersigned.envelopes.policy import Policy
from undersigned.files.models import File
from undersigned.files.store import receive, store_pdf
from undersigned.identity.policy import IdentityPolicy

from .conftest import PlainDialect

ORDERS = "orders"


@dataclass
class OrdersDialect(PlainDialect):
    """A dialect in which everybody's end is their own."""

    name: str = ORDERS
    policy: Policy = field(
        default_factory=lambda: Policy(
            on_decline="isolate",
            past_expires="recipient_lapses",
            invitation=False,
            sealed_unit="people",
            forwarding=True,
            copy_to=(),
            keep_days=7,
            tombstone_days=30,
        )
    )
    use_cases: frozenset[str] = frozenset({"delete_envelope"})


def register() -> None:
    ports.register(OrdersDialect())


def stored(user: User, name: str = "contract.pdf") -> File:
    with receive(io.BytesIO(make_pdf(text=name))) as received:
        return store_pdf(user.organization, received, name, user=user)


def person(key: str, identity: IdentityPolicy | None = None, days: int = 30, name: str = "") -> NewRecipient:
    return NewRecipient(
        name,
        "",
        nameless=True,
        key=key,
        channels=(),
        identity=identity or IdentityPolicy(),
        expires_at=now() + timedelta(days=days),
    )


def task(key: str, document: int, action: str, name: str = "") -> PlannedAssignment:
    return PlannedAssignment.model_validate(
        {"recipient": key, "document": document, "action": action, "key": name or f"{action}{document}"}
    )


def order(
    actor: Actor,
    documents: Sequence[NewDocument],
    people: Sequence[NewRecipient],
    tasks: Sequence[PlannedAssignment],
    after: Mapping[str, tuple[str, ...]] | None = None,
    **rest: object,
) -> Envelope:
    new = NewEnvelope(
        "Insurance",
        tuple(people),
        tuple(documents),
        assignments=tuple(tasks),
        after=after or {},
        **rest,  # type: ignore[arg-type]
    )
    return compose(actor, ORDERS, new)


def sitting(envelope: Envelope, key: str) -> Sitting:
    """The person has opened their link."""
    recipient = Recipient.objects.get(envelope=envelope, key=key)
    found = open_sitting(links.token(recipient), "192.0.2.7", "test").sitting
    return Sitting.objects.select_related("recipient__envelope__organization").get(pk=found.pk)


def states(envelope: Envelope) -> dict[str, str]:
    """Of each person, by key."""
    return dict(Recipient.objects.filter(envelope=envelope).values_list("key", "state"))


def tasks_of(envelope: Envelope, key: str) -> dict[str, str]:
    """State of each of a person's assignments, by key."""
    return dict(Assignment.objects.filter(envelope=envelope, recipient__key=key).values_list("key", "state"))


def ids(envelope: Envelope, key: str, action: str) -> list[int]:
    found = Assignment.objects.filter(envelope=envelope, recipient__key=key, action=action)
    return list(found.order_by("document__position").values_list("pk", flat=True))


def at(days: float) -> datetime:
    return now() + timedelta(days=days)
