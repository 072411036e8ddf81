"""Transactions of the Signing Today API against its contract, `contracts/signingtoday.json`: every operation, example, status, member and
enum value that has to do with them, and the state machine.

The contract drives: a response, an enum value or a row of the state machine for which there is no scene here fails.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from django.http import HttpResponse

from undersigned.accounts.models import User
from undersigned.dialects.signingtoday import dst_wire as wire
from undersigned.dialects.signingtoday import notifications, planning, states, trail
from undersigned.dialects.signingtoday.api import openapi
from undersigned.envelopes import comment, inbox
from undersigned.envelopes.models import Envelope, EnvelopeState, Phase

from .signers import run_jobs
from .today_caller import Today
from .today_dsts import (
    TEXT_FORM,
    UUID,
    document,
    draft,
    envelope_of,
    finished,
    json_of,
    pdf,
    published,
    refuse,
    ticket,
    two_signers,
    upload,
)

pytestmark = [pytest.mark.django_db]

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signingtoday.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
MODELS = {name: {f["name"]: f for f in model["fields"]} for name, model in CONTRACT["models"].items()}
for _model, _more in CONTRACT["model_additions_seed_v2_4_0"].items():
    MODELS[_model] |= {name: {"name": name, "type": "any"} for name in _more}
EXAMPLE = OPERATIONS["createDST"]["request"]["example"]
NOBODY = "737dc132-a3f0-41e9-a2a3-2a2ae2dbcce4"
OURS = [
    "listNotes",
    "addNote",
    "updateNote",
    "deleteNote",
    "listDSTs",
    "createDST",
    "getAudit",
    "getSigningAddress",
    "getDST",
    "updateDST",
    "deleteDST",
    "fillForm",
    "publishDST",
    "notifyDST",
    "listNotifications",
    "clearNotifications",
    "getResource",
    "updateResource",
    "deleteResource",
    "swapDocuments",
    "documentResourceAction",
    "getDSTResources",
    "appendResource",
    "getThumbnail",
]
Scene = Callable[[Today], HttpResponse]
UNDOCUMENTED_MODEL = {"addNote": "DSTNote", "updateNote": "DSTNote"}


# --- scenes --------------------------------------------------------------------------------------
def path_of(operation: str, **ids: object) -> str:
    """Its path, with ids that nobody has unless they are named."""
    path: str = OPERATIONS[operation]["path"]
    return re.sub(r"\{(\w+)\}", lambda m: str(ids.get(m[1], NOBODY if m[1] == "id" else 1)), path)


def call(today: Today, operation: str, **ids: object) -> HttpResponse:
    """As the vendor's SDK sends it: the documented body or form, Content-Type on every call."""
    one = OPERATIONS[operation]
    path = path_of(operation, **ids)
    query = (
        {"targetDocId": 0}
        if operation == "swapDocuments"
        else {"page": 1}
        if operation == "getThumbnail"
        else None
    )
    request = one.get("request") or {}
    if request.get("content_type") == "multipart/form-data":
        parts = {name: value for name, value in request["example"].items() if name != "file"}
        return today.upload(one["method"], path, parts | {"file": pdf()}, query)
    body = json.dumps(request["example"]).encode() if request else b""
    return today.send(one["method"], path, body, query=query)


def signer_of(today: Today) -> Today:
    """A user of the organisation who only signs."""
    user = User.objects.create_user(
        today.user.organization, "sig", name="Sig", email="sig@board.example", role=User.Role.SIGNER
    )
    return today.as_user(user)


def reader_of(today: Today, dst: Any) -> Today:
    """A user of the organisation who may see a transaction, and no more."""
    user = User.objects.create_user(today.user.organization, "rita", name="Rita", email="rita@board.example")
    envelope_of(dst).grants.create(user=user, right="see")
    return today.as_user(user)


def by_reader(operation: str) -> Scene:
    """403: asked by somebody who may see the transaction and not do this."""

    def scene(today: Today) -> HttpResponse:
        if operation == "createDST":
            return call(signer_of(today), operation)
        if operation == "listDSTs":
            return signer_of(today).get("/DSTs", {"userId": str(today.user.pub)})
        dst = published(today) if operation == "getSigningAddress" else draft(today)
        if operation == "fillForm":
            dst = filling(today)
        ids: dict[str, object] = {"id": dst["id"], "docId": 0, "signId": 0}
        if operation in ("updateNote", "deleteNote"):
            ids["noteId"] = json_of(today.post(f"/DST/{dst['id']}/note", {"text": "Mine"}))["id"]
        if operation in ("updateResource", "deleteResource"):
            ids["id"] = dst["resources"][0]["id"]
        reader = reader_of(today, dst)
        if operation == "fillForm":
            return reader.patch(f"/DST/{dst['id']}/fill", TEXT_FORM | {"documentId": 0})
        return call(reader, operation, **ids)

    return scene


def without_token(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        today.token = ""
        return call(today, operation)

    return scene


def on_draft(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        return call(today, operation, id=draft(today, document(id=0), document(id=1))["id"], docId=1)

    return scene


def on_resource(operation: str) -> Scene:
    return lambda today: call(today, operation, id=draft(today)["resources"][0]["id"])


def after_publication(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        dst = published(today)
        wanted = (
            dst["resources"][0]["id"]
            if "esource" in operation and operation != "appendResource"
            else dst["id"]
        )
        return call(today, operation, id=wanted)

    return scene


def with_note(operation: str, **text: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        dst = draft(today)["id"]
        note = json_of(today.post(f"/DST/{dst}/note", {"text": "Please read page 2."}))["id"]
        if text:
            return today.put(f"/DST/{dst}/note/{note}", text)
        return call(today, operation, id=dst, noteId=note)

    return scene


def filling(today: Today, *forms: dict[str, Any]) -> Any:
    return published(today, document(forms=[*document()["forms"], *(forms or (TEXT_FORM,))]))


def fill(today: Today, dst: Any, value: Any = "Blue", **form: Any) -> HttpResponse:
    given = TEXT_FORM | {"documentId": 0, "extraData": {"value": value}} | form
    return today.patch(f"/DST/{dst['id']}/fill", given)


def too_many_notes(today: Today) -> HttpResponse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comment, "COMMENTS_MAX", 0)
        return call(today, "addNote", id=draft(today)["id"])


def notified(today: Today) -> HttpResponse:
    dst = published(today)
    assert today.post(f"/DST/{dst['id']}/notify").status_code == 204
    kinds = list(envelope_of(dst).audit_events.values_list("kind", flat=True))
    assert today.post(f"/DST/{dst['id']}/notify").status_code == 204, "within a minute"
    assert kinds == list(envelope_of(dst).audit_events.values_list("kind", flat=True)), (
        "one a person and minute"
    )
    return today.post(f"/DST/{dst['id']}/notify")


def deleted_while_sealing(today: Today) -> HttpResponse:
    dst = published(today)
    ticket(dst).sign()
    return today.delete(f"/DST/{dst['id']}")


SCENES: dict[tuple[str, int], Scene] = {
    **{(o, 401): without_token(o) for o in OURS},
    **{(o, 403): by_reader(o) for o in OURS},
    **{(o, 404): lambda today, o=o: call(today, o) for o in OURS},
    **{(o, 200): on_draft(o) for o in ("getDST", "publishDST", "updateDST", "getAudit", "listNotes", "addNote",
                                       "appendResource", "swapDocuments", "documentResourceAction", "getDSTResources")},
    **{(o, 200): on_resource(o) for o in ("getResource", "deleteResource", "getThumbnail")},
    **{(o, 409): after_publication(o) for o in ("publishDST", "updateDST", "appendResource", "updateResource", "deleteResource")},
    ("createDST", 201): lambda today: call(today, "createDST"),
    ("createDST", 400): lambda today: today.post("/DSTs", EXAMPLE | {"title": ["no text"], "tags": 7}),
    ("updateDST", 200): lambda today: today.put(f"/DST/{draft(today)['id']}", EXAMPLE | {"documents": []}),
    ("updateDST", 400): on_draft("updateDST"),  # its plainDocumentUuid is nobody's
    ("listDSTs", 200): lambda today: (draft(today), today.get("/DSTs", {"$count": "True"}))[1],
    ("listDSTs", 400): lambda today: today.get("/DSTs", {"$filter": "title ="}),
    ("deleteDST", 204): on_draft("deleteDST"),
    ("deleteDST", 409): deleted_while_sealing,
    ("publishDST", 400): lambda today: call(today, "publishDST", id=draft(today, document(signerGroups=[]))["id"]),
    ("fillForm", 200): lambda today: fill(today, filling(today)),
    ("fillForm", 400): lambda today: call(today, "fillForm", id=filling(today)["id"]),  # a SignatureForm
    ("fillForm", 409): lambda today: call(today, "fillForm", id=draft(today)["id"]),
    ("notifyDST", 204): notified,
    ("notifyDST", 409): on_draft("notifyDST"),
    ("getSigningAddress", 200): lambda today: today.get(f"/DST/{published(today)['id']}/sign/0/0"),
    ("addNote", 409): too_many_notes,
    ("updateNote", 200): with_note("updateNote"),
    ("updateNote", 400): with_note("updateNote", text=""),
    ("deleteNote", 204): with_note("deleteNote"),
    ("listNotifications", 200): lambda today: (published(today), today.get("/notifications/dsts", {"$count": "true"}))[1],
    ("clearNotifications", 204): lambda today: call(today, "clearNotifications", id=published(today)["id"]),
    ("updateResource", 204): on_resource("updateResource"),
    ("updateResource", 400): lambda today: today.put(f"/resource/{draft(today)['resources'][0]['id']}", {"title": 5}),
    ("appendResource", 400): lambda today: today.upload(
        "PATCH", f"/DST/{draft(today)['id']}/resources", OPERATIONS["appendResource"]["request"]["example"]
    ),
    ("getThumbnail", 400): lambda today: today.get(f"/pdfResource/{draft(today)['resources'][0]['id']}/thumbs", {"page": "x"}),
}  # fmt: skip
LIKE_UNKNOWN = {"listNotes", "addNote", "getAudit", "getResource", "getDSTResources", "getThumbnail"}
"""Whoever may see a transaction may do these; for anybody else there is none, so 403 is never said."""
NEVER = {(operation, 403) for operation in LIKE_UNKNOWN} | {("notifyDST", 400)}
"""`notifyDST` takes nothing that could be wrong."""
RESPONSES = [
    (operation, response["status"])
    for operation in OURS
    for response in OPERATIONS[operation]["responses"]
    if response["status"] not in (401, 404, 500) and (operation, response["status"]) not in NEVER
]


@pytest.mark.parametrize("status", [401, 404])
def test_documented_response_to_nobody_and_about_nothing(status: int, today: Today) -> None:
    token = today.token
    for operation in OURS:
        if any(r["status"] == status for r in OPERATIONS[operation]["responses"]):
            today.token = token
            test_documented_response(operation, status, today)


@pytest.mark.parametrize(("operation", "status"), RESPONSES, ids=str)
def test_documented_response(operation: str, status: int, today: Today) -> None:
    response = SCENES[operation, status](today)
    documented = next(r for r in OPERATIONS[operation]["responses"] if r["status"] == status)
    content = b"".join(response)  # type: ignore[arg-type]
    assert response.status_code == status, content
    shape = documented.get("sdk_schema", "")
    if status == 400:
        found = json.loads(content)
        assert found
        assert isinstance(found, list)
        for one in found:
            is_like(one, "ErrorResponse")
            assert one["target"], "every fault says where it is"
    elif status in (401, 403, 409):
        is_like(json.loads(content), "ErrorResponse")
    elif status in (204, 404):
        assert not content
        assert not response.has_header("Content-Type")
    elif documented["content_type"] == "application/json":
        assert response["Content-Type"] == "application/json"
        is_like(json.loads(content), shape or "DigitalSignatureTransaction")
        has_members(json.loads(content), documented["example"])
    else:
        assert response["Content-Type"] == documented["content_type"] or content.startswith(b"%PDF-")
        assert content


def is_like(value: Any, kind: str, at: str = "$") -> None:
    """All members of a model are there, each of its type or null; more may be there."""
    if kind.startswith("array"):
        assert isinstance(value, list), at
        for number, one in enumerate(value):
            is_like(one, kind[6:-1], f"{at}[{number}]")
        return
    if kind not in MODELS:
        plain(value, kind, at)
        return
    assert isinstance(value, dict), at
    assert set(MODELS[kind]) <= set(value), (at, set(MODELS[kind]) - set(value))
    for name, member in MODELS[kind].items():
        if value[name] is not None:
            is_like(value[name], member["type"], f"{at}.{name}")
            if kind != "User" and "enum" in member:
                assert value[name] in member["enum"], (at, name)


def plain(value: Any, kind: str, at: str) -> None:
    base, _, form = kind.rstrip(")").partition("(")
    types: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "object": dict,
    }
    if base in types:
        assert isinstance(value, types[base]), (at, value, kind)
        assert base == "boolean" or not isinstance(value, bool), (at, value)
    if form == "uuid":
        assert UUID.fullmatch(value), (at, value)
    if form == "date-time":
        assert datetime.fromisoformat(value).tzinfo is not None, (at, value)
    if form == "int32":
        assert -(2**31) <= value < 2**31, at


def has_members(value: Any, documented: Any, at: str = "$") -> None:
    """What the documented example has. What clients keep in `extraData` is theirs."""
    if isinstance(documented, dict) and isinstance(value, dict) and not at.endswith("extraData"):
        assert set(documented) <= set(value), (at, set(documented) - set(value))
        for name in documented:
            has_members(value[name], documented[name], f"{at}.{name}")
    elif isinstance(documented, list) and isinstance(value, list):
        for one in value:
            has_members(one, documented[0], f"{at}[]")


def test_described() -> None:
    plain_paths = {re.sub(r"\{\w+\}", "{}", path): methods for path, methods in openapi()["paths"].items()}
    for operation in OURS:
        one = OPERATIONS[operation]
        described = plain_paths["/api" + re.sub(r"\{\w+\}", "{}", one["path"])][one["method"].lower()]
        never = {str(status) for name, status in NEVER if name == operation}
        said = {str(r["status"]) for r in one["responses"]} - never
        assert said <= {str(s) for s in described["responses"]}, operation
        named = {p["name"] for p in one["parameters"] if p["in"] == "query"}
        assert named == {p["name"] for p in described.get("parameters", []) if p["in"] == "query"}, operation


# --- the documented example ----------------------------------------------------------------------
def test_the_example_is_echoed(today: Today) -> None:
    """But for numbers, which go out as numbers, what only the server says, and a file that is not there."""
    dst = json_of(today.post("/DSTs", EXAMPLE), 201)
    assert today.read(f"/DST/{dst['id']}") == dst
    assert UUID.fullmatch(dst["id"])
    assert dst["status"] == "draft"
    given, found = deepcopy(EXAMPLE["documents"][0]), dst["documents"][0]
    assert found["id"] == given["id"] == 1
    assert found["plainDocumentUuid"] is None, "nobody has this file"
    form = {
        name: float(v) if name in ("positionX", "positionY", "width", "height") else v
        for name, v in given["forms"][0].items()
    }
    del found["forms"][0]["_instance_id"]
    assert found["forms"] == [form | {"documentId": 1}], "it is in document 1, whatever it says"
    request = given["signatureRequests"][0] | {"extraData": {}}
    assert found["signatureRequests"][0] == {
        "_instance_id": found["signatureRequests"][0]["_instance_id"],
        **request,
    }
    (signer,) = found["signerGroups"][0]["signers"]
    assert {n: v for n, v in signer.items() if v is not None and n != "_instance_id"} == given[
        "signerGroups"
    ][0]["signers"][0]
    assert dst["signatures"] == dst["resources"] == []
    assert dst["tags"] == dst["visibleTo"] == dst["ccGroups"] == dst["ccUsers"] == []
    assert dst["extraData"] == {}, "st_ is ours to say"
    assert today.post(f"/DST/{dst['id']}/publish").status_code == 409, "it has no file"


def test_the_example_signed(today: Today) -> None:
    """The documented transaction goes through to the end once its file is there: it is put back as it was given, with the file."""
    dst = json_of(today.post("/DSTs", EXAMPLE), 201)
    made = upload(today, dst["id"])
    dst["documents"][0]["plainDocumentUuid"] = made["resources"][0]["id"]
    dst = json_of(today.put(f"/DST/{dst['id']}", dst))
    assert today.post(f"/DST/{dst['id']}/publish").status_code == 200
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "toSign", "a SignatureForm is never to be filled in, whatever toFill says"
    ticket(dst).sign()
    run_jobs()
    assert today.read(f"/DST/{dst['id']}")["status"] == "signed"


def test_put_of_what_was_got_changes_nothing(today: Today) -> None:
    dst = draft(
        today,
        two_signers(),
        document(),
        tags=["boats"],
        extraData={"order": 7, "dst_urlback": "https://crm.example/x"},
    )
    again = json_of(today.put(f"/DST/{dst['id']}", dst))
    assert without_times(again) == without_times(dst)


def without_times(dst: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dst.items() if name != "updatedAt"}


def test_a_put_publishes_nothing(today: Today) -> None:
    dst = draft(today)
    assert json_of(today.put(f"/DST/{dst['id']}", dst | {"status": "published"}))["status"] == "draft"


# --- enums ---------------------------------------------------------------------------------------
def test_enums_are_ours() -> None:
    enums = CONTRACT["enums"]
    assert enums["DSTStatus"] == [*wire.STATUSES]
    assert set(states.STATUS) == set(EnvelopeState), "total"
    assert enums["DocumentStatus"] == [*get_args(wire.DocumentStatus)]
    assert enums["SignatureStatus"] == [*get_args(wire.SignatureStatus)]
    assert enums["FormType"] == [*planning.FORM_TYPES]
    assert enums["SignProfile"] == [*planning.PROFILES]
    assert enums["AuditEvent"] == [*get_args(wire.AuditEvent)]
    assert enums["NotificationEvent"] == [*get_args(wire.NotificationEvent)]
    assert set(enums["NotificationEvent"]) == set(notifications._EVENTS.values())
    assert set(inbox.EVENTS) <= set(notifications._EVENTS)
    said = {event for kinds in trail._KINDS.values() for event, _ in kinds} | {
        e for e, _ in trail._ENDED.values()
    }
    assert said == set(enums["AuditEvent"]) - {"event_upload_alfresco"}, "that store is not ours"


def test_every_form_and_profile_is_echoed(today: Today) -> None:
    forms = [
        TEXT_FORM
        | {"id": n, "type": kind, "extraData": {"text": "I have read it", "signatureRequestId": "0"}}
        for n, kind in enumerate(CONTRACT["enums"]["FormType"])
    ]
    requests = [
        {"id": n, "signerId": 0, "signProfile": p} for n, p in enumerate(CONTRACT["enums"]["SignProfile"])
    ]
    dst = draft(today, document(forms=forms, signatureRequests=requests))
    (found,) = dst["documents"]
    assert [f["type"] for f in found["forms"]] == CONTRACT["enums"]["FormType"]
    assert all(f["extraData"]["signatureRequestId"] == "0" for f in found["forms"]), "as it was sent"
    assert [r["signProfile"] for r in found["signatureRequests"]] == CONTRACT["enums"]["SignProfile"]


# --- the state machine ---------------------------------------------------------------------------
def test_every_state_has_its_word(today: Today) -> None:
    """Each word of the contract is shown, and found by `$filter`, for some row of the core; every row has exactly one."""
    dst = draft(today)
    shown = set()
    for state in EnvelopeState:
        for phase in Phase if state == EnvelopeState.SENT else [Phase.NONE]:
            for ready in (False, True):
                Envelope.objects.filter(pub=dst["id"]).update(state=state, phase=phase, send_when_ready=ready)
                row = Envelope.objects.get(pub=dst["id"])
                word = states.status(row)
                mine = Envelope.objects.filter(pk=row.pk)
                assert [w for w in wire.STATUSES if mine.filter(states.with_status(w)).exists()] == [word]
                shown.add(word)
    assert shown == set(wire.STATUSES)
    assert today.read("/DSTs", {"$filter": f"status=={word}"})["values"][0]["status"] == word


def test_states_without_anything_to_fill(today: Today) -> None:
    dst = draft(today)
    assert dst["status"] == "draft"
    dst = json_of(today.post(f"/DST/{dst['id']}/publish"))
    assert dst["status"] == "published", "while pages are made final"
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("toSign", "filled")
    ticket(dst).sign()
    assert today.read(f"/DST/{dst['id']}")["status"] == "toSign", "until the files are sealed"
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("signed", "signed")
    assert [(s["status"], s["documentId"], s["signatureRequestId"]) for s in dst["signatures"]] == [
        ("signed", 0, 0)
    ]


def test_states_with_something_to_fill(today: Today) -> None:
    dst = filling(today)
    assert (dst["status"], dst["documents"][0]["status"]) == ("toFill", "plain")
    assert today.get(f"/DST/{dst['id']}/sign/0/0").status_code == 409, "not before that"
    found = json_of(fill(today, dst))
    assert found["status"] == "toFill", "until the pages are final"
    form = found["documents"][0]["forms"][1]
    assert (form["filled"], form["extraData"]) == (True, {"value": "Blue"})
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("toSign", "filled")
    assert fill(today, dst, "Red").status_code == 409, "what people sign stays"


def test_refused_for_good(today: Today) -> None:
    dst = published(today, two_signers())
    refuse(dst, 1)
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "rejected"
    (signature,) = dst["signatures"]
    assert (signature["status"], signature["declinedReason"]) == ("declined", "Not at this price")
    assert today.get(f"/DST/{dst['id']}/sign/0/0").status_code == 409


def test_left_out(today: Today) -> None:
    """A signature that may be left out is refused, and the others go on; where all are, the transaction is rejected."""
    dst = published(today, two_signers(declinable=True, groups=2))
    assert today.get(f"/DST/{dst['id']}/sign/0/1").status_code == 409, "after the first group"
    refuse(dst, 0)
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "toSign"
    assert [s["status"] for s in dst["signatures"]] == ["declined"]
    ticket(dst, 1).sign()
    run_jobs()
    assert today.read(f"/DST/{dst['id']}")["status"] == "signed"
    dst = published(today, two_signers(declinable=True))
    refuse(dst, 0)
    refuse(dst, 1)
    assert today.read(f"/DST/{dst['id']}")["status"] == "rejected"


@pytest.mark.parametrize("forms", [(), (TEXT_FORM,)], ids=["toSign", "toFill"])
def test_expired(forms: tuple[dict[str, Any], ...], today: Today) -> None:
    dst = published(today, document(forms=[*document()["forms"], *forms]))
    expires = datetime.fromisoformat(dst["expiresAt"])
    assert expires - datetime.fromisoformat(dst["createdAt"]) == timedelta(days=30)
    organization = today.user.organization
    organization.clock_offset = timedelta(days=31)
    organization.save()
    from undersigned.envelopes.expire_envelope import expire_envelope

    assert expire_envelope(envelope_of(dst).pk)
    assert today.read(f"/DST/{dst['id']}")["status"] == "expired"


def test_rows_of_the_state_machine_are_known() -> None:
    """Those that are not above belong to templates, robots and sources (`test_signingtoday_templates`)."""
    here = {
        ("draft", "publish", "published"),
        ("published", "automatic, not a template, some form toFill", "toFill"),
        ("published", "automatic, not a template, nothing to fill", "toSign"),
        ("toFill", "last form filled", "toSign"),
        ("toSign", "last signature done (or declined where declinable)", "signed"),
        ("toSign", "signature that is not declinable refused", "rejected"),
        ("toFill", "expiresAt reached", "expired"),
        ("toSign", "expiresAt reached", "expired"),
    }
    rest = {tuple(row) for row in CONTRACT["state_machine"]} - here
    assert {event.partition(" ")[0].rstrip(",") for _, event, _ in rest} == {
        "POST", "robot", "all", "download", "modify", "replace",
    }  # fmt: skip


# --- files ---------------------------------------------------------------------------------------
def test_all_files_can_be_fetched(today: Today) -> None:
    dst = finished(today, document(), document())
    for one in dst["documents"]:
        plain, filled, signed = (one[f"{kind}DocumentUuid"] for kind in ("plain", "filled", "signed"))
        assert len({plain, filled, signed}) == 3
        assert {plain, filled, signed} <= {r["id"] for r in dst["resources"]}
        for pub in (plain, filled, signed):
            response = today.get(f"/resource/{pub}")
            assert b"".join(response).startswith(b"%PDF-")  # type: ignore[arg-type]
            assert " " not in re.search(r"filename=\S+", response["Content-Disposition"])[0].strip('"')  # type: ignore[index]
            assert today.get(f"/pdfResource/{pub}/thumbs", {"page": 1})["Content-Type"] == "image/jpeg"
    response = today.get(f"/DST/{dst['id']}/resources")
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:  # type: ignore[arg-type]
        assert len(set(archive.namelist())) == 6
        assert archive.testzip() is None


def test_thumbnails(today: Today) -> None:
    pub = draft(today)["resources"][0]["id"]
    path = f"/pdfResource/{pub}/thumbs"
    for width in (16, 99, 2400):
        response = today.get(path, {"page": 1, "width": width})
        assert response.content.startswith(b"\xff\xd8\xff")
        assert "private" in response["Cache-Control"]
    assert today.get(path, {"page": 2}).status_code == 404
    for query in ({"page": 1, "width": 15}, {"page": 1, "width": 2401}, {"page": 0}, {}):
        assert today.get(path, query).status_code == 400


def test_documents_change_places_and_ids_stay_with_the_places(today: Today) -> None:
    dst = draft(today, document(id=4), two_signers() | {"id": 9})
    first, second = dst["documents"]
    found = json_of(today.post(f"/DST/{dst['id']}/doc/4/swap", query={"targetDocId": 9}))["documents"]
    assert [d["id"] for d in found] == [4, 9]
    assert [d["plainDocumentUuid"] for d in found] == [
        second["plainDocumentUuid"],
        first["plainDocumentUuid"],
    ]
    assert [len(d["signatureRequests"]) for d in found] == [2, 1], "the plan goes along"
    assert {f["documentId"] for f in found[1]["forms"]} == {9}


def test_another_file_behind_a_document(today: Today) -> None:
    dst = draft(today, two_signers())
    parts = {"file": pdf("new.pdf"), "filename": "new.pdf", "title": "New", "actionType": "replace"}
    (one,) = json_of(today.upload("POST", f"/DST/{dst['id']}/doc/0/resource", parts))["documents"]
    (former,) = dst["documents"]
    assert one["plainDocumentUuid"] != former["plainDocumentUuid"]
    assert len(one["signatureRequests"]) == 2
    parts |= {"file": pdf("third.pdf"), "actionType": "clone_and_replace"}
    kept, added = json_of(today.upload("POST", f"/DST/{dst['id']}/doc/0/resource", parts))["documents"]
    assert kept == one
    assert (added["id"], len(added["signatureRequests"])) == (1, 2)
    assert added["plainDocumentUuid"] != kept["plainDocumentUuid"]
    gone = json_of(today.delete(f"/DST/resource/{kept['plainDocumentUuid']}"))
    assert [d["id"] for d in gone["documents"]] == [1]
    assert [r["id"] for r in gone["resources"]] == [added["plainDocumentUuid"]]


def test_a_file_is_described(today: Today) -> None:
    dst = draft(today)
    pub = dst["resources"][0]["id"]
    said = {"title": "Sales Contract", "filename": "contract 2.pdf", "extraData": {"toSign": True}}
    assert today.put(f"/resource/{pub}", said).status_code == 204
    (found,) = today.read(f"/DST/{dst['id']}")["resources"]
    assert {name: found[name] for name in said} == said


# --- notes, notifications, audit -----------------------------------------------------------------
def test_notes(today: Today, today_colleague: Today) -> None:
    dst = draft(today, visibleTo=[str(today_colleague.user.pub)])["id"]
    note = json_of(today_colleague.post(f"/DST/{dst}/note", {"text": "Which boat?"}))
    assert (note["dstId"], note["userId"]) == (dst, str(today_colleague.user.pub))
    answer = json_of(today.post(f"/DST/{dst}/note", {"text": "The red one."}))
    sample = OPERATIONS["updateNote"]["request"]["example"]
    changed = json_of(today.put(f"/DST/{dst}/note/{answer['id']}", sample))
    assert changed == answer | {"text": sample["text"]}, "only the text; the id of the path counts"
    assert today.read(f"/DST/{dst}/note") == [note, changed]
    assert today.put(f"/DST/{dst}/note/{note['id']}", {"text": "No"}).status_code == 403
    assert today_colleague.delete(f"/DST/{dst}/note/{note['id']}").status_code == 204
    assert today_colleague.delete(f"/DST/{dst}/note/{note['id']}").status_code == 404
    events = [n["event"] for n in today.read("/notifications/dsts")["values"]]
    assert events == ["dst_alert_note_deleted", "dst_alert_note_added"], "of others' notes, the newest first"
    events = [n["event"] for n in today_colleague.read("/notifications/dsts")["values"]]
    assert events == ["dst_alert_note_modified", "dst_alert_note_added"]
    assert today.delete(f"/notifications/dst/{dst}").status_code == 204
    assert today.read("/notifications/dsts", {"$count": "true"}) == {"count": 0, "values": []}
    assert len(today_colleague.read("/notifications/dsts")["values"]) == 2, "each has their own"
    records = today.read(f"/DST/{dst}/audit")
    assert [(r["event"], r["noteId"]) for r in records] == [
        ("event_note_add", note["id"]), ("event_note_add", answer["id"]),
        ("event_note_modify", answer["id"]), ("event_note_delete", note["id"]),
    ]  # fmt: skip


def test_audit(today: Today) -> None:
    dst = filling(today)
    fill(today, dst)
    run_jobs()
    assert today.post(f"/DST/{dst['id']}/notify").status_code == 204
    refuse(dst)
    records = today.read(f"/DST/{dst['id']}/audit")
    assert [r["event"] for r in records] == [
        "event_published", "stage_to_fill", "event_form_fill", "stage_to_sign", "event_solicitation", "event_rejection", "stage_rejected",
    ]  # fmt: skip
    assert [r["at"] for r in records] == sorted(r["at"] for r in records)
    of = {r["event"]: r for r in records}
    assert (of["event_form_fill"]["documentId"], of["event_form_fill"]["fillableFormId"]) == (0, 7)
    assert (of["event_rejection"]["documentId"], of["event_rejection"]["signatureRequestId"]) == (0, 0)
    assert of["event_rejection"]["signer"]["email"] == "adam.smith@email.com"
    assert "Not at this price" in of["event_rejection"]["value"]
    assert len({r["_instance_id"] for r in records}) == len(records)


def test_notifications_of_what_is_asked(today: Today) -> None:
    me = {"id": 0, "userUUID": str(today.user.pub)}
    forms = [*document()["forms"], TEXT_FORM]
    dst = published(today, document(forms=forms, signerGroups=[{"signers": [me]}]))
    fill(today, dst)
    run_jobs()
    ticket(dst).sign()
    run_jobs()
    found = today.read("/notifications/dsts", {"$top": 3})["values"]
    assert [n["event"] for n in found] == ["dst_status_signed", "dst_alert_sign", "dst_alert_fill"]
    assert {n["dstId"] for n in found} == {dst["id"]}
