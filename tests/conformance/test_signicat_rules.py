"""What the Signicat API does beyond its examples: tokens, transport, clients' peculiarities, tenants, numbers of queries."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.pdfs import make_pdf
from tests.queries import Queries
from undersigned.accounts.models import AccessToken
from undersigned.delivery.models import Message
from undersigned.dialects.signicat.auth import TOKEN_PATHS
from undersigned.envelopes.models import Document, NotificationPlan, Recipient, Step, StepEdge
from undersigned.files.models import File

from .signicat_caller import DRAWN, Orders, envelope_of, person, sheet
from .signicat_caller import FORM_TYPE as FORM

pytestmark = [pytest.mark.django_db]
MAIL = {"id": "not1", "type": "EMAIL", "recipient": "a@example.com", "message": "Please sign: ${taskUrl}"}


# --- tokens --------------------------------------------------------------------------------------
def claims(token: str) -> dict[str, Any]:
    """As the vendor's .NET SDK takes it apart on every call."""
    _, middle, _ = token.split(".")
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("scope", ["signicat-api", "client.signature", "openid signicat-api other"])
def test_tokens(path: str, scope: str, orders: Orders) -> None:
    """By the form, by Basic, and by both with the id alone in the form."""
    own = f"client_id={orders.credential.client_id}"
    body = f"grant_type=client_credentials&scope={scope.replace(' ', '+')}"
    answers = [
        orders.ask_token(f"{body}&{own}&client_secret={orders.secret}", f"/{path}", basic=""),
        orders.ask_token(body, f"/{path}", content_type=f"{FORM}; charset=UTF-8"),
        orders.ask_token(f"{body}&{own}", f"/{path}"),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.content
        assert answer["Cache-Control"] == "no-store"
        found = json.loads(answer.content)
        assert list(found) == ["access_token", "token_type", "expires_in", "scope"]
        assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
        assert set(found["scope"].split()) <= set(scope.split())
        said = claims(found["access_token"])
        assert "account_id" not in said
        assert said["client_id"] == orders.credential.client_id
        orders.token = found["access_token"]
        assert orders.upload().status_code == 201
        hashes = [bytes(h) for h in AccessToken.objects.values_list("token_hash", flat=True)]
        assert found["access_token"].encode() not in hashes


def test_old_tokens_stay_valid(orders: Orders) -> None:
    """One client asks for a token before every single call."""
    first = orders.token
    for _ in range(3):
        orders.token = json.loads(orders.ask_token().content)["access_token"]
    orders.token = first
    assert orders.upload().status_code == 201


@pytest.mark.parametrize(
    ("body", "basic", "status", "error"),
    [
        ("grant_type=client_credentials&scope=signicat-api", "Basic eDp5", 401, "invalid_client"),
        ("grant_type=client_credentials&scope=signicat-api", "", 401, "invalid_client"),
        ("grant_type=password&scope=signicat-api", None, 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=a%22b", None, 400, "invalid_scope"),
        ("grant_type=client_credentials&scope=other", None, 400, "invalid_scope"),
        ("scope=signicat-api", None, 400, "invalid_request"),
        ("grant_type=client_credentials&scope=a&scope=b", None, 400, "invalid_request"),
    ],
)
def test_no_token(body: str, basic: str | None, status: int, error: str, orders: Orders) -> None:
    answer = orders.ask_token(body, basic=basic)
    assert answer.status_code == status
    found = json.loads(answer.content)
    assert (list(found), found["error"]) == (["error", "error_description"], error)
    assert found["error_description"]


def test_a_token_without_a_scope_opens_nothing(orders: Orders) -> None:
    orders.token = json.loads(orders.ask_token("grant_type=client_credentials").content)["access_token"]
    answer = orders.upload()
    assert answer.status_code == 403
    assert json.loads(answer.content)["detail"] == "The access token lacks a signing scope"


def test_discovery(client: Client) -> None:
    found = client.get("/auth/open/.well-known/openid-configuration")
    assert found.status_code == 200
    assert found.json()["token_endpoint"] == "http://testserver/auth/open/connect/token"


# --- transport -----------------------------------------------------------------------------------
def test_both_bases(orders: Orders) -> None:
    """An order made at one address is read at the other; addresses in answers are those of the base that was asked."""
    order = orders.completed()
    path = f"/orders/{order['id']}/tasks/task1/status"
    found = json.loads(
        orders.client.get(f"/sign{path}", headers={"Authorization": f"Bearer {orders.token}"}).content
    )
    assert found["documents"][0]["resultUri"].startswith(f"http://testserver/sign/orders/{order['id']}/")
    assert orders.status(order)["documents"][0]["resultUri"].startswith("http://testserver/enterprise/sign/")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/enterprise/sign/nothing", 404),
        ("GET", "/sign/nothing", 404),
        ("GET", "/enterprise/sign", 404),
        ("GET", "/enterprise/sign/orders", 405),
        ("PATCH", "/sign/orders/x", 405),
        ("GET", "/oidc/token", 405),
        ("GET", "/auth/open/connect/token", 405),
        ("POST", "/auth/open/nothing", 404),
    ],
)
def test_refused_in_this_form(method: str, path: str, status: int, client: Client) -> None:
    answer = client.generic(method, path)
    assert answer.status_code == status
    found = json.loads(answer.content)
    assert list(found) == ["status", "type", "title", "detail"]
    assert found["status"] == status


def test_what_is_unknown_is_ignored(orders: Orders) -> None:
    """Query parameters, headers, members; a Content-Type without a body."""
    headers = {"Signicat_SDK": "1", "Signicat_OrganizationId": "x", "X_Anything": "y"}
    answer = orders.post(
        "/orders?signicat-accountId=a&b", {"tasks": [orders.task(more=1)], "also": {}}, **headers
    )
    assert answer.status_code == 201
    order = json.loads(answer.content)
    assert "also" not in order
    assert "more" not in order["tasks"][0]
    for method, path in (("GET", ""), ("GET", "/tasks/task1/status"), ("DELETE", "")):
        answer = orders.send(method, f"/orders/{order['id']}{path}?signicat-organizationId=o", **headers)
        assert answer.status_code in (200, 204)


def test_documents_come_back_as_they_were(orders: Orders) -> None:
    for content, kind in (
        (make_pdf(), "application/pdf"),
        (b"Only text: \xc3\xa4", "text/plain; charset=utf-8"),
        (b"<sdo/>", "application/x-ltv-sdo"),
        (b"\x00\x01", "application/octet-stream"),
        (make_pdf(), "application/octet-stream"),
    ):
        answer = orders.upload(content, kind)
        assert answer.status_code == 201
        name = json.loads(answer.content)["documentId"]
        assert re.fullmatch(r"\d{8}[a-z0-9]{50}", name)
        found = orders.get(answer["Location"])
        assert (b"".join(found), found["Content-Type"]) == (content, kind)  # type: ignore[arg-type]
        assert found["Content-Length"] == str(len(content))
        assert orders.delete(f"/documents/{name}").status_code == 204
        assert orders.get(f"/documents/{name}").status_code == 404
        assert orders.delete(f"/documents/{name}").status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/pdf", 400),
        (b"no PDF", "application/pdf", 400),
        (b"", "application/octet-stream", 400),
        (make_pdf(), "image/png", 415),
        (make_pdf(), "multipart/form-data; boundary=x", 415),
        (b"{}", "application/json", 415),
        (b"<html>", "text/html", 415),
    ],
)
def test_documents_that_are_refused(content: bytes, kind: str, status: int, orders: Orders) -> None:
    answer = orders.upload(content, kind)
    assert answer.status_code == status
    assert json.loads(answer.content)["status"] == status
    assert not File.objects.filter(kind=File.Kind.SESSION).exists()


def test_idempotency(orders: Orders) -> None:
    order = {"tasks": [orders.task(notifications=[MAIL])]}
    first, again = (orders.post("/orders", order, Idempotency_Key="one") for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first["Location"] == again["Location"]
    assert Recipient.objects.count() == 1
    other = orders.post("/orders", order | {"daysUntilDeletion": 3}, Idempotency_Key="one")
    assert other.status_code == 400
    content = make_pdf()  # once: it says when it was made, to the second
    answers = [orders.upload(content, Idempotency_Key="two").content for _ in range(2)]
    assert answers[0] == answers[1]
    assert orders.upload(b"x", "text/plain", Idempotency_Key="two").status_code == 400


# --- orders and their documents ----------------------------------------------------------------
def test_an_order_keeps_its_documents(orders: Orders) -> None:
    """Documents and order are deleted in any order: the SDK's tests do it at once."""
    content = make_pdf(text="Kept")
    ref = orders.document(content)
    order = orders.order(orders.task(ref=ref))
    assert orders.delete(f"/documents/{ref}").status_code == 204
    assert orders.bytes(f"/orders/{order['id']}/tasks/task1/documents/document1/original") == content
    assert orders.post("/orders", {"tasks": [orders.task(ref=ref)]}).status_code == 400
    orders.sign(order)
    assert orders.delete(f"/orders/{order['id']}").status_code == 204


def test_a_document_is_kept_as_long_as_an_order_uses_it(orders: Orders) -> None:
    ref = orders.document()
    before = File.objects.get(pub=ref).expires_at
    order = orders.order(orders.task(ref=ref, daysToLive=90), daysUntilDeletion=30)
    after = File.objects.get(pub=ref).expires_at
    assert before is not None
    assert after is not None
    assert before < after
    assert round((after - envelope_of(order).created_at) / timedelta(days=1)) == 120
    orders.order(orders.task(ref=ref, daysToLive=1))
    assert File.objects.get(pub=ref).expires_at == after


def test_chains(orders: Orders) -> None:
    """Tasks with the same reference sign one document, unless a package, or the task itself, keeps them apart."""
    ref = orders.document()
    both = [sheet("document1", ref), sheet("document2", ref)]
    order = orders.order(
        orders.task("a", ref),
        orders.task("b", ref),
        orders.task("c", ref),
        {"id": "d", "documents": [*both, sheet("see", ref, "VIEW")], "signatureMethods": DRAWN},
        packagingTasks=[
            {"id": "p", "method": "pades", "documents": [{"taskId": "c", "documentIds": ["document1"]}]}
        ],
    )
    envelope = envelope_of(order)
    of = {
        (a.recipient.key, a.key): a.document.position
        for a in envelope.assignments.select_related("recipient", "document")
    }
    assert of == {
        ("a", "document1"): 1, ("b", "document1"): 1, ("c", "document1"): 2,
        ("d", "document1"): 1, ("d", "document2"): 3, ("d", "see"): 1,
    }  # fmt: skip
    assert Document.objects.filter(envelope=envelope).count() == 3


def test_everything_of_a_task_reaches_the_core(orders: Orders) -> None:
    subject = {
        "attributes": [
            {"name": "first-name", "value": "Ola"},
            {"name": "last_name", "value": "Nordmann"},
            {"name": "national-id", "value": "10109001290", "methods": ["nbid-sign"]},
        ],
        "loginHints": [
            {"name": "email", "value": "ola@example.com"},
            {"name": "mobile", "value": "0047 22 33 44 55"},
        ],
    }
    task = orders.task(
        "t",
        language="no", daysToLive=7, subject=subject, signText="I, Ola", dialog={"title": "Loan", "message": "Read"},
        onTaskComplete="http://a.example/#done?${taskId}", onTaskReject="httsp:b", onTaskPostpone="c",
        authentication={"methods": ["nbid", "ftn"], "artifact": False},
        signatureMethods=[
            {"name": "nbid-sign", "type": "SIGNED_STATEMENT"},
            {"name": "scid-otp", "type": "AUTHENTICATION_BASED", "handwritten": True},
            {"handwritten": True},
        ],
    )  # fmt: skip
    task["documents"][0] |= {"description": "Agreement", "signTextEntry": "ID: 134256"}
    first = orders.task("first", task["documents"][0]["documentRef"])
    order = orders.order(first, task | {"dependsOnTasks": ["first"]})
    found = person(order, "t")
    assert (found.full_name, found.email, found.phone) == ("Ola Nordmann", "ola@example.com", "+4722334455")
    assert (found.national_id, found.language, found.sign_text) == ("10109001290", "nb", "I, Ola")
    assert (found.dialog_title, found.dialog_message) == ("Loan", "Read")
    assert found.return_url_done == "http://a.example/#done?${taskId}"
    assert (found.return_url_declined, found.return_url_later) == ("httsp:b", "c")
    assert found.expires_at is not None
    assert round((found.expires_at - found.created_at) / timedelta(days=1)) == 7
    assert found.identity.any_of == ("nbid", "ftn")
    ways = [(w.asked_as, w.method, w.statement, w.drawn) for w in found.identity.sign_ways]
    assert ways == [
        ("nbid-sign", "strong", True, False), ("scid-otp", "sms_code", False, True), ("", "link", False, True)
    ]  # fmt: skip
    assert [(p.name, p.value, p.asked_as) for p in found.expected.attributes][2] == (
        "national-id", "10109001290", ("nbid-sign",)
    )  # fmt: skip
    (assignment,) = found.assignments.exclude(document__format="declaration")
    assert (assignment.caption, assignment.sign_text) == ("Agreement", "ID: 134256")
    step, before = (
        Step.objects.filter(assignments__recipient=person(order, n)).distinct().get() for n in ("t", "first")
    )
    assert StepEdge.objects.get(step=step).depends_on == before
    assert "Ola" not in json.dumps([found.wire, found.envelope.wire, found.envelope.plan])


def test_the_two_events(orders: Orders) -> None:
    """The vendor's own test expects them right after the creation: one task with a mail at once, and a package with an address to call."""
    url = {"id": "not2", "type": "URL", "recipient": "http://127.0.0.1:9/x?orgname=y", "message": "test"}
    package = {
        "id": "packageTask1", "method": "pades", "notifications": [url],
        "documents": [{"taskId": "signTask1", "documentIds": ["document1"]}],
    }  # fmt: skip
    order = orders.order(orders.task("signTask1", notifications=[MAIL]), packagingTasks=[package])
    assert [
        (m.purpose != "", m.address) for m in Message.objects.filter(envelope_id=envelope_of(order).pk)
    ] == [(True, "a@example.com")]
    assert orders.events(order, "signTask1")[0] == "task-created"
    assert not any(e.startswith("packaging") for e in orders.events(order, "signTask1"))


def test_schedules(orders: Orders) -> None:
    late = [
        {"triggerStatus": "CREATED", "delay": {"days": 1, "hours": 2, "minutes": 3}},
        {"triggerStatus": "STARTED"},
    ]
    order = orders.order(
        orders.task(notifications=[MAIL | {"schedule": late}, MAIL | {"id": "now"}]), notifications=[MAIL]
    )
    plans = NotificationPlan.objects.filter(envelope=envelope_of(order)).order_by("position")
    assert [(p.key, p.trigger, p.delay_seconds, p.recipient_id is not None) for p in plans] == [
        ("not1", "created", 93780, True),
        ("not1", "started", 0, True),
        ("now", "created", 0, True),
        ("not1", "completed", 0, False),
    ]


# --- tenants ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["orders_colleague", "orders_stranger"])
def test_others_find_nothing(who: str, orders: Orders, request: pytest.FixtureRequest) -> None:
    other: Orders = request.getfixturevalue(who)
    ref = orders.document()
    order = orders.order(orders.task(ref=ref))
    path = f"/orders/{order['id']}"
    for method, where in (
        ("GET", f"/documents/{ref}"), ("DELETE", f"/documents/{ref}"), ("GET", path), ("DELETE", path),
        ("GET", f"{path}/tasks/task1/status"), ("GET", f"{path}/tasks/task1/events"),
        ("GET", f"{path}/tasks/task1/forwards"), ("POST", f"{path}/tasks/task1/artifact"),
        ("GET", f"{path}/tasks/task1/documents/document1/original"),
    ):  # fmt: skip
        assert other.send(method, where).status_code == 404, (method, where)
    assert other.post("/orders", {"tasks": [other.task(ref=ref)]}).status_code == 400
    assert orders.get(path).status_code == 200
    assert orders.bytes(f"/documents/{ref}")


# --- queries -------------------------------------------------------------------------------------
def test_queries_of_a_creation_do_not_grow_with_the_orders(
    orders: Orders,
) -> None:
    task = orders.task(notifications=[MAIL])
    orders.order(task)  # what a process asks once
    counts = []
    for _ in range(2):
        with Queries(connection) as asked:
            orders.order(task)
        counts.append(len(asked))
        for _more in range(5):
            orders.order(task)
    assert counts[0] == counts[1]
    with Queries(connection) as asked:
        orders.order(*({**task, "id": f"t{n}"} for n in range(4)))
    assert len(asked) - counts[0] < 3 * 25


def test_queries_of_a_status(orders: Orders) -> None:
    ref = orders.document()
    few = orders.order(orders.task(ref=ref))
    documents = [sheet(f"d{n}", ref) for n in range(8)]
    many = orders.order({"id": "task1", "documents": documents, "signatureMethods": DRAWN})
    counts = []
    for order in (few, many):
        with Queries(connection) as asked:
            orders.status(order)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_secrets_and_people_stay_out_of_plain_columns(orders: Orders) -> None:
    subject = {"attributes": [{"name": "national-id", "value": "10109001290"}]}
    order = orders.order(orders.task(subject=subject, notifications=[MAIL]))
    envelope = envelope_of(order)
    assert "10109001290" not in json.dumps([envelope.wire, envelope.policy, envelope.plan])
    assert envelope.wire == {}
