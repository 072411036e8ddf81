"""The Signsquid API against its contract, `contracts/signsquid.json`: every operation, example, status, member, enum value, transition.

The contract drives: a response, an enum value or a row of a state machine for which there is no scene here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from tests.pdfs import make_pdf
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.dialects.signsquid.api import openapi

from .caller import BASE, JOHN, Caller
from .signers import agree, envelope_at, everyone_agrees, refuse, run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signsquid.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
ALEX = {"name": "Alex Doe", "email": "alex.doe@example.com"}
NOWHERE = "/contracts/5211a032e536381594f460b8"
Scene = Callable[[Caller], HttpResponse]


# --- shapes --------------------------------------------------------------------------------------
TYPES: dict[str, Callable[[Any], bool]] = {
    "string(24 hex)": lambda v: re.fullmatch("[0-9a-f]{24}", v) is not None,
    "string(6)": lambda v: re.fullmatch("[A-Z0-9]{6}", v) is not None,
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "UUID": lambda v: re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", v) is not None,
    "ISO 8601 UTC": lambda v: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", v) is not None,
    "object: field name -> array of strings": lambda v: all(
        isinstance(w, str) for words in v.values() for w in words
    ),
    "object": lambda v: isinstance(v, dict),
}


def check(value: Any, wanted: str) -> None:
    """Is `value` what the contract's schema language says, with no member more and none fewer?"""
    if wanted.endswith(("or null", ", or null")):
        if value is None:
            return
        wanted = re.sub(r",? or null$", "", wanted)
    if wanted.endswith("[]"):
        for item in value:
            check(item, wanted[:-2])
    elif wanted in CONTRACT["schemas"]:
        members = CONTRACT["schemas"][wanted]
        assert set(value) == set(members)
        for name, of in members.items():
            check(value[name], of)
    elif wanted in CONTRACT["enums"]:
        assert value in CONTRACT["enums"][wanted]
    else:
        assert TYPES[next(t for t in TYPES if wanted.startswith(t))](value), (value, wanted)


def same_shape(value: Any, example: Any, at: str = "$") -> None:
    """The members and JSON types of the documented example, found again in an answer."""
    if isinstance(example, dict):
        assert list(value) == list(example), at  # the documented order, too
        for name in example:
            same_shape(value[name], example[name], f"{at}.{name}")
    elif isinstance(example, list):
        assert len(value) == len(example), at
        for found, documented in zip(value, example, strict=True):
            same_shape(found, documented, f"{at}[]")
    else:
        assert type(value) is type(example), at


SCHEMA_OF = {"getContract": "Contract", "getContractVersion": "Version", "getWebhookEvent": "Event"}


# --- a scene for each documented response ---------------------------------------------------------
def _signed_event(api: Caller, kind: str) -> HttpResponse:
    path = api.published(JOHN)
    agree(api, path, JOHN["email"])
    return api.get(f"/webhookevents/{WebhookEvent.objects.get(kind=kind).pub}")


def _contract_of(path: str) -> str:
    return path.partition("/versions")[0]


def _agreed(api: Caller) -> str:
    path = api.published(JOHN, ALEX)
    everyone_agrees(api, path)
    return path


def _get(path: Callable[[Caller], str]) -> Scene:
    return lambda api: api.get(path(api))


def _twice(api: Caller) -> HttpResponse:
    return api.post(api.published())


SCENES: dict[tuple[str, int, int], Scene] = {
    ("createContract", 201, 0): lambda api: api.post("/contracts", {"name": "My new contract name"}),
    ("createContract", 400, 0): lambda api: api.post("/contracts", {}),
    ("listContracts", 200, 0): lambda api: (api.contract("Test mention"), api.get("/contracts"))[1],
    ("getContract", 200, 0): _get(lambda api: api.contract()),
    ("getContract", 200, 1): _get(lambda api: _contract_of(api.published(JOHN, ALEX))),
    ("getContract", 200, 2): _get(lambda api: _contract_of(_agreed(api))),
    ("getContract", 404, 0): _get(lambda api: NOWHERE),
    ("getContractVersion", 200, 0): _get(lambda api: api.published(JOHN, ALEX)),
    ("getContractVersion", 404, 0): _get(lambda api: f"{api.contract()}/versions/2"),
    ("createContractVersion", 201, 0): lambda api: api.post(f"{_contract_of(api.published())}/versions", {}),
    ("createContractVersion", 400, 0): lambda api: api.post(f"{_contract_of(_agreed(api))}/versions", {}),
    ("createContractVersion", 404, 0): lambda api: api.post(f"{NOWHERE}/versions"),
    ("addSignatory", 201, 0): lambda api: api.post(f"{api.contract()}/versions/1/signatories", JOHN),
    ("addSignatory", 400, 0): lambda api: api.post(
        f"{api.contract()}/versions/1/signatories", ALEX | {"name": ""}
    ),
    ("addSignatory", 400, 1): lambda api: api.post(
        f"{api.contract()}/versions/1/signatories", {"name": "John"}
    ),
    ("addSignatory", 400, 2): lambda api: api.post(
        f"{api.contract()}/versions/1/signatories", JOHN | {"mobilePhone": "12"}
    ),
    ("addSignatory", 400, 3): lambda api: api.post(f"{api.published(JOHN)}/signatories", ALEX),
    ("addSignatory", 404, 0): lambda api: api.post(f"{NOWHERE}/versions/1/signatories", JOHN),
    ("addFile", 201, 0): lambda api: api.upload(
        f"{api.contract()}/versions/1/files?filename=a.pdf", make_pdf()
    ),
    ("addFile", 400, 0): lambda api: api.upload(f"{api.contract()}/versions/1/files", make_pdf()),
    ("addFile", 400, 1): lambda api: api.upload(f"{api.contract()}/versions/1/files?filename=a.pdf", b""),
    ("addFile", 400, 2): lambda api: api.send(
        "POST",
        f"{api.contract()}/versions/1/files?filename=a.pdf",
        b"--x--",
        "multipart/form-data; boundary=x",
    ),
    ("addFile", 404, 0): lambda api: api.upload(f"{NOWHERE}/versions/1/files?filename=a.pdf", make_pdf()),
    ("listFiles", 200, 0): _get(lambda api: f"{api.draft()}/files"),
    ("listFiles", 404, 0): _get(lambda api: f"{NOWHERE}/versions/1/files"),
    ("downloadFile", 200, 0): _get(lambda api: f"{api.draft()}/files/contract.pdf"),
    ("downloadFile", 404, 0): _get(lambda api: f"{api.draft()}/files/other.pdf"),
    ("publishVersion", 200, 0): lambda api: api.post(api.draft()),
    ("publishVersion", 400, 0): lambda api: api.post(f"{api.contract()}/versions/1"),
    ("publishVersion", 400, 1): _twice,
    ("publishVersion", 404, 0): lambda api: api.post(f"{NOWHERE}/versions/1"),
    ("getWebhookEvent", 200, 0): lambda api: _signed_event(api, "SomeoneSigned"),
    ("getWebhookEvent", 200, 1): lambda api: _signed_event(api, "EveryoneSigned"),
    ("getWebhookEvent", 404, 0): _get(lambda api: "/webhookevents/11cdd494-de5b-460e-9ddf-4e84bad6f596"),
}


def _responses() -> list[Any]:
    """(operation, response) of the contract, numbered within a status."""
    found = []
    for operation in CONTRACT["operations"]:
        seen: dict[int, int] = {}
        for response in operation["responses"]:
            status = response["status"]
            key = (operation["id"], status, seen.get(status, 0))
            seen[status] = key[2] + 1
            found.append(pytest.param(key, response, id=f"{key[0]}-{status}-{key[2]}"))
    return found


def _without_key(api: Caller, operation: str) -> HttpResponse:
    method, path = OPERATIONS[operation]["method"], OPERATIONS[operation]["path"]
    path = re.sub("{contractId}", "5211a032e536381594f460b8", path).replace("{version}", "1")
    return Caller("").send(
        method, path.replace("{filename}", "a.pdf").replace("{id}", "11cdd494-de5b-460e-9ddf-4e84bad6f596")
    )


@pytest.mark.database
@pytest.mark.parametrize(("key", "documented"), _responses())
def test_every_documented_response(
    api: Caller, key: tuple[str, int, int], documented: dict[str, Any]
) -> None:
    operation, status, _ = key
    response = _without_key(api, operation) if status == 401 else SCENES[key](api)
    assert response.status_code == status, response.getvalue()
    for header in documented.get("headers", []):
        name, _, value = header.partition(": ")
        if name.startswith("Location"):
            assert response["Location"].startswith("http://testserver/api/v1/contracts/")
        else:
            assert response[name].startswith(value)
    example = documented.get("example")
    if example is None:
        assert response.content == b""
        assert response["Content-Length"] == "0"
    elif example != "<binary>":
        assert response["Content-Type"].startswith("application/json")
        value = json.loads(response.content)
        if status == 200:
            same_shape(value, example)
            if operation in SCHEMA_OF:
                check(value, SCHEMA_OF[operation])
        else:
            assert value == example
            if "errors" in value:
                check(value, "Error")
    else:
        assert response.getvalue().startswith(b"%PDF-")


@pytest.mark.parametrize(
    "operation",
    [o for o in OPERATIONS.values() if (o.get("request") or {}).get("example")],
    ids=lambda o: o["id"],
)
def test_every_documented_request_is_taken(api: Caller, operation: dict[str, Any]) -> None:
    path = {
        "createContract": "/contracts",
        "createContractVersion": f"{_contract_of(api.published())}/versions",
        "addSignatory": f"{api.contract()}/versions/1/signatories",
        "addFile": f"{api.contract()}/versions/1/files?filename=a.pdf",
    }[operation["id"]]
    example = operation["request"]["example"]
    response = api.upload(path, make_pdf()) if example == "<binary>" else api.post(path, example)
    assert response.status_code == 201, response.content


def test_every_operation_is_in_openapi_with_every_status() -> None:
    described = openapi()
    assert described["openapi"].startswith("3.1")
    found = {
        operation["operationId"]: (
            method.upper(),
            re.sub("{[a-z_]+}", "{}", path.removeprefix(BASE)),
            set(operation["responses"]),
        )
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert set(found) == set(OPERATIONS)
    for name, operation in OPERATIONS.items():
        method, path, statuses = found[name]
        assert (method, path) == (operation["method"], re.sub("{[A-Za-z]+}", "{}", operation["path"]))
        assert {r["status"] for r in operation["responses"]} <= set(map(int, statuses))


# --- states ----------------------------------------------------------------------------------------
def _refused(api: Caller) -> str:
    path = api.published(JOHN, ALEX)
    refuse(api, path, ALEX["email"])
    return path


def _superseded(api: Caller) -> str:
    path = api.published(JOHN)
    assert api.post(f"{_contract_of(path)}/versions").status_code == 201
    return path


VERSION_IN: dict[str, Callable[[Caller], str]] = {
    "NotPublished": lambda api: api.draft(JOHN, ALEX),
    "WaitingForSignatoryAction": lambda api: api.published(JOHN, ALEX),
    "Agreed": _agreed,
    "Refused": _refused,
    "NewVersionAvailable": _superseded,
}


@pytest.mark.parametrize("status", CONTRACT["enums"]["VersionStatus"])
def test_every_version_status_is_reached(api: Caller, status: str) -> None:
    path = VERSION_IN[status](api)
    assert api.read(path)["status"] == status
    contract = api.read(_contract_of(path))
    assert contract["versions"][0]["status"] == status
    assert contract["status"] == contract["versions"][-1]["status"]
    assert (contract["agreed"] is not None) == (status == "Agreed")


def test_a_contract_has_every_status_but_that_of_an_old_version() -> None:
    # The enum names it because "the contract status is the same as the last version"; the last version never has a newer one.
    assert set(CONTRACT["enums"]["ContractStatus"]) == set(VERSION_IN)


TRIGGERS: dict[str, Callable[[Caller, str], object]] = {
    "publishVersion": lambda api, path: api.post(path),
    "a signatory agrees, others pending": lambda api, path: agree(api, path, JOHN["email"]),
    "last signatory agrees": everyone_agrees,
    "any signatory refuses": lambda api, path: refuse(api, path, JOHN["email"]),
    "createContractVersion (the newer version exists)": lambda api, path: api.post(
        f"{_contract_of(path)}/versions"
    ),
}


@pytest.mark.parametrize(
    ("before", "trigger", "after"),
    CONTRACT["state_machine"],
)
def test_every_transition_of_a_version(api: Caller, before: str, trigger: str, after: str) -> None:
    if before == "(none)":
        first = api.contract()
        api.published(contract=first)
        second = api.post(f"{first}/versions")["Location"]
        assert [api.read(f"{api.contract()}/versions/1")["status"], api.read(second)["status"]] == [
            after,
            after,
        ]
        return
    path = VERSION_IN[before](api)
    assert api.read(path)["status"] == before
    TRIGGERS[trigger](api, path)
    assert api.read(path)["status"] == after


@pytest.mark.parametrize(
    ("before", "trigger", "after"),
    CONTRACT["other_state_machines"]["signatory"],
)
def test_every_transition_of_a_signatory(api: Caller, before: str, trigger: str, after: str) -> None:
    path = api.draft(JOHN, ALEX)
    if before != "(none)":
        api.post(path)
        assert [s["status"] for s in api.read(path)["signatories"]] == [before, before]
        {"agrees with the right code": agree, "refuses": refuse}[trigger](api, path, JOHN["email"])
    john, alex = api.read(path)["signatories"]
    assert (john["status"], alex["status"]) == (after, "WaitingForSignatoryAction")


MESSAGE_BECAME = {
    "gateway accepted": Message.State.SENT,
    "gateway refused or retries used up": Message.State.FAILED,
}


@pytest.mark.parametrize(("before", "trigger", "after"), CONTRACT["other_state_machines"]["sms"])
def test_every_transition_of_an_sms(api: Caller, before: str | None, trigger: str, after: str) -> None:
    path = api.draft(JOHN | {"mobilePhone": "7065551234"}, ALEX)
    if before is None:
        assert [s["smsStatus"] for s in api.read(path)["signatories"]] == [None, None]
    api.post(path)
    if before is not None:
        assert api.read(path)["signatories"][0]["smsStatus"] == before
        text = Message.objects.filter(envelope_id=envelope_at(path).pk, channel=Message.Channel.SMS)
        assert text.update(state=MESSAGE_BECAME[trigger]) == 1
    assert [s["smsStatus"] for s in api.read(path)["signatories"]] == [after, None]


@pytest.mark.parametrize("kind", CONTRACT["enums"]["EventType"])
def test_events_are_read_back_as_posted(api: Caller, kind: str) -> None:
    path = api.published(JOHN, ALEX)
    agree(api, path, JOHN["email"])
    agree(api, path, ALEX["email"])
    events = list(WebhookEvent.objects.order_by("pk"))
    assert [e.kind for e in events] == ["SomeoneSigned", "SomeoneSigned", "EveryoneSigned"]
    webhook = next(w for w in CONTRACT["webhooks"] if w["type"] == kind)
    event = next(e for e in events if e.kind == kind)
    same_shape(json.loads(bytes(event.body)), webhook["example"])
    assert api.get(f"/webhookevents/{event.pub}").content == bytes(event.body)
    assert api.get(f"/webhookevents/{event.private_id}").status_code == 404
    assert Message.objects.filter(webhook_event=event).count() == 1


def test_the_sealed_copy_is_given_once_there_is_one(api: Caller) -> None:
    path = api.published(JOHN)
    file = f"{path}/files/contract.pdf"
    original = api.get(file).getvalue()
    agree(api, path, JOHN["email"])
    assert api.read(path)["status"] == "Agreed"
    early = api.get(file)
    assert (early.status_code, early["Retry-After"]) == (404, "2")
    run_jobs()
    sealed = api.get(file).getvalue()
    assert sealed != original
    assert b"/ByteRange" in sealed
    assert api.get(f"{file}?original=true").getvalue() == original
    assert api.read(path)["status"] == "Agreed"


def test_nothing_is_announced_but_signatures(api: Caller) -> None:
    _refused(api)
    _superseded(api)
    assert not WebhookEvent.objects.exists()
