"""Transactions of the Signing Today API against its contract, `contracts/signingtoday.json`: every operation, example, status, member and
enum value that has to do with them. Their state machine is in `test_signingtoday_states`.

The contract drives: a response or an enum value for which there is no scene here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, get_args

import pytest
from django.http import HttpResponse

from undersigned.accounts.models import User
from undersigned.dialects.signingtoday import dst_wire as wire
from undersigned.dialects.signingtoday import notifications, planning, states, trail
from undersigned.dialects.signingtoday.api import openapi
from undersigned.envelopes import comment, inbox
from undersigned.envelopes.models import EnvelopeState

from .signers import run_jobs
from .today_caller import Today
from .today_contract import CONTRACT, EXAMPLE, OPERATIONS, call, has_members, is_like
from .today_dsts import (
    TEXT_FORM,
    UUID,
    document,
    draft,
    envelope_of,
    fill,
    filling,
    json_of,
    published,
    ticket,
    two_signers,
    upload,
)
from .today_people import signer_of

pytestmark = [pytest.mark.django_db]
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
