"""What is wrong with an order: every violation, under its path, and all at once; and bodies that are no orders."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms import make_form
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.signicat import checking, reading

from .signicat_caller import Orders
from .test_signicat import CONTRACT, EXAMPLE, NOBODY

GONE: Any = ...
"""Takes a member out."""
MESSAGE = {"id": "n", "type": "EMAIL", "recipient": "a@example.com", "message": "x"}
T, D = "tasks[0]", "tasks[0].documents[0]"
VALUE = f"{T}.subject.attributes[0].value"

VIOLATIONS: list[tuple[str, Any, str]] = [
    # --- where, what is put there, the path that is named when it is another
    ("tasks", GONE, ""),
    ("tasks", [], ""),
    ("tasks", None, ""),
    ("tasks", "no array", ""),
    ("tasks[0]", "no object", ""),
    ("clientReference", "", ""),
    ("clientReference", "x" * 256, ""),
    ("clientReference", 7, ""),
    ("daysUntilDeletion", 0, ""),
    ("daysUntilDeletion", 31, ""),
    ("daysUntilDeletion", "7", ""),
    (f"{T}.id", GONE, ""),
    (f"{T}.id", "", ""),
    (f"{T}.id", "a/b", ""),
    (f"{T}.id", "..", ""),
    (f"{T}.id", "a\nb", ""),
    (f"{T}.id", "x" * 101, ""),
    ("tasks[1].id", "one", ""),
    (f"{T}.documents", GONE, ""),
    (f"{T}.documents", [], ""),
    (f"{D}.id", GONE, ""),
    (f"{T}.documents[1].id", "doc", ""),
    (f"{D}.action", GONE, ""),
    (f"{D}.action", "READ", ""),
    (f"{D}.source", GONE, ""),
    (f"{D}.source", "HTTP", ""),
    (f"{D}.source", "UPLOAD", ""),
    (f"{D}.documentRef", GONE, ""),
    (f"{D}.documentRef", NOBODY, ""),
    (f"{D}.documentRef", "a\x00b", ""),
    (f"{D}.form.inputParams[0].name", GONE, ""),
    (f"{D}.form.inputParams[0].value", GONE, ""),
    (f"{D}.form.inputParams[1]", {"name": "cover", "value": "huge"}, f"{D}.form.inputParams[1].value"),
    (f"{T}.signatureMethods", GONE, ""),
    (f"{T}.signatureMethods", [], ""),
    (f"{T}.signatureMethods[0].name", GONE, ""),
    (f"{T}.signatureMethods[0].type", GONE, ""),
    (f"{T}.signatureMethods[0].type", "SEAL", ""),
    (f"{T}.signatureMethods[0]", {"handwritten": False}, f"{T}.signatureMethods[0].name"),
    (f"{T}.subject.attributes[0].name", GONE, ""),
    (VALUE, GONE, ""),
    (VALUE, None, ""),
    (f"{T}.subject.loginHints[0].name", GONE, ""),
    (f"{T}.subject.loginHints[0].value", GONE, ""),
    (f"{T}.notifications", [], ""),
    *((f"{T}.notifications[0].{name}", GONE, "") for name in ("id", "recipient", "message", "type")),
    (f"{T}.notifications[0].type", "FAX", ""),
    (f"{T}.notifications[1]", MESSAGE | {"id": "n1"}, f"{T}.notifications[1].id"),
    (f"{T}.notifications[0].schedule[0].triggerStatus", GONE, ""),
    (f"{T}.notifications[0].schedule[0].triggerStatus", "DELETED", ""),
    *((f"{T}.notifications[0].schedule[0].delay.{part}", -1, "") for part in ("minutes", "hours", "days")),
    (f"{T}.notifications[0].schedule[0].delay.hours", 1.5, ""),
    (f"{T}.notifications[0].notificationTemplateParamsId", "other", ""),
    (f"{T}.language", "norwegian please", ""),
    (f"{T}.daysToLive", 0, ""),
    (f"{T}.daysToLive", -3, ""),
    (f"{T}.daysToLive", 366, ""),
    (f"{T}.useLegacyDocumentViewer", "perhaps", ""),
    (f"{T}.dialog", "text", ""),
    ("tasks[1].dependsOnTasks", ["nobody"], "tasks[1].dependsOnTasks[0]"),
    ("tasks[1].dependsOnTasks", ["two"], "tasks[1].dependsOnTasks[0]"),
    (f"{T}.dependsOnTasks", ["two"], f"{T}.dependsOnTasks[0]"),
    ("notifications", [], ""),
    *((f"notifications[0].{name}", GONE, "") for name in ("id", "recipient", "message", "type")),
    ("packagingTasks", [], ""),
    ("packagingTasks[0].id", GONE, ""),
    ("packagingTasks[0].method", GONE, ""),
    ("packagingTasks[0].method", "zip", ""),
    ("packagingTasks[0].documents", GONE, ""),
    ("packagingTasks[0].documents", [], ""),
    ("packagingTasks[0].documents[0].taskId", GONE, ""),
    ("packagingTasks[0].documents[0].taskId", "nobody", ""),
    ("packagingTasks[0].documents[0].documentIds", GONE, ""),
    ("packagingTasks[0].documents[0].documentIds", [], ""),
    ("packagingTasks[0].documents[0].documentIds[0]", "nothing", ""),
    ("packagingTasks[0].notifications[0].schedule[0].triggerStatus", "REJECTED", ""),
    ("packagingTasks[1]", {"id": "pack", "method": "pades"}, "packagingTasks[1].id"),
    ("notificationTemplateParams", [], ""),
    ("notificationTemplateParams[0].id", GONE, ""),
]


def whole(form: str, plain: str) -> dict[str, Any]:
    """The documented order with a second task that waits for the first."""
    order: dict[str, Any] = deepcopy(EXAMPLE)
    order["tasks"][0]["id"] = order["packagingTasks"][0]["documents"][0]["taskId"] = "one"
    document = order["tasks"][0]["documents"][0] | {"id": "doc", "documentRef": form}
    second = {"id": "doc2", "action": "SIGN", "source": "SESSION", "documentRef": plain}
    order["tasks"][0]["documents"] = [document, second]
    order["tasks"][0]["notifications"][0]["id"] = "n1"
    order["tasks"].append(
        {
            "id": "two",
            "documents": [{"id": "x", "action": "VIEW", "source": "SESSION", "documentRef": plain}],
            "dependsOnTasks": ["one"],
        }
    )
    order["packagingTasks"][0] |= {"id": "pack"}
    order["packagingTasks"][0]["documents"][0]["documentIds"] = ["doc"]
    return order


def put(order: dict[str, Any], path: str, value: Any) -> None:
    steps: list[Any] = [int(s) if s.isdecimal() else s for s in re.findall(r"[^.\[\]]+", path)]
    for step in steps[:-1]:
        order = order[step]
    if value is GONE:
        del order[steps[-1]]
    elif isinstance(order, list) and steps[-1] == len(order):
        order.append(value)
    else:
        order[steps[-1]] = value


def said(response: Any) -> dict[str, str]:
    """Message by path."""
    assert response.status_code == 400, response.content
    body = json.loads(response.content)
    found = body["violations"]
    assert list(body) == ["status", "type", "title", "detail", "violations"]
    assert (body["status"], body["title"]) == (400, "Constraint Violation")
    assert body["detail"] == f"The request has {len(found)} violation{'' if len(found) == 1 else 's'}"
    assert all(list(v) == ["propertyPath", "message"] and v["message"] for v in found)
    return {v["propertyPath"]: v["message"] for v in found}


@pytest.mark.django_db
def test_every_violation(orders: Orders) -> None:
    order = whole(orders.document(make_form()), orders.document())
    assert orders.post("/orders", order).status_code == 201
    for path, value, named in VIOLATIONS:
        changed = deepcopy(order)
        put(changed, path, value)
        found = said(orders.post("/orders", changed))
        assert (named or path) in found, (path, value, found)
        # Nothing else is wrong but what depends on it.
        others = {p for p in found if p != (named or path)}
        allowed = (
            "dependsOnTasks",
            "packagingTasks[0].documents",
            "notificationTemplateParamsId",
            "signatureMethods",
        )
        assert all(any(a in p for a in (*allowed, path)) for p in others), (path, value, found)


@pytest.mark.django_db
def test_all_at_once(orders: Orders) -> None:
    order = whole(orders.document(make_form()), orders.document())
    paths = [
        "clientReference", f"{D}.documentRef", VALUE, f"{T}.notifications[0].message", "packagingTasks[0].method",
        "tasks[1].dependsOnTasks[0]", "notifications[0].type", "daysUntilDeletion",
    ]  # fmt: skip
    for path, value in zip(paths, ["", NOBODY, GONE, GONE, "zip", "nobody", "FAX", 99], strict=True):
        put(order, path, value)
    found = said(orders.post("/orders", order))
    assert set(found) == set(paths)
    assert found[VALUE] == "Subject attribute value is required"


@pytest.mark.django_db
def test_forms(orders: Orders) -> None:
    plain, form = orders.document(), orders.document(make_form())
    at = f"{T}.documents[0].form"

    def refused(ref: str, **more: Any) -> dict[str, str]:
        task = orders.task(ref=ref)
        task["documents"][0] |= {"form": {"interactive": True}} | more
        tasks = [task, orders.task("two", ref)] if more else [task]
        return said(orders.post("/orders", {"tasks": tasks}))

    assert refused(plain) == {at: "The document has no form"}
    assert set(refused(form, description="both sign it")) == {at}
    text = orders.document(b"only text", "text/plain")
    assert set(refused(text)) == {at}
    view = orders.task(ref=form)
    view["documents"][0] |= {"action": "VIEW", "form": {"interactive": False}}
    assert at in said(orders.post("/orders", {"tasks": [view]}))


@pytest.mark.django_db
def test_circles(orders: Orders) -> None:
    ref = orders.document()
    names = "abcde"
    edges = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"], "e": []}
    tasks = [orders.task(n, ref, dependsOnTasks=edges[n]) for n in names]
    found = said(orders.post("/orders", {"tasks": tasks}))
    assert set(found) == {f"tasks[{n}].dependsOnTasks[0]" for n in range(3)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"7", b'"x"', b"\xff", b"null", b'{"tasks": NaN}', b"[" * 100_000]
)
def test_no_object(body: bytes, orders: Orders) -> None:
    response = orders.send("POST", "/orders", body)
    assert response.status_code == 400
    assert list(json.loads(response.content)) == ["status", "type", "title", "detail"]


@pytest.mark.django_db
def test_an_empty_body_lacks_tasks(orders: Orders) -> None:
    assert set(said(orders.send("POST", "/orders", b""))) == {"tasks"}


def nulls(value: Any) -> Any:
    """With every documented member that is not there as null."""
    documented = [f["name"] for f in CONTRACT["operations"][7]["request"]["fields"]]
    if isinstance(value, list):
        return [nulls(v) for v in value]
    if not isinstance(value, dict):
        return value
    names = {n.rpartition(".")[2].removesuffix("[]") for n in documented}
    return dict.fromkeys(names - set(value)) | {k: nulls(v) for k, v in value.items()}


@pytest.mark.django_db
def test_null_is_absent(orders: Orders) -> None:
    order = {"tasks": [orders.task()]}
    response = orders.post("/orders", nulls(order))
    assert response.status_code == 201, response.content
    assert b"null" not in response.content
    answer = json.loads(response.content)
    del answer["id"], answer["tasks"][0]["signingUrl"]
    assert answer == order


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["SIGN", "EMAIL", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
PATHS = sorted({path for path, _, _ in VIOLATIONS} | {"tasks[1]", f"{T}.signText", f"{T}.onTaskComplete"})


@given(st.lists(st.tuples(st.sampled_from(PATHS), ANYTHING), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_whatever_stands_there_is_read_or_named(changes: list[tuple[str, Any]]) -> None:
    """Reading never raises, and what it gives without a fault can be read again and gives the same."""
    order = whole("form", "plain")
    for path, value in changes:
        try:
            put(order, path, value)
        except (KeyError, IndexError, TypeError):
            continue
    fields = Fields(order)
    read = reading.order(fields)
    checking.check(fields, read, {("SESSION", "form"): None, ("SESSION", "plain"): None})
    json.dumps(read)
    if not fields.faults:
        again = Fields(read)
        assert reading.order(again) == read
        assert not again.faults
