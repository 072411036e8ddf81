"""What the members of an order mean together: ids that must be there, tasks that wait for each other, what must be signed and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from undersigned.dialects.shared.fields import Fields

Said = dict[str, Any]
Ref = tuple[str, str]
"""Source and documentRef."""


def refs(order: Said) -> set[Ref]:
    """What the order's documents refer to."""
    return {ref for _, _, d in documents(order) if (ref := ref_of(d)) is not None}


def documents(order: Said) -> Iterator[tuple[int, int, Said]]:
    """Every document with the numbers, from 0, of its task and its own."""
    for i, task in enumerate(order.get("tasks", ())):
        for j, document in enumerate(task.get("documents", ())):
            yield i, j, document


def ref_of(document: Said) -> Ref | None:
    """Where the bytes of a document are; None where the signer brings them."""
    if document.get("action") == "UPLOAD" or not document.get("documentRef"):
        return None
    return document.get("source", "SESSION"), document["documentRef"]


def check(fields: Fields, order: Said, stored: Mapping[Ref, Any]) -> None:
    """Note every fault between members. `stored`: what was found of `refs(order)`."""
    tasks = order.get("tasks", [])
    names = [t.get("id", "") for t in tasks]
    for i, task in enumerate(tasks):
        at = f"tasks.{i}"
        if names[i] and names[i] in names[:i]:
            fields.fault(f"{at}.id", "Task id is used twice")
        signs = any(d.get("action") == "SIGN" for d in task.get("documents", ()))
        if signs and not task.get("signatureMethods") and f"{at}.signatureMethods" not in fields.faults:
            fields.fault(f"{at}.signatureMethods", "At least one signature method is required to sign")
        for m, notification in enumerate(task.get("notifications", ())):
            _check_style(fields, order, notification, f"{at}.notifications.{m}")
    _check_documents(fields, order, stored)
    _check_dependencies(fields, tasks, names)
    _check_packages(fields, order)
    ids = Counter(p.get("id") for p in order.get("notificationTemplateParams", ()))
    for n, params in enumerate(order.get("notificationTemplateParams", ())):
        if params.get("id") and ids[params["id"]] > 1:
            fields.fault(f"notificationTemplateParams.{n}.id", "Template parameters id is used twice")


def _check_style(fields: Fields, order: Said, notification: Said, at: str) -> None:
    wanted = notification.get("notificationTemplateParamsId")
    known = {p.get("id") for p in order.get("notificationTemplateParams", ())}
    if wanted and wanted not in known:
        fields.fault(f"{at}.notificationTemplateParamsId", "No such notification template parameters")


def _check_documents(fields: Fields, order: Said, stored: Mapping[Ref, Any]) -> None:
    used: dict[Ref, set[int]] = {}
    for i, _, document in documents(order):
        if (ref := ref_of(document)) is not None:
            used.setdefault(ref, set()).add(i)
    for i, j, document in documents(order):
        at, ref = f"tasks.{i}.documents.{j}", ref_of(document)
        named = {f"{at}.documentRef", f"{at}.source"} & set(fields.faults)
        if ref is not None and ref not in stored and not named:
            fields.fault(f"{at}.documentRef", "No such document")
        if "form" not in document:
            continue
        if document.get("action") in ("VIEW", "UPLOAD"):
            fields.fault(f"{at}.form", "A form needs action SIGN")
        elif ref is not None and len(used[ref]) > 1:
            fields.fault(f"{at}.form", "A document with a form can be in one task only")


def _check_dependencies(fields: Fields, tasks: list[Said], names: list[str]) -> None:
    known = set(names)
    edges = {
        (n, d) for n, t in zip(names, tasks, strict=True) for d in t.get("dependsOnTasks", ()) if d in known
    }
    circles = _in_circles({(a, b) for a, b in edges if a != b})
    for i, task in enumerate(tasks):
        for n, wanted in enumerate(task.get("dependsOnTasks", ())):
            at = f"tasks.{i}.dependsOnTasks.{n}"
            if wanted not in known:
                fields.fault(at, "No such task")
            elif wanted == names[i]:
                fields.fault(at, "A task cannot depend on itself")
            elif (names[i], wanted) in circles:
                fields.fault(at, "Tasks depend on each other in a circle")


def _in_circles(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges that are left when what nothing waits for, and what waits for nothing, is taken away until nothing changes."""
    while True:
        left = edges
        for here, there in ((0, 1), (1, 0)):
            left = _without_ends(left, here, there)
        if len(left) == len(edges):
            return left
        edges = left


def _without_ends(edges: set[tuple[str, str]], here: int, there: int) -> set[tuple[str, str]]:
    """Without those whose end at `here` is no other's end at `there`, each looked at once (Kahn)."""
    of: dict[str, list[tuple[str, str]]] = {}
    count: Counter[str] = Counter()
    for edge in edges:
        of.setdefault(edge[here], []).append(edge)
        count[edge[there]] += 1
    left = set(edges)
    waiting = [name for name in of if not count[name]]
    while waiting:
        for edge in of.get(waiting.pop(), ()):
            left.discard(edge)
            count[edge[there]] -= 1
            if not count[edge[there]]:
                waiting.append(edge[there])
    return left


def _check_packages(fields: Fields, order: Said) -> None:
    known = {t.get("id"): {d.get("id") for d in t.get("documents", ())} for t in order.get("tasks", ())}
    for p, package in enumerate(order.get("packagingTasks", ())):
        for q, packaged in enumerate(package.get("documents", ())):
            at, task = f"packagingTasks.{p}.documents.{q}", packaged.get("taskId")
            if not task:
                continue
            if task not in known:
                fields.fault(f"{at}.taskId", "No such task")
                continue
            for r, document in enumerate(packaged.get("documentIds", ())):
                if document not in known[task]:
                    fields.fault(f"{at}.documentIds.{r}", "No such document in this task")
