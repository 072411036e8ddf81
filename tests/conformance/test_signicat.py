"""The Signicat API against its contract, `contracts/signicat.json`: every operation, example, status, member, enum value, transition.

The contract drives: a response, an enum value or a row of the state machine for which there is no scene here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
from django.http import HttpResponse

from tests.forms import make_form
from undersigned.dialects.signicat import mapping, wire
from undersigned.dialects.signicat.api import openapi
from undersigned.dialects.signicat.port import SignicatPort
from undersigned.envelopes.forward import NewPerson, forward
from undersigned.envelopes.models import Forward, Package, RecipientState

from .signers import run_jobs
from .signicat_caller import BASE, Orders, enter, person, sheet

pytestmark = [pytest.mark.django_db]

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signicat.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
EXAMPLE = OPERATIONS["createOrder"]["request"]["example"]
NOBODY = "0807201949xfrupvbzx7o07uihsihsx3xllslasvk8qtaojow3792xjucp"
ID = r"\d{8}[a-z0-9]{50}"
Scene = Callable[[Orders], HttpResponse]


# --- what is documented, with ids that exist ------------------------------------------------------
def example(orders: Orders) -> dict[str, Any]:
    """The documented order."""
    given: dict[str, Any] = deepcopy(EXAMPLE)
    given["tasks"][0]["documents"][0]["documentRef"] = orders.document(make_form())
    return given


TASK = EXAMPLE["tasks"][0]["id"]
DOCUMENT = EXAMPLE["tasks"][0]["documents"][0]["id"]
PACKAGE = EXAMPLE["packagingTasks"][0]["id"]
FILLED = {"person.name": "Ola Nordmann", "cover": "large"}


def finished(orders: Orders) -> Any:
    """The documented order, signed and packaged."""
    order = orders.post("/orders", example(orders))
    assert order.status_code == 201, order.content
    found = json.loads(order.content)
    orders.sign(found, TASK, FILLED)
    run_jobs()
    return found


def path_of(operation: str, **ids: str) -> str:
    """Its path, with ids that nobody has unless they are named."""
    path: str = OPERATIONS[operation]["path"]
    return re.sub(r"\{(\w+)\}", lambda m: ids.get(m[1], NOBODY), path)


def call(orders: Orders, operation: str, **ids: str) -> HttpResponse:
    one = OPERATIONS[operation]
    if one.get("absolute_path"):
        return orders.ask_token(path=path_of(operation, **ids))
    if operation == "uploadDocument":
        return orders.upload()  # type: ignore[no-any-return]
    body = json.dumps(EXAMPLE).encode() if one["request"] else b""
    return orders.send(one["method"], path_of(operation, **ids), body)


FINISHED = (
    "getOrder", "getPackagingTaskStatus", "getPackagingTaskResult", "createArtifact", "getTaskEvents",
    "getTaskStatus", "getOriginalDocument", "getGeneratedDocument", "getResultDocument",
)  # fmt: skip
ARCHIVED = {"getArchivedDocument": 200, "deleteArchivedDocument": 204}
"""What is asked about an order that is signed and packaged; one serves all."""


def on_document(operation: str) -> Scene:
    return lambda orders: call(orders, operation, documentId=orders.document())


def without_token(operation: str) -> Scene:
    def scene(orders: Orders) -> HttpResponse:
        orders.token = ""
        return call(orders, operation)

    return scene


def without_scope(operation: str) -> Scene:
    def scene(orders: Orders) -> HttpResponse:
        answer = orders.ask_token("grant_type=client_credentials&scope=openid")
        orders.token = json.loads(answer.content)["access_token"]
        return call(orders, operation)

    return scene


def forwards(orders: Orders) -> HttpResponse:
    subject = {"attributes": [{"name": "first-name", "value": "Ola"}, {"name": "last-name", "value": "Nordmann"},
                              {"name": "email", "value": "olanordmann@example.com"}]}  # fmt: skip
    order = orders.order(orders.task(subject=subject))
    run_jobs()
    new = NewPerson("Kari Nordmann", "kari@example.com", "+4722334455")
    forward(enter(person(order)), Forward.Mode.SOMEONE_ELSE, new)
    return orders.get(f"/orders/{order['id']}/tasks/task1/forwards")


def faulty(orders: Orders) -> HttpResponse:
    given = example(orders)
    del given["tasks"][0]["subject"]["attributes"][0]["value"]
    return orders.post("/orders", given)


SCENES: dict[tuple[str, int], Scene] = {
    **{
        scene: act
        for operation in ("getToken", "getTokenLegacy")
        for scene, act in {
            (operation, 200): lambda orders, o=operation: orders.ask_token(
                "&".join(f"{k}={v}" for k, v in OPERATIONS[o]["request"]["example"].items()), OPERATIONS[o]["path"]
            ),
            (operation, 401): lambda orders, o=operation: orders.ask_token(
                path=OPERATIONS[o]["path"], basic="Basic eDp5"
            ),
            (operation, 400): lambda orders, o=operation: orders.ask_token(
                "grant_type=client_credentials&scope=other", OPERATIONS[o]["path"]
            ),
        }.items()
    },
    ("uploadDocument", 201): lambda orders: orders.upload(),
    ("uploadDocument", 400): lambda orders: orders.upload(b"no PDF"),
    ("getDocument", 200): on_document("getDocument"),
    ("deleteDocument", 204): on_document("deleteDocument"),
    ("createOrder", 201): lambda orders: orders.post("/orders", example(orders)),
    ("createOrder", 400): faulty,
    ("deleteOrder", 204): lambda orders: orders.delete(f"/orders/{orders.order()['id']}"),
    ("getTaskForwards", 200): forwards,
    **{(o, 404): lambda orders, o=o: call(orders, o) for o in OPERATIONS},
    **{(o, 401): without_token(o) for o in OPERATIONS if not o.startswith("getToken")},
    **{(o, 403): without_scope(o) for o in OPERATIONS},
}  # fmt: skip
RESPONSES = [
    (operation["id"], response["status"])
    for operation in CONTRACT["operations"]
    for response in operation["responses"]
    if operation["id"] != "openSigningPage"  # below, as are those about a finished order
    and (operation["id"], response["status"]) not in {*((o, 200) for o in FINISHED), *ARCHIVED.items()}
]
NEVER_SAID = {"clientStatus"}
"""No call sets it, so no answer has it."""


@pytest.mark.parametrize(("operation", "status"), RESPONSES, ids=str)
def test_documented_response(operation: str, status: int, orders: Orders) -> None:
    as_documented(operation, status, SCENES[operation, status](orders))


def test_documented_answers_about_a_finished_order(orders: Orders) -> None:
    order = finished(orders)
    ids = {"orderId": order["id"], "taskId": TASK, "packagingTaskId": PACKAGE, "documentId": DOCUMENT}
    for operation in FINISHED:
        as_documented(operation, 200, call(orders, operation, **ids))
    result = orders.get(f"/orders/{order['id']}/packaging-tasks/{PACKAGE}/result")
    ids = {"archiveId": result["Location"].rpartition("/")[2]}
    for operation, status in ARCHIVED.items():
        as_documented(operation, status, call(orders, operation, **ids))


def as_documented(operation: str, status: int, response: HttpResponse) -> None:
    documented = next(r for r in OPERATIONS[operation]["responses"] if r["status"] == status)
    assert response.status_code == status, b"".join(response)  # type: ignore[arg-type]
    assert set(documented["headers"]) <= set(response.headers)
    media_type = documented.get("content_type")
    assert response.get("Content-Type") == media_type
    if media_type == "application/json":
        same_shape(json.loads(response.content), documented["example"])
    elif media_type:
        content = b"".join(response)  # type: ignore[arg-type]
        assert content.startswith(b"%PDF-")
        assert int(response["Content-Length"]) == len(content)
    else:
        assert not response.content


def same_shape(value: Any, documented: Any, at: str = "$") -> None:
    """The members and JSON types of the documented example; more members may be there, null nowhere."""
    assert value is not None, at
    assert type(value) is type(documented), at
    if isinstance(documented, dict):
        assert set(documented) - NEVER_SAID <= set(value), at
        for name in value:
            if name in documented:
                same_shape(value[name], documented[name], f"{at}.{name}")
            else:
                assert value[name] is not None, f"{at}.{name}"
    elif isinstance(documented, list):
        assert not documented or value, at
        for found in value:
            partly = isinstance(found, dict) and at.endswith(("$", "documents"))
            # data is not in every event, a URI not in every document
            same_shape(documented[0] | found if partly else found, documented[0], f"{at}[]")
    elif isinstance(documented, str):
        for form in (ID, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r"[a-z0-9]{25}"):
            if re.fullmatch(form, documented):
                assert re.fullmatch(form, value), (at, value)


def test_an_order_is_echoed_and_stays_so(orders: Orders) -> None:
    given = example(orders)
    response = orders.post("/orders", given)
    order = json.loads(response.content)
    assert re.fullmatch(ID, order["id"])
    assert response["Location"] == f"http://testserver{BASE}/orders/{order['id']}"
    assert orders.read(response["Location"]) == order
    url = order["tasks"][0].pop("signingUrl")
    assert url.startswith(
        f"http://testserver/std/docaction/board?request_id={order.pop('id')}&task_id={TASK}&token="
    )
    assert order == given


def test_the_signing_page_opens(orders: Orders) -> None:
    order = orders.order()
    response = orders.client.get(order["tasks"][0]["signingUrl"], follow=True)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    response = orders.client.get(f"/std/docaction/board?request_id={order['id']}&task_id=task1", follow=True)
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_described(operation: str) -> None:
    one = OPERATIONS[operation]
    if operation == "openSigningPage":  # a page for people
        return
    prefix = "" if one.get("absolute_path") else BASE
    wanted = [(one["method"], one["path"])]
    wanted += [tuple(alias.split(" ")) for alias in one.get("aliases", ())]
    plain = {re.sub(r"\{\w+\}", "{}", path): methods for path, methods in openapi()["paths"].items()}
    for method, path in wanted:
        described = plain[prefix + re.sub(r"\{\w+\}", "{}", path)][method.lower()]["responses"]
        assert {str(r["status"]) for r in one["responses"]} <= {str(status) for status in described}


# --- enums ---------------------------------------------------------------------------------------
def test_enums_are_ours() -> None:
    enums = CONTRACT["enums"]
    assert set(enums["TaskStatus"]) == set(get_args(wire.TaskStatus)) == {*mapping.TASK_STATUS.values()}
    assert set(mapping.TASK_STATUS) == set(RecipientState)
    assert set(enums["PackagingTaskStatus"]) == {*mapping.PACKAGING_STATUS.values()}
    assert set(mapping.PACKAGING_STATUS) == set(Package.State)
    assert enums["EventType"] == [*wire.EVENT_TYPES]
    assert enums["EventTypeSdkSpelling"] == [t.upper().replace("-", "_") for t in wire.EVENT_TYPES]
    assert enums["PackagingMethod"] == [*wire.PACKAGING_METHODS]
    assert {*enums["DocumentSource"], "ARCHIVE"} == {*wire.SOURCES}


def accepted() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name of the enum, value, and what to change of a task (or package) so that it holds it."""
    enums = CONTRACT["enums"]
    message = {"id": "n", "type": "EMAIL", "recipient": "a@example.com", "message": "x"}
    for value in enums["TaskTriggerStatus"]:
        yield (
            "TaskTriggerStatus",
            value,
            {"notifications": [message | {"schedule": [{"triggerStatus": value}]}]},
        )
    for value in enums["NotificationType"]:
        to = {"EMAIL": "a@example.com", "SMS": "+4722334455", "URL": "https://a.example/?x=1"}[value]
        late = [{"triggerStatus": "EXPIRED"}]
        yield (
            "NotificationType",
            value,
            {"notifications": [message | {"type": value, "recipient": to, "schedule": late}]},
        )
    for value in enums["SignatureMethodType"]:
        yield "SignatureMethodType", value, {"signatureMethods": [{"name": "nbid", "type": value}]}
    for value in enums["KnownSignatureMethodNames"]:
        methods = [{"name": value, "type": "AUTHENTICATION_BASED"}]
        yield (
            "KnownSignatureMethodNames",
            value,
            {"signatureMethods": methods, "authentication": {"methods": [value]}},
        )
    for value in enums["DocumentAction"]:
        yield "DocumentAction", value, {"documents": [sheet("d", None if value == "UPLOAD" else "?", value)]}
    for value in enums["DocumentSource"]:
        found = sheet("d", None, "UPLOAD") if value == "UPLOAD" else sheet("d", "?", "SIGN", source=value)
        yield "DocumentSource", value, {"documents": [found]}


def test_every_value_is_taken_and_echoed(orders: Orders) -> None:
    ref = orders.document()
    for name, value, change in accepted():
        task = json.loads(json.dumps(orders.task(ref=ref) | change).replace('"?"', json.dumps(ref)))
        order = orders.order(task)
        assert order["tasks"][0] == task | {"signingUrl": order["tasks"][0]["signingUrl"]}, (name, value)
    for value in CONTRACT["enums"]["PackagingTriggerStatus"]:
        message = {"id": "n", "type": "EMAIL", "recipient": "a@example.com", "message": "x"}
        package = {
            "id": "p", "method": "pades", "documents": [{"taskId": "task1", "documentIds": ["document1"]}],
            "notifications": [message | {"schedule": [{"triggerStatus": value}]}],
        }  # fmt: skip
        assert orders.order(orders.task(ref=ref), packagingTasks=[package])["packagingTasks"] == [package]


def test_variables(orders: Orders) -> None:
    order = orders.order(clientReference="a b")
    recipient = person(order)
    url = order["tasks"][0]["signingUrl"]
    values = SignicatPort().variables(recipient.envelope, recipient)
    assert values == {
        "orderId": order["id"], "requestId": order["id"], "taskId": "task1", "taskUrl": url, "signCodeUrl": url,
        "clientReference": "a b",
    }  # fmt: skip
    assert {f"${{{name}}}" for name in values} >= set(CONTRACT["enums"]["TemplateVariables"])
