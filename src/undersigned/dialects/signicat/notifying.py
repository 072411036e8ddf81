"""The order's notifications: who hears of what, when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from undersigned.envelopes.models import NotificationPlan
from undersigned.envelopes.plan_notifications import NewNotification

from .checking import Said

_CHANNELS = {
    "EMAIL": NotificationPlan.Channel.EMAIL,
    "SMS": NotificationPlan.Channel.SMS,
    "URL": NotificationPlan.Channel.URL,
}
_TRIGGERS = {
    "CREATED": NotificationPlan.Trigger.CREATED,
    "STARTED": NotificationPlan.Trigger.STARTED,
    "COMPLETED": NotificationPlan.Trigger.COMPLETED,
    "REJECTED": NotificationPlan.Trigger.REJECTED,
    "EXPIRED": NotificationPlan.Trigger.EXPIRED,
    "FORWARDED": NotificationPlan.Trigger.FORWARDED,
}
Owner = tuple[Literal["recipient", "package", "envelope"], str]


def planned(order: Said) -> Iterator[NewNotification]:
    """One for each entry of a schedule. Without a schedule: of a task at once, of a package and of the order when it is completed."""
    styles = {p["id"]: _style(p) for p in order.get("notificationTemplateParams", ())}
    for task in order["tasks"]:
        for one in task.get("notifications", ()):
            style = styles.get(one.get("notificationTemplateParamsId", ""), {})
            yield from _each(one, ("recipient", task["id"]), "CREATED", style)
    for package in order.get("packagingTasks", ()):
        for one in package.get("notifications", ()):
            yield from _each(one, ("package", package["id"]), "COMPLETED", {})
    for one in order.get("notifications", ()):
        yield from _each(one, ("envelope", ""), "COMPLETED", {})


def _each(one: Said, owner: Owner, otherwise: str, style: Mapping[str, Any]) -> Iterator[NewNotification]:
    for entry in one.get("schedule") or [{"triggerStatus": otherwise}]:
        yield NewNotification(
            owner=owner,
            key=one["id"],
            channel=_CHANNELS[one["type"]],
            address=one["recipient"].strip(),
            sender=one.get("sender", "").strip(),
            subject=one.get("header", "").strip(),
            body=one["message"],
            style=style,
            trigger=_TRIGGERS[entry["triggerStatus"]],
            delay_seconds=_seconds(entry.get("delay", {})),
        )


def _seconds(delay: Mapping[str, int]) -> int:
    """The parts add up."""
    return 60 * (delay.get("minutes", 0) + 60 * (delay.get("hours", 0) + 24 * delay.get("days", 0)))


def _style(params: Said) -> dict[str, str]:
    """As `delivery.params.Style`, where all but the footer is one line."""
    names = {"button": "button", "linkText": "link_text", "logoUrl": "logo_url"}
    found = {ours: " ".join(params[theirs].split()) for theirs, ours in names.items() if params.get(theirs)}
    return found | ({"footer": params["footer"]} if params.get("footer") else {})
