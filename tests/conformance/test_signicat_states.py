"""States of tasks, packages and orders: every row of the contract's state machine, and what each does to what the API tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from undersigned.accounts.models import Organization
from undersigned.delivery.models import Message
from undersigned.dialects.signicat import tasks
from undersigned.envelopes import artifacts, links
from undersigned.envelopes.errors import NotFound, RunOut
from undersigned.envelopes.forward import NewPerson, forward
from undersigned.envelopes.models import Envelope, Forward
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.postpone import postpone
from undersigned.lifecycle.expiry import expire_due
from undersigned.lifecycle.retention import erase_due

from .signers import run_jobs
from .signicat_caller import DRAWN, Orders, enter, envelope_of, person, sheet
from .test_signicat import CONTRACT

pytestmark = [pytest.mark.django_db]


def later(order: Any, **ahead: float) -> None:
    """Let that much time pass, and happen what happens by itself."""
    organization = Organization.objects.get(pk=envelope_of(order).organization_id)
    organization.clock_offset += timedelta(**ahead)
    organization.save()
    expire_due()
    erase_due()


def package(*tasks: str) -> list[dict[str, Any]]:
    documents = [{"taskId": t, "documentIds": ["document1"]} for t in tasks or ("task1",)]
    return [{"id": "p1", "method": "pades", "documents": documents}]


def package_status(orders: Orders, order: Any) -> str:
    found: str = orders.read(f"/orders/{order['id']}/packaging-tasks/p1/status")["packagingTaskStatus"]
    return found


def new(orders: Orders) -> Any:
    return orders.order()


def completed(orders: Orders) -> Any:
    order = orders.order()
    orders.sign(order)
    return order


def rejected(orders: Orders) -> Any:
    order = orders.order()
    orders.refuse(order)
    return order


def expired(orders: Orders) -> Any:
    order = orders.order(orders.task(daysToLive=1), daysUntilDeletion=30)
    later(order, days=1, minutes=1)
    return order


def looked_at(orders: Orders) -> Any:
    order = orders.order()
    run_jobs()
    postpone(enter(person(order)))
    return order


def deleted(before: Callable[[Orders], Any]) -> Callable[[Orders], Any]:
    def scene(orders: Orders) -> Any:
        order = before(orders)
        assert orders.delete(f"/orders/{order['id']}").status_code == 204
        return order

    return scene


TASKS: dict[tuple[str, str], Callable[[Orders], Any]] = {
    ("(new)", "task created"): new,
    ("task:CREATED", "all documents handled"): completed,
    ("task:CREATED", "signer rejects"): rejected,
    ("task:CREATED", "daysToLive elapsed"): expired,
    ("task:CREATED", "signing page opened or postponed"): looked_at,
    ("task:CREATED", "order deleted"): deleted(new),
    ("task:COMPLETED", "order deleted"): deleted(completed),
    ("task:REJECTED", "order deleted"): deleted(rejected),
    ("task:EXPIRED", "order deleted"): deleted(expired),
}
ROWS = [tuple(row) for row in CONTRACT["state_machine"]]


@pytest.mark.parametrize(
    ("before", "event", "after"), [r for r in ROWS if r[2].startswith("task:")], ids=lambda v: v
)
def test_task(before: str, event: str, after: str, orders: Orders) -> None:
    order = TASKS[before, event](orders)
    found = orders.status(order)
    assert f"task:{found['taskStatus']}" == after
    if after == "task:DELETED":
        assert found == {"orderId": order["id"], "taskId": "task1", "taskStatus": "DELETED"}
        for path in (
            "",
            "/tasks/task1/events",
            "/tasks/task1/forwards",
            "/tasks/task1/documents/document1/original",
        ):
            assert orders.get(f"/orders/{order['id']}{path}").status_code == 404
        assert orders.delete(f"/orders/{order['id']}").status_code == 404
        assert orders.get(f"/orders/{order['id']}/tasks/other/status").status_code == 404
    else:
        assert ("rejectReason" in found) == (after == "task:REJECTED")
        assert orders.read(f"/orders/{order['id']}") == order


def packaged(orders: Orders) -> Any:
    return orders.order(packagingTasks=package())


def built(orders: Orders) -> Any:
    return orders.completed(packagingTasks=package())


def lost(orders: Orders) -> Any:
    ref = orders.document()
    tasks = [orders.task("task1", ref), orders.task("task2", ref)]
    order = orders.order(*tasks, packagingTasks=package("task1", "task2"))
    orders.sign(order, "task2")
    orders.refuse(order)
    return order


PACKAGES = {
    ("(new)", "packaging task created"): packaged,
    ("packaging:CREATED", "all listed tasks COMPLETED and file built"): built,
    ("packaging:CREATED", "build failed, or a listed task REJECTED or EXPIRED"): lost,
}


@pytest.mark.parametrize(
    ("before", "event", "after"), [r for r in ROWS if r[2].startswith("packaging:")], ids=lambda v: v
)
def test_package(before: str, event: str, after: str, orders: Orders) -> None:
    order = PACKAGES[before, event](orders)
    assert f"packaging:{package_status(orders, order)}" == after
    there = after == "packaging:COMPLETED"
    response = orders.get(f"/orders/{order['id']}/packaging-tasks/p1/result")
    assert response.status_code == (200 if there else 404)
    word = {
        "packaging:COMPLETED": ["packaging-task-completed"],
        "packaging:FAILED": ["packaging-task-failed"],
    }
    for task in order["tasks"]:
        told = [e for e in orders.events(order, task["id"]) if e.startswith("packaging")]
        assert told == word.get(after, [])


def finished(orders: Orders) -> Any:
    hear = {"id": "n", "type": "EMAIL", "recipient": "o@example.com", "message": "done"}
    return orders.completed(notifications=[hear])


ORDERS = {
    ("(new)", "order created"): new,
    ("order:OPEN", "all tasks COMPLETED"): finished,
    ("order:OPEN", "deleted by call or retention"): deleted(new),
    ("order:COMPLETED", "deleted by call or retention"): deleted(completed),
}


@pytest.mark.parametrize(
    ("before", "event", "after"), [r for r in ROWS if r[2].startswith("order:")], ids=lambda v: v
)
def test_order(before: str, event: str, after: str, orders: Orders) -> None:
    order = ORDERS[before, event](orders)
    gone = after == "order:GONE"
    assert orders.get(f"/orders/{order['id']}").status_code == (404 if gone else 200)
    if event == "all tasks COMPLETED":
        told = Message.objects.filter(envelope_id=envelope_of(order).pk)
        assert [m.address for m in told] == ["o@example.com"]


def test_every_row_has_a_scene() -> None:
    assert {(r[0], r[1]) for r in ROWS} == {*TASKS, *PACKAGES, *ORDERS}


def test_an_order_goes_by_itself_and_says_so_for_thirty_days(orders: Orders) -> None:
    order = orders.order(orders.task(daysToLive=3), daysUntilDeletion=2)
    later(order, days=3, minutes=1)
    assert orders.status(order)["taskStatus"] == "EXPIRED"
    later(order, days=1)
    assert orders.get(f"/orders/{order['id']}").status_code == 200
    later(order, days=1)
    assert orders.get(f"/orders/{order['id']}").status_code == 404
    assert orders.status(order)["taskStatus"] == "DELETED"
    later(order, days=30)
    assert orders.get(f"/orders/{order['id']}/tasks/task1/status").status_code == 404


def test_rejected(orders: Orders) -> None:
    """A reason of the person's own; the other goes on, and who waits for the first waits on."""
    ref = orders.document()
    order = orders.order(
        orders.task("a", ref), orders.task("b", ref), orders.task("c", ref, dependsOnTasks=["a"])
    )
    reason = "The document was written in Klingon, while I only speak Sindarin"
    orders.refuse(order, "a", reason)
    orders.sign(order, "b")
    assert orders.status(order, "a")["rejectReason"] == reason
    assert [orders.status(order, t)["taskStatus"] for t in "abc"] == ["REJECTED", "COMPLETED", "CREATED"]
    assert orders.events(order, "a") == ["task-created", "task-started", "task-rejected"]


def test_events_of_a_task(orders: Orders) -> None:
    ref = orders.document()
    documents = [sheet("read", ref, "VIEW"), sheet("bring", None, "UPLOAD"), sheet("sign", orders.document())]
    order = orders.order({"id": "t", "documents": documents, "signatureMethods": DRAWN})
    orders.sign(order, "t")
    found = orders.read(f"/orders/{order['id']}/tasks/t/events")
    assert [(e["eventType"], e.get("data")) for e in found] == [
        ("task-created", None),
        ("task-started", None),
        ("document-viewed", "read"),
        ("document-uploaded", "bring"),
        ("document-signed", "sign"),
        ("task-completed", None),
    ]
    assert [d["id"] for d in orders.status(order, "t")["documents"]] == ["read", "bring", "sign"]
    path = f"/orders/{order['id']}/tasks/t/documents"
    assert orders.bytes(f"{path}/read/original") == orders.bytes(f"/documents/{ref}")
    assert orders.bytes(f"{path}/bring/original").startswith(b"%PDF-")
    assert orders.get(f"{path}/read/result").status_code == 404
    assert orders.get(f"{path}/read/generated").status_code == 404


def test_spelling_of_events(orders: Orders, settings: LazySettings) -> None:
    order = orders.order()
    assert orders.events(order) == ["task-created"]
    settings.SIGNICAT_EVENT_STYLE = "upper"
    assert orders.events(order) == ["TASK_CREATED"]


def test_a_result_too_early(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.0)
    order = orders.order()
    path = f"/orders/{order['id']}/tasks/task1/documents/document1/result"
    response = orders.get(path)
    assert (response.status_code, response.has_header("Retry-After")) == (404, False)
    orders.sign(order)
    assert orders.status(order)["documents"][0]["resultUri"].endswith(path)
    response = orders.get(path)  # signed, not sealed yet
    assert (response.status_code, response["Retry-After"]) == (404, "2")
    run_jobs()
    assert orders.bytes(path).startswith(b"%PDF-")


def test_a_result_that_is_being_sealed_is_waited_for(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    order = orders.order()
    orders.sign(order)
    looks = []

    def meanwhile(seconds: float) -> None:
        looks.append(seconds)
        run_jobs()

    monkeypatch.setattr(tasks.time, "sleep", meanwhile)
    path = f"/orders/{order['id']}/tasks/task1/documents/document1/result"
    assert orders.bytes(path).startswith(b"%PDF-")
    assert looks == [tasks.PAUSE]


def test_the_archive_outlives_the_order(orders: Orders) -> None:
    document = sheet("document1", orders.document(), sendResultToArchive=True)
    task = {"id": "task1", "documents": [document], "signatureMethods": DRAWN}
    both = [package()[0] | {"sendToArchive": True}]
    order = orders.completed(task, packagingTasks=both)
    (found,) = orders.status(order)["documents"]
    result = orders.get(found["resultUri"].replace("http://testserver", ""))
    packed = orders.get(f"/orders/{order['id']}/packaging-tasks/p1/result")
    assert "/archive-documents/" in packed["Location"]
    assert found["resultUri"] != packed["Location"]
    kept = b"".join(result)  # type: ignore[arg-type]
    assert kept == orders.bytes(f"/orders/{order['id']}/tasks/task1/documents/document1/result")
    orders.delete(f"/orders/{order['id']}")
    assert orders.bytes(found["resultUri"]) == kept
    reference = found["resultUri"].rpartition("/")[2]
    again = orders.order(
        {"id": "t", "documents": [sheet("d", reference, source="ARCHIVE")], "signatureMethods": DRAWN}
    )
    assert orders.delete(found["resultUri"]).status_code == 204
    assert orders.delete(found["resultUri"]).status_code == 404
    assert orders.get(found["resultUri"]).status_code == 404
    assert orders.bytes(f"/orders/{again['id']}/tasks/t/documents/d/original") == kept
    assert orders.bytes(packed["Location"]).startswith(b"%PDF-")


# --- forwarding ------------------------------------------------------------------------------------
KARI = NewPerson("Kari Nordmann", "kari@example.com", "+4722334455")


def chain(orders: Orders) -> Any:
    ref = orders.document()
    first = orders.task("a", ref, subject={"attributes": [{"name": "first-name", "value": "Ola"}]})
    second = orders.task("b", ref, dependsOnTasks=["a"])
    return orders.order(first, second, packagingTasks=package("a", "b"))


def test_somebody_else(orders: Orders) -> None:
    order = chain(orders)
    run_jobs()
    former = links.token(person(order, "a"))
    key = forward(enter(person(order, "a")), Forward.Mode.SOMEONE_ELSE, KARI).key
    now = orders.read(f"/orders/{order['id']}")
    assert [t["id"] for t in now["tasks"]] == ["a", "b", key]
    assert now["tasks"][0]["id"] == "a"
    assert now["tasks"][1]["dependsOnTasks"] == [key]
    assert "subject" not in now["tasks"][2]
    assert now["packagingTasks"][0]["documents"] == package(key, "b")[0]["documents"]
    (record,) = orders.read(f"/orders/{order['id']}/tasks/a/forwards")
    assert record == {
        "orderId": order["id"], "taskId": key, "originalTaskId": "a", "forwarderName": "Ola",
        "recipientName": "Kari Nordmann", "recipientEmail": "kari@example.com", "recipientMobile": "+4722334455",
    }  # fmt: skip
    assert orders.read(f"/orders/{order['id']}/tasks/{key}/forwards") == [record]
    assert orders.read(f"/orders/{order['id']}/tasks/b/forwards") == []
    assert orders.status(order, "a")["taskStatus"] == "REJECTED"
    assert "task-rejected" in orders.events(order, "a")
    assert orders.events(order, key)[0] == "task-created"
    with pytest.raises(NotFound):
        open_sitting(former, "192.0.2.1", "tests")
    orders.sign(order, key)
    orders.sign(order, "b")
    run_jobs()
    assert package_status(orders, order) == "COMPLETED"


def test_both(orders: Orders) -> None:
    order = chain(orders)
    run_jobs()
    key = forward(enter(person(order, "a")), Forward.Mode.BOTH, KARI).key
    now = orders.read(f"/orders/{order['id']}")
    assert now["tasks"][1]["dependsOnTasks"] == ["a", key]
    assert now["tasks"][2]["dependsOnTasks"] == ["a"]
    assert now["packagingTasks"][0]["documents"] == package("a", key, "b")[0]["documents"]
    orders.sign(order, "a")
    assert orders.status(order, "a")["taskStatus"] == "COMPLETED"
    assert Envelope.objects.get(pub=order["id"]).agreed_at is None
    orders.sign(order, key)
    orders.sign(order, "b")
    run_jobs()
    assert [orders.status(order, t)["taskStatus"] for t in ("a", key, "b")] == ["COMPLETED"] * 3
    assert package_status(orders, order) == "COMPLETED"


# --- artifacts -------------------------------------------------------------------------------------
def test_artifacts(orders: Orders) -> None:
    """One value for all tasks that ask, in the answer to the creation only; the link alone does not open them."""

    def leads(url: str) -> int:
        return orders.client.get(url, follow=True).status_code

    ref = orders.document()
    ask = {"authentication": {"artifact": True}}
    order = orders.order(orders.task("a", ref, **ask), orders.task("b", ref, **ask), orders.task("c", ref))
    first = order["artifact"]
    urls = [t["signingUrl"] for t in order["tasks"]]
    assert [f"&artifact={first}" in url for url in urls] == [True, True, False]
    assert "artifact" not in orders.read(f"/orders/{order['id']}")
    for method, word in (("POST", "artifact"), ("PUT", "artifact"), ("PUT", "authentication-artifact")):
        answer = json.loads(orders.send(method, f"/orders/{order['id']}/tasks/a/{word}").content)
        assert (answer["orderId"], answer["taskId"]) == (order["id"], "a")
        assert answer["artifact"] != first
        assert answer["signingUrl"].endswith(f"&artifact={answer['artifact']}")

    assert leads(urls[1]) == leads(urls[2]) == leads(answer["signingUrl"]) == 200
    b = person(order, "b")
    with pytest.raises(RunOut):
        open_sitting(links.token(b), "192.0.2.1", "tests")
    open_sitting(artifacts.token(b, first), "192.0.2.1", "tests")
    with pytest.raises(RunOut):  # used
        open_sitting(artifacts.token(b, first), "192.0.2.1", "tests")
    with pytest.raises(RunOut):  # replaced
        open_sitting(artifacts.token(person(order, "a"), first), "192.0.2.1", "tests")
    later(order, seconds=31)
    with pytest.raises(RunOut):  # late
        open_sitting(artifacts.token(person(order, "a"), answer["artifact"]), "192.0.2.1", "tests")
