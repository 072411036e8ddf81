"""Packages: signed documents of several people in one sealed file, built by a job once all of them are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from undersigned.jobs.queue import enqueue

from . import audit
from .errors import Invalid
from .models import Assignment, AssignmentState, Envelope, Package, PackageItem, Recipient


@dataclass(frozen=True)
class NewPackage:
    """A package to be. `items`: pairs of a recipient's key and the key of one of their assignments, in the order of the file."""

    key: str
    items: tuple[tuple[str, str], ...]
    method: str = "pades"
    to_archive: bool = False
    wire: Mapping[str, Any] = field(default_factory=dict)


def plan(envelope: Envelope, new: Iterable[NewPackage], at: datetime) -> list[Package]:
    """Write down what is to be built, of an envelope that was just compiled. Caller holds the lock. Raises Invalid (packages.N.items.M unknown)."""
    new = list(new)
    if not new:
        return []
    ready: dict[tuple[str, str], Assignment] = {}
    for assignment in Assignment.objects.filter(envelope=envelope, round=envelope.round).select_related(
        "recipient"
    ):
        name = (assignment.recipient.key, assignment.key)
        # Of a form that is filled in and signed under one key, it is the signed one that goes in.
        if name not in ready or assignment.action == Assignment.Action.SIGN:
            ready[name] = assignment
    faults = {
        f"packages.{n}.items.{m}": ["unknown"]
        for n, package in enumerate(new)
        for m, item in enumerate(package.items)
        if item not in ready
    }
    if faults:
        raise Invalid(faults)
    made = []
    for position, package in enumerate(new, start=1):
        row = Package.objects.create(
            envelope=envelope,
            position=position,
            key=package.key,
            method=package.method,
            to_archive=package.to_archive,
            wire=dict(package.wire),
        )
        PackageItem.objects.bulk_create(
            PackageItem(package=row, assignment=ready[item], position=number)
            for number, item in enumerate(dict.fromkeys(package.items), start=1)
        )
        audit.append(envelope, "package_created", at, by=None, package=package.key)
        made.append(row)
    return made


def settle(envelope: Envelope, at: datetime) -> None:
    """Have built what is complete, and fail what never can be. Caller holds the lock."""
    waiting = Package.objects.filter(envelope=envelope, state=Package.State.CREATED, queued_at=None)
    for package in waiting:
        states = {
            item.assignment.state for item in package.items.select_related("assignment").order_by("position")
        }
        if states <= {AssignmentState.DONE}:
            package.queued_at = at
            package.save(update_fields=["queued_at"])
            enqueue(
                "package",
                {"package": package.pk, "envelope": envelope.pk},
                unique_key=f"package:{package.pk}",
            )
        elif states & _NEVER:
            fail(package, envelope, at)


_NEVER = {AssignmentState.REFUSED, AssignmentState.LAPSED, AssignmentState.VOID, AssignmentState.WAIVED}


def fail(package: Package, envelope: Envelope, at: datetime) -> None:
    """It will not be built. Caller holds the lock."""
    package.state, package.settled_at = Package.State.FAILED, at
    package.save(update_fields=["state", "settled_at"])
    for recipient in listed(package):
        audit.append(envelope, "package_failed", at, by=None, recipient=recipient, package=package.key)


def listed(package: Package) -> list[Recipient]:
    """Whose documents are in a package, by position."""
    return list(
        Recipient.objects.filter(pk__in=package.items.values("assignment__recipient")).order_by("position")
    )


def for_assignments(assignments: Iterable[Assignment]) -> dict[int, list[Package]]:
    """The packages that each of `assignments` (by id) goes into."""
    found: dict[int, list[Package]] = {}
    items = PackageItem.objects.filter(assignment__in=[a.pk for a in assignments]).select_related("package")
    for item in items.order_by("package__position"):
        found.setdefault(item.assignment_id, []).append(item.package)
    return found
