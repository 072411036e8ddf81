"""Signsquid's rules beyond its examples: bodies, errors, headers, editing, tenants, limits."""

from __future__ import annotations

import base64
import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from tests.queries import Queries
from undersigned.accounts.models import Attempt, Credential, IdempotencyRecord, Organization, User
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.dialects.signsquid import wire
from undersigned.dialects.signsquid.auth import key_in
from undersigned.dialects.signsquid.mapping import e164
from undersigned.dialects.signsquid.port import SignsquidPort
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import Collection, Envelope

from .caller import Caller
from .signers import enter, envelope_at, refuse, signer

pytestmark = [pytest.mark.django_db]
JOHN = {"name": "John Doe", "email": "john.doe@example.com"}
REQUIRED, INVALID = ["Required"], ["Invalid"]


def errors(response: Any) -> Any:
    assert response.status_code == 400, response.content
    body = json.loads(response.content)
    assert body["message"] == "Your request is invalid"
    return body["errors"]


# --- bodies --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", {"name": REQUIRED}),
        (b"{}", {"name": REQUIRED}),
        (b'{"name": null}', {"name": REQUIRED}),
        (b'{"name": "  "}', {"name": REQUIRED}),
        (b'{"name": 5}', {"name": INVALID}),
        (b'{"name": ["a"]}', {"name": INVALID}),
        (b'{"name": "a\\u0000b"}', {"name": INVALID}),
        (b'{"name": "a\\nb"}', {"name": INVALID}),
        (b'{"name": "\\ud800"}', {"name": INVALID}),
        (json.dumps({"name": "x" * 1001}).encode(), {"name": ["TooLong"]}),
        (b"{", {}),
        (b"[]", {}),
        (b'"name"', {}),
        (b"null", {}),
        (b'{"name": NaN}', {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        (b'{"name": ' + b"9" * 5000 + b"}", {}),
        (b'{"name": "' + b"x" * (1 << 20) + b'"}', {}),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_bodies_that_make_no_contract(api: Caller, body: bytes, wanted: object) -> None:
    assert errors(api.send("POST", "/contracts", body)) == wanted
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_json_is_read_whatever_the_content_type(api: Caller, content_type: str) -> None:
    assert (
        api.send("POST", "/contracts", b'\xef\xbb\xbf{"name": "a", "unknown": {}}', content_type).status_code
        == 201
    )


@pytest.mark.parametrize("name", ["Prêt à 1\u00a0000 € — №7", "नमस्ते\u200dक", "合同", "x" * 1000])
def test_names_come_back_as_sent(api: Caller, name: str) -> None:
    path = api.published(JOHN, contract=api.contract(name))
    assert api.read(path.partition("/versions")[0])["name"] == name


def test_all_faults_are_named_at_once(api: Caller) -> None:
    path = f"{api.contract()}/versions/1"
    everything = {"name": 1, "email": {"a": 1}, "mobilePhone": 7065551234}
    assert errors(api.post(f"{path}/signatories", everything)) == {
        "name": INVALID,
        "email": INVALID,
        "mobilePhone": INVALID,
    }
    assert errors(api.post(f"{path}/signatories")) == {"name": REQUIRED, "email": REQUIRED}
    assert errors(api.upload(f"{path}/files", b"")) == {"filename": REQUIRED, "file": REQUIRED}
    assert errors(api.post(path)) == {"signatories": REQUIRED, "files": REQUIRED}
    assert api.read(path)["signatories"] == []


@pytest.mark.parametrize(
    "email",
    [
        "john",
        "john@",
        "@example.com",
        '"a b"@example.com',
        "a@b.com, c@d.com",
        "a@b\r\n.com",
        "\ud800@example.com",
        "a" * 400 + "@example.com",
    ],
)
def test_addresses_that_no_mail_can_go_to(api: Caller, email: str) -> None:
    assert errors(api.post(f"{api.contract()}/versions/1/signatories", JOHN | {"email": email})) == {
        "email": INVALID
    }


def test_an_address_is_used_once_in_a_version(api: Caller) -> None:
    path = f"{api.contract()}/versions/1/signatories"
    assert api.post(path, JOHN).status_code == 201
    assert errors(api.post(path, {"name": "Johnny", "email": "JOHN.doe@example.com"})) == {
        "email": ["Already used"]
    }
    assert errors(api.post(path, {"name": "", "email": JOHN["email"]})) == {
        "name": REQUIRED,
        "email": ["Already used"],
    }


# --- phones --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("7065551234", "+17065551234"),
        ("(706) 555-1234", "+17065551234"),
        ("706.555.1234", "+17065551234"),
        ("17065551234", "+17065551234"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("", None),
        ("   ", None),
        (
            "0612345678",
            "+10612345678",
        ),  # ten digits are taken as North American; the core refuses what cannot be dialled
        ("612345678", wire.UNREADABLE),
        ("27065551234", wire.UNREADABLE),
        ("+0612345678", wire.UNREADABLE),
        ("++33612345678", wire.UNREADABLE),
        ("٠٦١٢٣٤٥٦٧٨", wire.UNREADABLE),
        ("706555123x", wire.UNREADABLE),
        ("7065551234" + " " * 60, wire.UNREADABLE),
    ],
)
def test_phones(given_: str, wanted: str | None) -> None:
    assert e164(given_) == wanted


@given(st.text(alphabet=string.printable + "٣é\x00\ud800", max_size=80))
@example("00")
@example("+")
def test_a_phone_is_e164_or_refused(given_: str) -> None:
    found = e164(given_)
    if found is None:
        assert not given_.strip()
    elif found != wire.UNREADABLE:
        assert found[0] == "+"
        assert found[1:].isdigit()
        assert found.isascii()
        assert 8 <= len(found) <= 16
        assert e164(found) == found


@pytest.mark.parametrize("phone", [None, ""])
def test_no_phone(api: Caller, phone: str | None) -> None:
    path = api.draft(JOHN | {"mobilePhone": phone})
    assert api.post(path).status_code == 200
    assert api.read(path)["signatories"][0]["mobilePhone"] is None
    assert not Message.objects.filter(channel="sms").exists()


def test_a_phone_is_returned_as_given_and_gets_the_code(api: Caller) -> None:
    path = api.published(JOHN | {"mobilePhone": "(706) 555-1234"})
    assert api.read(path)["signatories"][0]["mobilePhone"] == "(706) 555-1234"
    assert Message.objects.get(channel="sms").address == "+17065551234"


# --- files ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("filename=a%20b.pdf", "a b.pdf"),
        ("filename=/etc/../passwd.pdf", "passwd.pdf"),
        ("filename=C:%5Cdocs%5Clease.pdf", "lease.pdf"),
        ("filename=contrat-%C3%A9t%C3%A9.pdf", "contrat-été.pdf"),
        ("filename=a%00b%0D%0A.pdf", "ab.pdf"),
        ("filename=a%26b%3F%23.pdf", "a&b?#.pdf"),
        ("filename=%FF.pdf", "\ufffd.pdf"),
        ("filename=" + "x" * 400 + ".pdf", "x" * 251 + ".pdf"),
    ],
    ids=lambda v: v[:24],
)
def test_file_names(api: Caller, query: str, name: str) -> None:
    path = f"{api.contract()}/versions/1/files"
    content = make_pdf()
    response = api.upload(f"{path}?{query}", content)
    assert response.status_code == 201, response.content
    assert api.read(path) == [{"filename": name, "size": len(content)}]
    back = api.get(response["Location"])
    assert back.getvalue() == content
    assert back["Content-Length"] == str(len(content))
    assert back["Content-Disposition"].startswith("attachment")


def test_files_that_are_refused(api: Caller, settings: LazySettings) -> None:
    path = f"{api.contract()}/versions/1/files"
    for query in ("", "?filename=", "?filename=dir/"):
        assert errors(api.upload(path + query, b"")) == {"filename": REQUIRED, "file": REQUIRED}
    assert errors(api.upload(f"{path}?filename=a.txt", b"hello")) == {"file": ["NotPdf"]}
    assert errors(api.upload(f"{path}?filename=a.pdf", make_pdf()[:300])) == {"file": ["Broken"]}
    for form in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "Multipart/Mixed"):
        refused = api.send("POST", f"{path}?filename=a.pdf", make_pdf(), form)
        assert errors(refused) == {"file": ["Multipart is not supported"]}
    settings.MAX_UPLOAD_BYTES = 1000
    assert errors(api.upload(f"{path}?filename=a.pdf", b"%PDF-" + b"x" * 1000)) == {"file": ["TooLarge"]}
    settings.MAX_UPLOAD_BYTES = 1 << 20
    assert api.upload(f"{path}?filename=a.pdf", make_pdf()).status_code == 201
    assert errors(api.upload(f"{path}?filename=a.pdf", make_pdf(2))) == {"filename": ["Already used"]}
    assert [f["filename"] for f in api.read(path)] == ["a.pdf"]
    assert envelope_at(path.removesuffix("/files")).documents.count() == 1


def test_original_is_a_boolean(api: Caller) -> None:
    path = f"{api.draft()}/files/contract.pdf"
    assert api.get(f"{path}?original=true").getvalue() == api.get(path).getvalue()
    assert errors(api.get(f"{path}?original=maybe")) == {"original": INVALID}


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


# --- editing and versions ------------------------------------------------------------------------
def test_a_published_version_takes_nothing_more(api: Caller) -> None:
    path = api.published(JOHN)
    published = {"version": ["AlreadyPublished"]}
    assert errors(api.post(f"{path}/signatories", {"name": "A", "email": "a@example.com"})) == published
    assert errors(api.upload(f"{path}/files?filename=b.pdf", make_pdf())) == published
    assert errors(api.post(path)) == published
    assert Message.objects.filter(channel="email").count() == 1


def test_a_new_version_stops_the_former(api: Caller) -> None:
    path = api.published(JOHN)
    contract = path.partition("/versions")[0]
    recipient, code = signer(api, path, JOHN["email"])
    response = api.post(f"{contract}/versions")
    assert response["Location"].endswith(f"{contract}/versions/2")
    assert [v["status"] for v in api.read(contract)["versions"]] == ["NewVersionAvailable", "NotPublished"]
    assert api.read(contract)["status"] == "NotPublished"
    sitting = enter(recipient, code)
    with pytest.raises(Conflict, match="superseded"):
        decline(sitting, "")
    assert errors(api.post(path)) == {"version": ["NewVersionAvailable"]}
    assert errors(api.post(f"{contract}/versions")) == {"version": ["NotPublished"]}
    api.published(JOHN, contract=contract, version=2)
    assert [v["published"] for v in api.read(contract)["versions"]] == [True, True]


def test_expiry_is_a_calendar_month_and_changes_no_word(api: Caller, organization: Organization) -> None:
    path = api.published(JOHN)
    version = api.read(path)
    made = envelope_at(path).created_at
    expires = datetime.fromisoformat(version["expires"])
    assert (expires.month - made.month) % 12 == 1
    assert 28 <= (expires - made).days <= 31
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=32))
    assert api.read(path)["status"] == "WaitingForSignatoryAction"
    with pytest.raises(Conflict, match="past_due"):
        refuse(api, path, JOHN["email"])
    later = api.read(api.post(f"{path.partition('/versions')[0]}/versions")["Location"])
    assert later["expires"] > version["expires"]


def test_one_refusal_stops_everybody(api: Caller) -> None:
    alex = {"name": "Alex Doe", "email": "alex.doe@example.com"}
    path = api.published(JOHN, alex)
    refuse(api, path, JOHN["email"], "The price is wrong.")
    assert "price" not in json.dumps(api.read(path))
    with pytest.raises(Conflict, match="stopped"):
        refuse(api, path, alex["email"])


def test_lists_are_newest_first(api: Caller) -> None:
    made = [api.contract(str(n)) for n in range(3)]
    assert [f"/contracts/{c['id']}" for c in api.read("/contracts")] == made[::-1]


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
