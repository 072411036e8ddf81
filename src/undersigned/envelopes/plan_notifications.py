"""Write down the messages that a sender plans in their own words; `notify` has them sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import Invalid
from .models import Envelope, NotificationPlan


@dataclass(frozen=True)
class NewNotification:
    """One message to one address. `owner`: ("recipient", key), ("package", key) or ("envelope", "").

    `style` is a `delivery.params.Style` as JSON. `delay_seconds` counts from the trigger.
    """

    owner: tuple[Literal["recipient", "package", "envelope"], str]
    key: str
    channel: NotificationPlan.Channel
    address: str
    body: str
    sender: str = ""
    subject: str = ""
    style: Mapping[str, Any] = field(default_factory=dict)
    trigger: NotificationPlan.Trigger = NotificationPlan.Trigger.CREATED
    delay_seconds: int = 0


def plan_notifications(envelope: Envelope, new: Iterable[NewNotification]) -> None:
    """Rows for `new`, whose people and packages are there already. Caller holds the lock. Raises Invalid (notifications.N.owner unknown)."""
    new = list(new)
    if not new:
        return
    people = {r.key: r for r in envelope.recipients.all()}
    packages = {p.key: p for p in envelope.packages.all()}
    rows, faults = [], {}
    for number, one in enumerate(new):
        kind, key = one.owner
        recipient = people.get(key) if kind == "recipient" else None
        package = packages.get(key) if kind == "package" else None
        if kind != "envelope" and recipient is None and package is None:
            faults[f"notifications.{number}.owner"] = ["unknown"]
        rows.append(
            NotificationPlan(
                envelope=envelope,
                recipient=recipient,
                package=package,
                position=number + 1,
                key=one.key,
                channel=one.channel,
                address=one.address,
                sender=one.sender,
                subject=one.subject or None,
                body=one.body,
                style=dict(one.style),
                trigger=one.trigger,
                delay_seconds=one.delay_seconds,
            )
        )
    if faults:
        raise Invalid(faults)
    NotificationPlan.objects.bulk_create(rows)
