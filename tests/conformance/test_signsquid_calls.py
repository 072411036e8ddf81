"""Signsquid's calls, whatever they are about: addresses, headers, keys, limits, repetitions, cost, tenants."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from tests.pdfs import make_pdf
from tests.queries import Queries
from undersigned.accounts.models import Attempt, Credential, IdempotencyRecord, User
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.dialects.signsquid.auth import key_in
from undersigned.dialects.signsquid.port import SignsquidPort
from undersigned.envelopes.models import Collection, Envelope

from .caller import INVALID, JOHN, Caller, errors
from .signers import envelope_at

pytestmark = [pytest.mark.django_db]


# --- addresses -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "version", ["0", "2", "01", "-1", "+1", "1.0", "x", "9" * 12, "9" * 400, "%31%00", "٣"]
)
def test_versions_that_are_not_found(api: Caller, version: str) -> None:
    path = f"{api.contract()}/versions/{version}"
    for method, at in (
        ("GET", path),
        ("POST", path),
        ("GET", f"{path}/files"),
        ("POST", f"{path}/signatories"),
    ):
        assert api.send(method, at, b"{}").status_code == 404


@pytest.mark.parametrize(
    "contract",
    ["x", "5211A032E536381594F460B8", "5211a032e536381594f460b", "5211a032e536381594f460b8%00", "%00", "é"],
)
def test_contracts_that_are_not_found(api: Caller, contract: str) -> None:
    response = api.get(f"/contracts/{contract}")
    assert (response.status_code, json.loads(response.content)) == (404, {"message": "Not found"})


def test_errors_outside_the_routes_have_the_body_of_whose_path_it_is(api: Caller) -> None:
    for path in ("/contracts/", "/contracts/a/b/c/d", "/webhookevents", "/webhookevents/a/b"):
        response = api.get(path)
        assert (response.status_code, json.loads(response.content)) == (404, {"message": "Not found"})
    for path in ("/contractsx", "/nothing", "/"):
        assert json.loads(api.get(path).content) == {"error": {"status": 404, "message": "Not Found"}}
    refused = api.send("DELETE", "/contracts")
    assert (refused.status_code, json.loads(refused.content)) == (405, {"message": "Method not allowed"})
    assert refused["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert api.send("PUT", f"{api.contract()}/versions/1/signatories")["Allow"] == "OPTIONS, POST"


def test_head_and_options(api: Caller) -> None:
    path = api.draft()
    for at in ("/contracts", path, f"{path}/files/contract.pdf", "/contracts/nothing", "/contracts/a/b"):
        get, head = api.get(at), api.send("HEAD", at)
        assert (head.status_code, head.getvalue()) == (get.status_code, b"")
        assert head["Content-Length"] == str(len(get.getvalue()))
        assert head["Content-Type"] == get["Content-Type"]
    options = Caller("").send("OPTIONS", path)
    assert (options.status_code, options.content, options["Allow"]) == (200, b"", "GET, HEAD, OPTIONS, POST")


def test_a_crash_has_the_dialects_body(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.dialects.signsquid.contracts.create_collection", lambda *_: 1 / 0)
    api.client = Client(raise_request_exception=False)
    response = api.post("/contracts", {"name": "a"})
    assert (response.status_code, json.loads(response.content)) == (500, {"message": "Internal server error"})


def test_a_refused_host_has_the_dialects_body(api: Caller) -> None:
    response = api.client.get("/api/v1/contracts", headers={"Host": "evil.example"})
    assert errors(response) == {}


def test_location_is_built_from_the_public_address(api: Caller, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://sign.example"
    location = api.post("/contracts", {"name": "a"}, X_Forwarded_Host="evil.example")["Location"]
    base, _, contract_id = location.rpartition("/")
    assert base == "https://sign.example/api/v1/contracts"
    made = datetime.fromtimestamp(int(contract_id[:8], 16), UTC)
    assert abs(datetime.now(UTC) - made) < timedelta(seconds=60)


def test_headers_of_a_creation(api: Caller) -> None:
    response = api.post("/contracts", {"name": "a"})
    found = {k: response[k] for k in ("Content-Length", "Cache-Control", "Pragma", "Expires")}
    assert found == {
        "Content-Length": "0",
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
    }
    assert response.reason_phrase == "Created"
    assert "Content-Type" not in response
    assert "Location" in response.headers.keys()  # noqa: SIM118 - spelled so


# --- keys ----------------------------------------------------------------------------------------
def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_the_key_is_the_user_name(api: Caller, user: User) -> None:
    key = key_in(api.authorization) or ""
    for right in (
        basic(f"{key}:"),
        basic(f"{key}:any password"),
        basic(f"{key}:").replace("Basic", "basic"),
        basic(key),
    ):
        assert Caller(right).get("/contracts").status_code == 200
    for wrong in (
        "",
        "Basic",
        "Basic !!!",
        "Basic " + "A" * 9,
        basic(":"),
        basic(f":{key}"),
        basic(f"{key}x:"),
        f"Bearer {key}",
        "Basic /w==",
    ):
        response = Caller(wrong).get("/contracts")
        assert (response.status_code, json.loads(response.content)) == (401, {"message": "Unauthorized"})
        assert response["WWW-Authenticate"].startswith("Basic ")
    Credential.objects.update(enabled=False)
    assert api.get("/contracts").status_code == 401
    Credential.objects.update(enabled=True)
    User.objects.update(disabled_at=datetime.now(UTC))
    assert api.get("/contracts").status_code == 401


def test_last_use_is_noted_once_a_minute(api: Caller) -> None:
    api.get("/contracts")
    first = Credential.objects.get().last_used_at
    assert first is not None
    api.get("/contracts")
    assert Credential.objects.get().last_used_at == first
    Credential.objects.update(last_used_at=first - timedelta(minutes=1))
    api.get("/contracts")
    assert (Credential.objects.get().last_used_at or first) > first - timedelta(minutes=1)


def test_limits(api: Caller, settings: LazySettings) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    assert [api.get("/contracts").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    limited = api.get("/contracts")
    assert json.loads(limited.content) == {"message": "Too many requests"}
    assert 1 <= int(limited["Retry-After"]) <= 60
    Attempt.objects.update(at=datetime.now(UTC) - timedelta(seconds=61))
    assert api.get("/contracts").status_code == 200
    wrong = Caller("")
    assert [wrong.get("/contracts").status_code for _ in range(31)] == [401] * 30 + [429]
    assert api.get("/contracts").status_code == 200  # the right key is not shut out by others at its address


# --- idempotency ---------------------------------------------------------------------------------
def test_a_repeated_creation_has_one_effect(api: Caller, colleague: Caller) -> None:
    first, again = (api.post("/contracts", {"name": "a"}, Idempotency_Key="k1") for _ in range(2))
    assert again["Location"] == first["Location"]
    assert (again.status_code, again.content, "Content-Type" in again) == (201, b"", False)
    assert errors(api.post("/contracts", {"name": "b"}, Idempotency_Key="k1")) == {
        "Idempotency-Key": ["Already used"]
    }
    assert colleague.post("/contracts", {"name": "a"}, Idempotency_Key="k1")["Location"] != first["Location"]
    assert errors(api.post("/contracts", {"name": "a"}, Idempotency_Key="x" * 256)) == {
        "Idempotency-Key": INVALID
    }
    IdempotencyRecord.objects.update(expires_at=datetime.now(UTC))
    assert api.post("/contracts", {"name": "b"}, Idempotency_Key="k1")["Location"] != first["Location"]
    assert Collection.objects.count() == 3


def test_a_refused_creation_may_be_repeated_with_its_key(api: Caller) -> None:
    assert api.post("/contracts", {}, Idempotency_Key="k").status_code == 400
    assert api.post("/contracts", {"name": "a"}, Idempotency_Key="k").status_code == 201


def test_repeated_signatories_files_and_publications(api: Caller) -> None:
    path = f"{api.contract()}/versions/1"
    for _ in range(2):
        assert api.post(f"{path}/signatories", JOHN, Idempotency_Key="s").status_code == 201
        assert (
            api.upload(f"{path}/files?filename=a.pdf", make_pdf_once(), Idempotency_Key="f").status_code
            == 201
        )
    assert len(api.read(path)["signatories"]) == len(api.read(f"{path}/files")) == 1
    for _ in range(2):
        assert api.post(path, Idempotency_Key="p").status_code == 200
    assert Message.objects.filter(purpose="invitation").count() == 1


_PDF: list[bytes] = []


def make_pdf_once() -> bytes:
    """The same bytes each time: fpdf writes the time into a file."""
    _PDF[:] = _PDF or [make_pdf()]
    return _PDF[0]


# --- cost ----------------------------------------------------------------------------------------
def queries(api: Caller, path: str) -> int:
    api.read(path)  # `last_used_at` is written by the first call
    with Queries(connection) as found:
        api.read(path)
    # Calls are settled with other processes once a second.
    return len([q for q in found if "SAVEPOINT" not in q["sql"] and "accounts_attempt" not in q["sql"]])


def test_reading_costs_the_same_however_much_there_is(api: Caller) -> None:
    small = api.published(JOHN)
    large = api.published(
        *[{"name": f"P{n}", "email": f"p{n}@example.com", "mobilePhone": "7065551234"} for n in range(8)]
    )
    contract = large.partition("/versions")[0]
    before = queries(api, "/contracts")
    api.published(
        JOHN, contract=contract, version=int(api.post(f"{contract}/versions")["Location"].rpartition("/")[2])
    )
    assert queries(api, "/contracts") == before
    assert queries(api, contract) == queries(api, small.partition("/versions")[0])
    assert queries(api, large) == queries(api, small)


def test_the_list_is_read_from_its_index(api: Caller, user: User) -> None:
    with Queries(connection) as found:
        api.get("/contracts")
    sql = next(q["sql"] for q in found if "envelopes_collection" in q["sql"])
    assert 'ORDER BY "envelopes_collection"."created_at" DESC, "envelopes_collection"."id" DESC' in sql
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
        assert "collection_owner" in plan
        assert "TEMP B-TREE" not in plan


# --- tenants -------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["colleague", "stranger"])
def test_nobody_else_finds_anything(
    api: Caller, user: User, who: str, request: pytest.FixtureRequest
) -> None:
    other: Caller = request.getfixturevalue(who)
    draft, published = api.draft(JOHN), api.published(JOHN)
    contract = published.partition("/versions")[0]
    (announced,) = SignsquidPort().webhooks(envelope_at(published), "agreed", None, datetime.now(UTC))
    WebhookEvent.objects.create(
        organization=user.organization,
        owner_user=user,
        dialect="signsquid",
        pub=announced.pub,
        private_id=announced.private_id,
        kind=announced.kind,
        body=announced.body,
    )
    before = [api.read(contract), api.read(draft)]
    calls = [
        ("GET", contract),
        ("POST", f"{contract}/versions"),
        ("GET", draft),
        ("POST", draft),
        ("POST", f"{draft}/signatories"),
        ("POST", f"{draft}/files?filename=x.pdf"),
        ("GET", f"{draft}/files"),
        ("GET", f"{draft}/files/contract.pdf"),
        ("GET", f"/webhookevents/{announced.pub}"),
    ]
    for method, path in calls:
        response = other.send(method, path, b'{"name": "x", "email": "x@example.com"}')
        assert (response.status_code, json.loads(response.content)) == (404, {"message": "Not found"}), (
            method,
            path,
        )
    assert other.read("/contracts") == []
    assert [api.read(contract), api.read(draft)] == before
    assert api.get(f"/webhookevents/{announced.pub}").content == announced.body
    assert Envelope.objects.count() == 2
