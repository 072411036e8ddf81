"""An order as the core is told of it: tasks are people, their documents are assignments, what several tasks sign stands on one document.

The chain rule: documents of different tasks with the same reference that are to be signed as they are, and go into the same packages, are
one document on which the signatures stack up; a package never takes a stranger's signature along. Whoever only reads one of them reads that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from undersigned.base.languages import spoken
from undersigned.base.text import is_one_line
from undersigned.envelopes.add_document import NewDocument, NewForm
from undersigned.envelopes.add_recipient import NewRecipient
from undersigned.envelopes.compose import NewEnvelope
from undersigned.envelopes.packages import NewPackage
from undersigned.envelopes.plan import PlannedAssignment
from undersigned.files.models import File

from . import notifying, people, wire
from .checking import Ref, Said, documents, ref_of

_TITLE_MAX = 300
_ACTIONS: Mapping[str, Any] = {"SIGN": "sign", "VIEW": "view", "UPLOAD": "upload"}
UNTITLED = "Signing order"
"""For the sender's console; people who sign are shown the dialog's title or the documents' descriptions."""


@dataclass
class Sheets:
    """The documents of an order: `new` in the order in which they first come, `of` task and document number (from 0) to position (from 1).

    `first`: task and document number by which a position came to be.
    """

    new: list[NewDocument] = field(default_factory=list)
    of: dict[tuple[int, int], int] = field(default_factory=dict)
    first: list[tuple[int, int]] = field(default_factory=list)


def sheets(order: Said, stored: Mapping[Ref, File]) -> Sheets:
    """Which documents of the tasks are one and the same."""
    found = Sheets()
    shared: dict[object, int] = {}
    signed: dict[Ref, int] = {}
    packages = _packages_of(order)
    seen: dict[tuple[int, object], int] = {}
    for i, j, document in documents(order):
        if document["action"] != "SIGN":
            continue
        ref = ref_of(document)
        key: object = None
        if "form" not in document:
            alike = (ref, packages.get((i, j), frozenset()))
            # Of two that one task has of the same kind, each is a document of its own.
            seen[i, alike] = seen.get((i, alike), 0) + 1
            key = (alike, seen[i, alike])
        if key is None or key not in shared:
            _add(found, i, j, document, stored)
            if key is not None:
                shared[key] = found.of[i, j]
                if ref is not None:
                    signed.setdefault(ref, found.of[i, j])
        else:
            found.of[i, j] = shared[key]
    for i, j, document in documents(order):
        if document["action"] == "SIGN":
            continue
        ref = ref_of(document)
        if ref is not None and ref in signed:
            found.of[i, j] = signed[ref]
            continue
        _add(found, i, j, document, stored)
        if ref is not None:
            signed[ref] = found.of[i, j]
    return _in_order(found)


def _add(found: Sheets, i: int, j: int, document: Said, stored: Mapping[Ref, File]) -> None:
    ref = ref_of(document)
    file = stored[ref] if ref is not None else None
    form = document.get("form")
    values = {p["name"]: p.get("value", "") for p in (form or {}).get("inputParams", ())}
    found.new.append(
        NewDocument(
            title=document.get("description", "").strip() or (file.name if file is not None else "document"),
            file=file,
            form=NewForm(form.get("interactive", False), values) if form is not None else None,
        )
    )
    found.first.append((i, j))
    found.of[i, j] = len(found.new)


def _in_order(found: Sheets) -> Sheets:
    """As they come in the tasks."""
    rank = sorted(range(len(found.new)), key=lambda n: min(at for at, p in found.of.items() if p == n + 1))
    new_position = {old + 1: number for number, old in enumerate(rank, start=1)}
    return Sheets(
        [found.new[n] for n in rank],
        {at: new_position[position] for at, position in found.of.items()},
        [found.first[n] for n in rank],
    )


def _packages_of(order: Said) -> dict[tuple[int, int], frozenset[str]]:
    """The packages into which each document goes."""
    number = {t["id"]: i for i, t in enumerate(order["tasks"])}
    documents_of = {
        (i, d["id"]): j for i, t in enumerate(order["tasks"]) for j, d in enumerate(t["documents"])
    }
    found: dict[tuple[int, int], frozenset[str]] = {}
    for package in order.get("packagingTasks", ()):
        for packaged in package["documents"]:
            i = number[packaged["taskId"]]
            for document in packaged["documentIds"]:
                at = i, documents_of[i, document]
                found[at] = found.get(at, frozenset()) | {package["id"]}
    return found


def assignments(order: Said, of: Mapping[tuple[int, int], int]) -> Iterator[PlannedAssignment]:
    """What each task has to do with each document; a form that is left open is filled in before it is signed."""
    for i, j, document in documents(order):
        kinds = [_ACTIONS[document["action"]]]
        if document.get("form", {}).get("interactive"):
            kinds.insert(0, "fill")
        for action in kinds:
            yield PlannedAssignment(
                recipient=order["tasks"][i]["id"],
                document=of[i, j],
                action=action,
                key=document["id"],
                caption=document.get("description", "").strip(),
                sign_text=document.get("signTextEntry", "") if action == "sign" else "",
                to_archive=action == "sign" and document.get("sendResultToArchive", False),
            )


def last_day(order: Said) -> int:
    """Days from the creation of the order until the last task's time is over."""
    return max(days_to_live(t) for t in order["tasks"])


def days_to_live(task: Said) -> int:
    """How long a task can be signed."""
    days: int = task.get("daysToLive", wire.DAYS_TO_LIVE)
    return days


def keep_days(order: Said) -> int:
    """Days from then until the order is deleted."""
    days: int = order.get("daysUntilDeletion", wire.DAYS_UNTIL_DELETION)
    return days


def new_envelope(order: Said, found: Sheets, at: datetime) -> NewEnvelope:
    """The order for the core. The whole echo is kept encrypted: it names people, addresses and what they are told."""
    reference = order.get("clientReference", "")
    return NewEnvelope(
        title=_title(order),
        people=tuple(_person(t, at) for t in order["tasks"]),
        documents=tuple(found.new),
        language=spoken(order["tasks"][0].get("language", "en")),
        assignments=tuple(assignments(order, found.of)),
        after={
            t["id"]: tuple(dict.fromkeys(t["dependsOnTasks"]))
            for t in order["tasks"]
            if t.get("dependsOnTasks")
        },
        packages=tuple(_package(p) for p in order.get("packagingTasks", ())),
        notifications=tuple(notifying.planned(order)),
        reference=reference if is_one_line(reference) else "",
        policy={"keep_days": keep_days(order)},
        sealed=json.dumps(order),
    )


def _title(order: Said) -> str:
    titles = [t.get("dialog", {}).get("title", "") for t in order["tasks"]]
    titles += [d.get("description", "") for _, _, d in documents(order)]
    return next((w for t in titles if (w := t.strip()[:_TITLE_MAX].strip())), UNTITLED)


def _person(task: Said, at: datetime) -> NewRecipient:
    about = people.about(task)
    return NewRecipient(
        key=task["id"],
        name=about.name,
        email=about.email,
        phone=about.phone or None,
        phone_as_given=about.phone_as_given or None,
        national_id=about.national_id or None,
        nameless=True,
        language=spoken(task.get("language", "en")),
        identity=people.identity(task),
        expected=people.expected(task),
        channels=(),
        expires_at=at + timedelta(days=days_to_live(task)),
        dialog_title=task.get("dialog", {}).get("title", "").strip(),
        dialog_message=task.get("dialog", {}).get("message", ""),
        sign_text=task.get("signText", ""),
        return_url_done=task.get("onTaskComplete", ""),
        return_url_declined=task.get("onTaskReject", ""),
        return_url_later=task.get("onTaskPostpone", ""),
    )


def _package(package: Said) -> NewPackage:
    items: Sequence[tuple[str, str]] = [
        (packaged["taskId"], document)
        for packaged in package["documents"]
        for document in packaged["documentIds"]
    ]
    return NewPackage(
        key=package["id"],
        items=tuple(dict.fromkeys(items)),
        method=package["method"],
        to_archive=package.get("sendToArchive", False),
    )
