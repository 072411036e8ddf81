"""The SignSpace API against its contract, `contracts/signspace.json`: every operation, example, status, member, enum value, transition.

The contract drives: a response, an enum value or a row of the state machine for which there is no scene here fails.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from undersigned.accounts.models import Organization
from undersigned.base.clock import now
from undersigned.dialects.signspace import mapping, wire
from undersigned.dialects.signspace.api import openapi
from undersigned.envelopes.models import Envelope, EnvelopeState, RecipientState

from .signers import run_jobs
from .signspace_caller import ANN, BOB, EVE, NOBODY, Space, envelope_of

pytestmark = [pytest.mark.django_db]

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signspace.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
Scene = Callable[[Space], HttpResponse]


# --- shapes --------------------------------------------------------------------------------------
def same_shape(value: Any, example: Any, at: str = "$") -> None:
    """The members and JSON types of the documented example, in its order; null stands for any type, on either side."""
    if value is None or example is None:
        return
    if at.endswith((".metadata", ".errors")) or example == {}:
        assert isinstance(value, dict), at
    elif isinstance(example, dict):
        assert list(value) == list(example), at
        for name in example:
            same_shape(value[name], example[name], f"{at}.{name}")
    elif isinstance(example, list):
        assert isinstance(value, list), at
        for found in value:
            if example:
                same_shape(found, example[0], f"{at}[]")
    else:
        assert type(value) is type(example), at
        if isinstance(example, str):
            for form in (r"[0-9a-f]{24}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"):
                if re.fullmatch(form, example):
                    assert re.fullmatch(form, value), (at, value)


# --- a scene for each documented response ---------------------------------------------------------
def _example(space: Space, operation: str) -> dict[str, Any]:
    """The documented request, with ids that exist."""
    given: dict[str, Any] = json.loads(json.dumps(OPERATIONS[operation]["request"]["example"]))
    if "files" in given:
        given["files"] = [space.file(f"{n}.pdf") for n in range(len(given["files"]))]
    if "task" in given or "conversation" in given or "conversations" in given:
        task = space.task(ANN)
        given |= {"task": task["_id"]} if "task" in given else {}
        given |= {"conversation": task["conversation"]} if "conversation" in given else {}
        given |= {"conversations": [task["conversation"]]} if "conversations" in given else {}
    if operation == "tasks.open":
        space.done("tasks.cancel", {"task": given["task"]})
    if operation == "conversations.restore":
        space.done("conversations.markDeleted", given)
    return given


def _documented(operation: str) -> Scene:
    return lambda space: space.post(operation, _example(space, operation))


def _but(operation: str, **changes: Any) -> Scene:
    """The documented request with these members changed; `...` takes one out."""

    def scene(space: Space) -> HttpResponse:
        given = _example(space, operation) | changes
        return space.post(operation, {k: v for k, v in given.items() if v is not ...})

    return scene


def _on_complete(operation: str, **more: Any) -> Scene:
    return lambda space: space.post(operation, {"task": space.completed()["_id"], **more})


def _get(operation: str, query: Callable[[Space], str]) -> Scene:
    return lambda space: space.get(operation, query(space))


def _search(space: Space) -> HttpResponse:
    Organization.objects.filter(pk=space.robot.organization_id).update(business_id="3042282-9", country="fi")
    space.completed(ANN, EVE)
    return space.get("tasks.searchByOrg", "business_id=3042282-9&country_code=fi")


def _no_phone(space: Space) -> HttpResponse:
    person = _example(space, "tasks.signingRequest.create")["participants"][0]
    return _but("tasks.signingRequest.create", participants=[person | {"phone_number": ""}])(space)


SCENES: dict[tuple[str, int, int], Scene] = {
    ("token", 200, 0): lambda space: space.ask_token(OPERATIONS["token"]["request"]["example"]),
    ("token", 401, 0): lambda space: space.ask_token(authorization="Basic eDp5"),
    ("token", 400, 0): lambda space: space.ask_token("grant_type=password"),
    ("token", 400, 1): lambda space: space.ask_token(""),
    ("token", 400, 2): lambda space: space.ask_token("grant_type=client_credentials&scope=a%22b"),
    ("files.create", 200, 0): _documented("files.create"),
    ("files.create", 400, 0): _but("files.create", base64="%%%"),
    ("files.create", 400, 1): _but("files.create", name=...),
    ("tasks.signingRequest.create", 200, 0): _documented("tasks.signingRequest.create"),
    ("tasks.signingRequest.create", 400, 0): _no_phone,
    ("tasks.signingRequest.create", 400, 1): _but("tasks.signingRequest.create", files=[NOBODY]),
    ("tasks.list", 200, 0): _get(
        "tasks.list", lambda s: (s.completed(), "type=signing_request&status=complete&limit=100")[1]
    ),
    ("tasks.list", 400, 0): _get("tasks.list", lambda _: "status=lost"),
    ("tasks.list", 400, 1): _get("tasks.list", lambda _: "limit=0"),
    ("tasks.get", 200, 0): _get("tasks.get", lambda s: f"id={s.completed()['_id']}"),
    ("tasks.get", 400, 0): _get("tasks.get", lambda _: ""),
    ("files.download", 200, 0): _get("files.download", lambda s: f"id={s.file()}"),
    ("files.download", 200, 1): _get("files.download", lambda s: f"id={s.file()}&id={s.file()}"),
    ("files.download", 400, 0): _get("files.download", lambda _: ""),
    ("files.download", 404, 0): _get("files.download", lambda _: f"id={NOBODY}"),
    ("tasks.cancel", 200, 0): _documented("tasks.cancel"),
    ("tasks.cancel", 400, 0): _but("tasks.cancel", task=...),
    ("tasks.cancel", 409, 0): _on_complete("tasks.cancel"),
    ("tasks.open", 200, 0): _documented("tasks.open"),
    ("tasks.open", 409, 0): _on_complete("tasks.open"),
    ("tasks.hold", 200, 0): _documented("tasks.hold"),
    ("tasks.hold", 409, 0): _on_complete("tasks.hold"),
    ("tasks.signingRequest.update", 200, 0): _documented("tasks.signingRequest.update"),
    ("tasks.signingRequest.update", 400, 0): _but("tasks.signingRequest.update", files=[NOBODY]),
    ("tasks.signingRequest.update", 409, 0): _on_complete("tasks.signingRequest.update", title="Other"),
    ("conversations.setRetentionManually", 200, 0): _documented("conversations.setRetentionManually"),
    ("conversations.setRetentionManually", 400, 0): _but(
        "conversations.setRetentionManually", task=..., conversation=...
    ),
    ("conversations.setRetentionManually", 400, 1): _but(
        "conversations.setRetentionManually", retention_settings=...
    ),
    ("conversations.markDeleted", 200, 0): _documented("conversations.markDeleted"),
    ("conversations.markDeleted", 400, 0): _but("conversations.markDeleted", conversations=[]),
    ("conversations.restore", 200, 0): _documented("conversations.restore"),
    ("conversations.restore", 409, 0): lambda s: s.post(
        "conversations.restore", {"conversations": [s.task()["conversation"]]}
    ),
    ("conversations.get", 200, 0): _get("conversations.get", lambda s: f"id={s.task()['conversation']}"),
    ("tasks.searchByOrg", 200, 0): _search,
}
ELSEWHERE = {("files.download", 403, 0), ("files.download", 503, 0)}
"""Documented answers that need a scanner: in `test_signspace_kept`."""


def _responses() -> list[Any]:
    """(operation, response) of the contract, numbered within a status."""
    found = []
    for operation in CONTRACT["operations"]:
        seen: dict[int, int] = {}
        for response in operation["responses"]:
            status = response["status"]
            key = (operation["id"], status, seen.get(status, 0))
            seen[status] = key[2] + 1
            if key not in ELSEWHERE:
                found.append(pytest.param(key, response, id=f"{key[0]}-{status}-{key[2]}"))
    return found


def _unauthorized(space: Space, operation: str) -> HttpResponse:
    space.token = "x" * 43
    return space.send(OPERATIONS[operation]["method"], operation)


def _as_another(space: Space, operation: str) -> HttpResponse:
    return space.post(operation, _example(space, operation) | {"acting_handle": "colleague@domain.com"})


def _of_nobody(space: Space, operation: str) -> HttpResponse:
    unknown = {"task": NOBODY, "conversation": NOBODY, "conversations": [NOBODY]}
    given = _example(space, operation)
    return space.post(operation, given | {k: v for k, v in unknown.items() if k in given})


def _scene(key: tuple[str, int, int]) -> Scene:
    operation, status, _ = key
    if key in SCENES:
        return SCENES[key]
    general = {401: _unauthorized, 403: _as_another, 404: _of_nobody}[status]
    return lambda space: general(space, operation)


@pytest.mark.parametrize(("key", "documented"), _responses())
def test_every_documented_response(
    space: Space, key: tuple[str, int, int], documented: dict[str, Any]
) -> None:
    operation, status, number = key
    response = _scene(key)(space)
    content = response.getvalue()
    assert response.status_code == status, content
    for header in documented.get("headers", []):
        name, _, value = header.partition(": ")
        assert response[name].startswith(
            value.partition(" <")[0].partition("<")[0].partition("...")[0].split(";")[0]
        )
    example = documented.get("example")
    if operation == "files.download" and status == 200:
        if number:
            assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 2
        else:
            assert content.startswith(b"%PDF-")
        return
    assert response["Content-Type"].startswith("application/json")
    value = json.loads(content)
    same_shape(value, example)
    if status != 200:
        assert value["error"] == example["error"]
        for path, sentences in example.get("errors", {}).items():
            stem = [s.split(" ...")[0].split(" 62a8")[0] for s in sentences]
            assert [s[: len(t)] for s, t in zip(value["errors"][path], stem, strict=True)] == stem


@pytest.mark.parametrize(
    "operation",
    [o for o in OPERATIONS.values() if (o.get("request") or {}).get("example")],
    ids=lambda o: o["id"],
)
def test_every_documented_request_is_taken(space: Space, operation: dict[str, Any]) -> None:
    if operation["id"] == "token":
        assert space.ask_token(operation["request"]["example"]).status_code == 200
        return
    response = space.post(operation["id"], _example(space, operation["id"]))
    assert response.status_code == 200, response.content


@pytest.mark.parametrize("number", range(4))
def test_every_further_example_of_the_page_is_taken(space: Space, number: int) -> None:
    create = "tasks.signingRequest.create"
    more = OPERATIONS[create]["request"]["more_examples"]
    assert len(more) == 4
    if "metadata" in more[number]:
        return  # metadata needs its template: test_signspace_kept
    task = space.done(create, _example(space, create) | more[number])
    for name, value in more[number].items():
        found = task[name]
        if name == "participants":
            for one, documented in zip(found, value, strict=True):
                assert {k: one[k] for k in documented} == documented
        else:
            assert found == value


def test_every_documented_field_is_echoed(space: Space) -> None:
    """Whatever can be said at creation comes back in the object."""
    fields = {f["name"] for f in OPERATIONS["tasks.signingRequest.create"]["request"]["fields"]}
    assert fields - {"create_conversation"} <= set(CONTRACT["schemas"]["Task"])
    said = {
        "description": "Please sign",
        "participants_list_order_respected": True,
        "signature_strength": "strong",
        "creator_handle": "someone@domain.com",
        "creator_name": "Someone Else",
        "company_name": "Somewhere Oy",
        "version": "v2",
        "recipient_language": "sv",
        "due_date": "2099-05-01T12:00:00",
        "overdue_signing_disabled": True,
        "invitation_type": "force_swr",
        "cannot_sign_disabled": True,
        "signing_discussion_disabled": True,
        "custom_customer_reference": "C-17",
        "is_protected": True,
        "owners_handles": [space.robot.email, "group:1234567890", "email@domain.com"],
    }
    task = space.task(ANN, **said)
    assert {name: task[name] for name in said} == said


def test_every_operation_is_in_openapi_with_every_status() -> None:
    described = openapi()
    assert described["openapi"].startswith("3.1")
    found = {
        operation["operationId"]: (method.upper(), path, set(operation["responses"]))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert set(found) == set(OPERATIONS)
    for name, operation in OPERATIONS.items():
        method, path, statuses = found[name]
        base = operation.get("base_path", CONTRACT["base_path"]).rstrip("/")
        assert (method, path) == (operation["method"], base + operation["path"].removeprefix(base))
        assert {r["status"] for r in operation["responses"]} <= set(map(int, statuses))


def test_openapi_describes_every_documented_field() -> None:
    described = openapi()
    for name, operation in OPERATIONS.items():
        if name == "token" or not operation.get("request"):
            continue
        schema = described["paths"][f"/api/v1/{name}"]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        documented = {f["name"] for f in operation["request"]["fields"] if f["name"] != "(others)"}
        assert documented <= set(schema["properties"]), name


# --- states ----------------------------------------------------------------------------------------
def _held(space: Space) -> Any:
    task = space.task(ANN, BOB)
    space.refuse(task, BOB)
    return task


def _begun(space: Space) -> Any:
    task = space.task(ANN, BOB)
    space.sign(task, ANN)
    return task


def _begun_and(operation: str) -> Callable[[Space], Any]:
    def scene(space: Space) -> Any:
        task = _begun(space)
        space.done(operation, {"task": task["_id"]})
        return task

    return scene


TASK_IN: dict[str, Callable[[Space], Any]] = {
    "open": lambda space: space.task(ANN, BOB),
    "in_progress": _begun,
    "on_hold": _held,
    "complete": lambda space: space.completed(),
    "cancelled": lambda space: space.done("tasks.cancel", {"task": space.task(ANN, BOB)["_id"]}),
}


def test_every_status_is_reached_and_filtered(space: Space) -> None:
    made = {status: TASK_IN[status](space)["_id"] for status in CONTRACT["enums"]["TaskStatus"]}
    for status, pub in made.items():
        assert [t["_id"] for t in space.read("tasks.list", f"status={status}")] == [pub]
        assert space.now({"_id": pub})["status"] == status
    assert [t["_id"] for t in space.read("tasks.list")] == list(reversed(made.values()))
    both = space.read("tasks.list", "status=open&status=canceled")
    assert {t["_id"] for t in both} == {made["open"], made["cancelled"]}


def _overdue(space: Space, task: Any) -> None:
    Envelope.objects.filter(pub=task["_id"]).update(due_at=now() - timedelta(seconds=1))


def _post(operation: str, **more: Any) -> Callable[[Space, Any], object]:
    return lambda space, task: space.post(operation, {"task": task["_id"], **more})


def _last_signs(space: Space, task: Any) -> None:
    space.sign(task, BOB if len(task["participants"]) > 1 else ANN)
    assert space.now(task)["status"] == "in_progress"  # until the sealed files are there
    run_jobs()


def _final(space: Space, task: Any) -> None:
    for operation in ("tasks.cancel", "tasks.open", "tasks.signingRequest.update", "tasks.hold"):
        assert space.post(operation, {"task": task["_id"], "title": "x"}).status_code == 409


ROWS: dict[tuple[str, str], tuple[Callable[[Space], Any], Callable[[Space, Any], object]]] = {
    ("open", "a signer signs, others pending"): (TASK_IN["open"], lambda s, t: s.sign(t, ANN)),
    ("open", "the only signer signs"): (lambda s: s.task(ANN), _last_signs),
    ("in_progress", "last pending signer signs"): (_begun, _last_signs),
    ("open", "a signer declines"): (TASK_IN["open"], lambda s, t: s.refuse(t, ANN)),
    ("in_progress", "a signer declines"): (_begun, lambda s, t: s.refuse(t, BOB)),
    ("open", "put on hold"): (TASK_IN["open"], _post("tasks.hold")),
    ("in_progress", "put on hold"): (_begun, _post("tasks.hold")),
    ("open", "tasks.cancel"): (TASK_IN["open"], _post("tasks.cancel")),
    ("in_progress", "tasks.cancel"): (_begun, _post("tasks.cancel")),
    ("on_hold", "tasks.cancel"): (_held, _post("tasks.cancel")),
    ("on_hold", "tasks.open, no signature yet"): (_held, _post("tasks.open")),
    ("on_hold", "tasks.open, some signature"): (_begun_and("tasks.hold"), _post("tasks.open")),
    ("cancelled", "tasks.open, no signature yet"): (TASK_IN["cancelled"], _post("tasks.open")),
    ("cancelled", "tasks.open, some signature"): (_begun_and("tasks.cancel"), _post("tasks.open")),
    ("in_progress", "update changes files (inferred: signatures void)"): (
        _begun,
        lambda s, t: s.done("tasks.signingRequest.update", {"task": t["_id"], "files": [s.file()]}),
    ),
    ("open", "due_date passes"): (TASK_IN["open"], _overdue),
    ("in_progress", "due_date passes"): (_begun, _overdue),
    ("complete", "any of cancel, open, update"): (TASK_IN["complete"], _final),
}


@pytest.mark.parametrize(("before", "trigger", "after"), CONTRACT["state_machine"])
def test_every_transition(space: Space, before: str, trigger: str, after: str) -> None:
    if before == "(none)":
        assert space.task()["status"] == after
        return
    make, act = ROWS[before, trigger]
    task = make(space)
    assert space.now(task)["status"] == before
    act(space, task)
    found = space.now(task)
    status, _, overdue = after.partition(" + ")
    assert (found["status"], found["is_overdue"]) == (status.removesuffix(" (refused)"), overdue == "OVERDUE")


def test_every_state_of_the_core_has_a_word() -> None:
    assert set(mapping._STATUS) == set(EnvelopeState)
    assert set(mapping._STATUS.values()) == set(CONTRACT["enums"]["TaskStatus"]) == set(wire.STATUSES)
    assert set(mapping._PARTICIPANT) == set(RecipientState)
    assert {*mapping._PARTICIPANT.values(), "pending"} == set(
        CONTRACT["enums"]["ParticipantStatus (inferred)"]
    )


def test_every_enum_is_known() -> None:
    ours = {
        "TaskType": ("signing_request",),
        "ParticipantRole": wire.ROLES,
        "ForcedAuthMethod": wire.AUTH_METHODS,
        "InvitationMethod": wire.INVITATION_METHODS,
        "SignatureStrength": wire.STRENGTHS,
        "Version": wire.VERSIONS,
        "RecipientLanguage": wire.LANGUAGES,
        "InvitationType": wire.INVITATION_TYPES,
    }
    documented = {
        k: v for k, v in CONTRACT["enums"].items() if k not in ("TaskStatus", "ParticipantStatus (inferred)")
    }
    assert {name: list(values) for name, values in ours.items()} == documented


def test_the_flow_of_the_page(space: Space) -> None:
    """Token, files, request, list of what is complete, download of what was signed."""
    task = space.task(ANN, EVE, files=[space.file("a.pdf"), space.file("b.pdf")])
    assert task["signed_files"] == []
    space.sign(task, ANN)
    run_jobs()
    (found,) = space.read("tasks.list", "type=signing_request&status=complete&limit=100")
    assert len(found["signed_files"]) == 2
    archive = space.get("files.download", "&".join(f"id={pub}" for pub in found["signed_files"])).getvalue()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == ["a.pdf", "b.pdf"]
        assert all(b"/ByteRange" in opened.read(name) for name in opened.namelist())
    assert envelope_of(task).state == "completed"
