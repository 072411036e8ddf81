"""From the core's rows to this API's objects. Total: every state of the core has a word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from undersigned.envelopes.models import (
    Envelope,
    Forward,
    Package,
    Recipient,
    RecipientState,
)

from . import wire
from .addresses import signing_url
from .checking import Said

TASK_STATUS: Mapping[RecipientState, wire.TaskStatus] = {
    RecipientState.ACTIVE: "CREATED",
    RecipientState.DONE: "COMPLETED",
    RecipientState.DECLINED: "REJECTED",
    RecipientState.FORWARDED: "REJECTED",  # the vendor: who hands on, rejects and passes on
    RecipientState.EXPIRED: "EXPIRED",
    # No use case of this dialect leads here (port.py).
    RecipientState.REMOVED: "DELETED",
}
PACKAGING_STATUS: Mapping[Package.State, wire.PackagingTaskStatus] = {
    Package.State.CREATED: "CREATED",
    Package.State.COMPLETED: "COMPLETED",
    Package.State.FAILED: "FAILED",
}


def when(moment: datetime) -> str:
    """UTC, to the second: `2019-08-24T14:15:22Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def echo(envelope: Envelope) -> Said:
    """The order as it was asked for."""
    found: Said = json.loads(envelope.wire_sealed or "{}")
    return found


def order(envelope: Envelope, artifacts: Mapping[int, str] | None = None) -> Said:
    """What was asked for, with ids, where the signers go, and tasks that came by forwarding. `artifacts`: those just issued, by recipient (row id)."""
    people = {r.key: r for r in envelope.recipients.all()}
    asked = echo(envelope)
    _forwarded(asked, _forwards(envelope))
    issued = artifacts or {}
    for task in asked["tasks"]:
        recipient = people[task["id"]]
        task["signingUrl"] = signing_url(envelope, recipient, issued.get(recipient.pk, ""))
    one = next(iter(issued.values()), "")
    return {"id": envelope.pub, **asked} | ({"artifact": one} if one else {})


def _forwards(envelope: Envelope) -> list[Forward]:
    forwards = Forward.objects.filter(original__envelope=envelope)
    return list(forwards.select_related("original", "recipient").order_by("pk"))


def _forwarded(asked: Said, forwards: Iterable[Forward]) -> None:
    """Add the tasks that came to be by forwarding, each a copy without what was said of the person who handed it on; what waited for, or was
    to be packed with, the old one now names the new one, or both where both sign."""
    for forward in forwards:
        old, new = forward.original.key, forward.recipient.key
        both = forward.mode == Forward.Mode.BOTH
        for task in asked["tasks"]:
            if old in task.get("dependsOnTasks", ()):
                task["dependsOnTasks"] = _replaced(task["dependsOnTasks"], old, [old, new] if both else [new])
        source = next(t for t in asked["tasks"] if t["id"] == old)
        copy: dict[str, Any] = {**deepcopy(source), "id": new}
        copy.pop("subject", None)
        if "artifact" in copy.get("authentication", {}):  # the sender has not signed this person in
            copy["authentication"]["artifact"] = False
        if both:
            copy["dependsOnTasks"] = [old]
        asked["tasks"].append(copy)
        for package in asked.get("packagingTasks", ()):
            package["documents"] = _packed(package["documents"], old, new, both=both)


def _replaced(names: list[str], old: str, by: list[str]) -> list[str]:
    return [n for name in names for n in (by if name == old else [name])]


def _packed(documents: list[Said], old: str, new: str, *, both: bool) -> list[Said]:
    found: list[Said] = []
    for packaged in documents:
        if packaged["taskId"] != old or both:
            found.append(packaged)
        if packaged["taskId"] == old:
            found.append({**packaged, "taskId": new})
    return found


def forwards_of(envelope: Envelope, recipient: Recipient) -> list[wire.Forwarded]:
    """Of a task, on either side."""
    return [
        wire.Forwarded(
            order_id=envelope.pub or "",
            task_id=f.recipient.key,
            original_task_id=f.original.key,
            forwarder_name=f.original.full_name or None,
            forwarder_email=f.original.email or None,
            recipient_name=f.recipient.full_name or None,
            recipient_email=f.recipient.email or None,
            recipient_mobile=f.recipient.phone or None,
        )
        for f in _forwards(envelope)
        if recipient.pk in (f.original_id, f.recipient_id)
    ]


def task_status(recipient: Recipient) -> wire.TaskStatus:
    """The word for where a person stands."""
    return TASK_STATUS[RecipientState(recipient.state)]
