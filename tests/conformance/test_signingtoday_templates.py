"""Templates and copies of the Signing Today API; and its contract's operations on templates, robots' transactions and sheets.

More of the robots is in `test_signingtoday_robot_dsts`, of the sheets in `test_signingtoday_sheets`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.http import HttpResponse

from undersigned.accounts.models import User
from undersigned.dialects.signingtoday.api import openapi

from .signers import run_jobs
from .today_caller import Today
from .today_contract import OPERATIONS, call, has_members, is_like
from .today_dsts import draft, envelope_of, json_of, published, refuse, ticket
from .today_people import signer_of
from .today_templates import ADAM, by_file, roles, table, template

pytestmark = [pytest.mark.django_db]
OURS = [
    "instantiateDST",
    "instantiateDSTByFile",
    "modifyDST",
    "templatizeDST",
    "replaceDST",
    "cloneDST",
    "listInstantiationGroups",
    "createTemplateByFile",
    "getGroupResources",
    "robotCreateDST",
    "robotInstantiateDST",
]
Scene = Callable[[Today], HttpResponse]


def rejected(today: Today) -> Any:
    dst = published(today)
    refuse(dst)
    return dst


# --- what the contract says ------------------------------------------------------------------------
def on(operation: str, make: Callable[[Today], Any]) -> Scene:
    return lambda today: call(today, operation, id=make(today)["id"])


def a_group(today: Today) -> Any:
    return json_of(by_file(today, template(today)["id"], table(2)))


def forbidden(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        if operation in ("modifyDST", "replaceDST"):
            dst = template(today, publicTemplate=True)
            other = User.objects.create_user(today.user.organization, "rita", name="Rita")
            return call(today.as_user(other), operation, id=dst["id"])
        sig = signer_of(today)
        if operation == "listInstantiationGroups":
            return sig.get("/DSTs/byFile", {"userId": str(today.user.pub)})
        if operation in ("createTemplateByFile", "robotCreateDST"):
            return call(sig, operation)
        dst = template(today)
        envelope_of(dst).grants.create(user=sig.user, right="see")
        return call(sig, operation, id=dst["id"])

    return scene


SCENES: dict[tuple[str, int], Scene] = {
    ("instantiateDST", 200): on("instantiateDST", template),
    ("instantiateDST", 409): on("instantiateDST", draft),
    ("instantiateDSTByFile", 200): lambda today: by_file(today, template(today)["id"], table(2)),
    ("modifyDST", 200): on("modifyDST", template),
    ("modifyDST", 409): on("modifyDST", draft),
    ("templatizeDST", 200): on("templatizeDST", template),
    ("templatizeDST", 409): on("templatizeDST", published),
    ("replaceDST", 200): on("replaceDST", rejected),
    ("replaceDST", 409): on("replaceDST", published),
    ("cloneDST", 200): on("cloneDST", published),
    ("listInstantiationGroups", 200): lambda today: (a_group(today), today.get("/DSTs/byFile", {"$count": "true"}))[1],
    ("createTemplateByFile", 200): lambda today: call(today, "createTemplateByFile"),
    ("getGroupResources", 200): lambda today: call(
        today, "getGroupResources", id=a_group(today)["instantiationGroup"]
    ),
    ("robotCreateDST", 200): lambda today: call(today, "robotCreateDST"),
    ("robotCreateDST", 400): lambda today: today.post("/robot/DSTs", {"title": "", "documents": [{}], "status": "signed"}),
    ("robotInstantiateDST", 200): lambda today: call(today, "robotInstantiateDST", id=template_for_anna(today)["id"]),
    ("robotInstantiateDST", 400): lambda today: today.post(
        f"/robot/DST/{template(today)['id']}/instantiate", {"rolesMapping": roles(Nobody=ADAM)}
    ),
    ("robotInstantiateDST", 409): lambda today: today.post(f"/robot/DST/{draft(today)['id']}/instantiate"),
    **{(o, 403): forbidden(o) for o in OURS},
}  # fmt: skip
NEVER = {("robotCreateDST", 404), ("robotCreateDST", 409)}
"""It names nothing that could be missing, and makes something new."""
RESPONSES = [
    (operation, response["status"])
    for operation in OURS
    for response in OPERATIONS[operation]["responses"]
    if response["status"] not in (401, 404, 500) and (operation, response["status"]) not in NEVER
]


def template_for_anna(today: Today) -> Any:
    """The vendor's example names a user by an id, and patches the documents."""
    example = OPERATIONS["robotInstantiateDST"]["request"]["example"]
    today.user.pub = example["rolesMapping"][0]["signer"]["userUUID"]
    today.user.save()
    return template(today)


@pytest.mark.parametrize(("operation", "status"), RESPONSES, ids=str)
def test_documented_response(operation: str, status: int, today: Today) -> None:
    if (operation, status) == ("robotInstantiateDST", 200):
        # The documents of the example have no role in them: the mapping is for the template's.
        example = deepcopy(OPERATIONS[operation]["request"]["example"])
        dst = template_for_anna(today)
        assert today.post(f"/robot/DST/{dst['id']}/instantiate", example).status_code == 400
        example["templatePatches"]["documents"] = None
        response = today.post(f"/robot/DST/{dst['id']}/instantiate", example)
    else:
        response = SCENES[operation, status](today)
    documented = next(r for r in OPERATIONS[operation]["responses"] if r["status"] == status)
    content = b"".join(response)  # type: ignore[arg-type]
    assert response.status_code == status, content
    if status == 400:
        for one in json.loads(content):
            is_like(one, "ErrorResponse")
            assert one["target"]
    elif status in (401, 403, 409):
        is_like(json.loads(content), "ErrorResponse")
    elif documented["content_type"] == "application/json":
        if "sdk_schema" in documented:
            is_like(json.loads(content), documented["sdk_schema"])
        has_members(json.loads(content), documented["example"])
    else:
        assert response["Content-Type"] == documented["content_type"]
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_nobody_and_nothing(today: Today) -> None:
    token = today.token
    for operation in OURS:
        today.token = ""
        assert call(today, operation).status_code == 401, operation
        today.token = token
        if "{id}" in OPERATIONS[operation]["path"]:
            response = call(today, operation)
            assert (response.status_code, response.content) == (404, b""), operation


@pytest.mark.parametrize("operation", OURS)
def test_refused_to_who_only_signs_or_only_sees(operation: str, today: Today) -> None:
    if operation == "getGroupResources":  # for who does not own it there is none
        group = a_group(today)["instantiationGroup"]
        assert call(signer_of(today), operation, id=group).status_code == 404
        return
    response = forbidden(operation)(today)
    assert response.status_code == 403, response.content
    is_like(json.loads(response.content), "ErrorResponse")


def test_tenants_are_apart(today: Today, today_stranger: Today) -> None:
    dst = template(today, publicTemplate=True)
    group = json_of(by_file(today, dst["id"], table(1)))["instantiationGroup"]
    for operation in OURS:
        if "{id}" in OPERATIONS[operation]["path"]:
            wanted = group if operation == "getGroupResources" else dst["id"]
            assert call(today_stranger, operation, id=wanted).status_code == 404, operation
    assert today_stranger.read("/DSTs/byFile")["values"] == []
    assert today_stranger.read("/DSTs", {"template": "true"})["values"] == []
    # Accounts of others are nobody here.
    other = {"userUUID": str(today_stranger.user.pub)}
    response = today.post(f"/robot/DST/{dst['id']}/instantiate", {"rolesMapping": roles(Buyer=other)})
    assert [f["target"] for f in json_of(response, 400)] == ["rolesMapping[0].signer.userUUID"]


@pytest.mark.parametrize("operation", OURS)
def test_described(operation: str) -> None:
    one = OPERATIONS[operation]
    paths = {
        path.replace("{dst_id}", "{id}").replace("{group_id}", "{id}"): m
        for path, m in openapi()["paths"].items()
    }
    described = paths["/api" + one["path"]][one["method"].lower()]
    never = {str(status) for name, status in NEVER if name == operation}
    assert {str(r["status"]) for r in one["responses"]} - never <= {str(s) for s in described["responses"]}
    named = {p["name"] for p in one["parameters"] if p["in"] == "query"}
    assert named <= {p["name"] for p in described.get("parameters", []) if p["in"] == "query"}


# --- templates and copies ----------------------------------------------------------------------------
def test_the_life_of_a_template(today: Today, today_colleague: Today) -> None:
    private = template(today)
    assert today_colleague.post(f"/DST/{private['id']}/instantiate").status_code == 404
    dst = template(today, tags=["sales"], ccUsers=[str(today_colleague.user.pub)])
    assert (dst["status"], dst["template"]) == ("published", True)
    instance = json_of(today.post(f"/DST/{dst['id']}/instantiate"))
    assert (instance["status"], instance["template"], instance["tags"]) == ("draft", False, ["sales"])
    assert instance["ccUsers"] == [str(today_colleague.user.pub)]
    assert instance["resources"][0]["id"] != dst["resources"][0]["id"]
    assert today.post(f"/DST/{instance['id']}/publish").status_code == 400, "nobody is the buyer yet"
    further = json_of(today.post(f"/DST/{dst['id']}/templatize"))
    assert (further["status"], further["template"]) == ("draft", True)
    assert json_of(today.post(f"/DST/{dst['id']}/modify"))["status"] == "draft"
    assert today.post(f"/DST/{dst['id']}/instantiate").status_code == 409
    json_of(today.put(f"/DST/{dst['id']}", {"title": "For all", "template": True, "publicTemplate": True,
                                            "documents": dst["documents"]}))  # fmt: skip
    assert json_of(today.post(f"/DST/{dst['id']}/publish"))["publicTemplate"]
    seen = today_colleague.read("/DSTs", {"template": "true"})["values"]
    assert dst["id"] in [one["id"] for one in seen]
    assert private["id"] not in [one["id"] for one in seen]
    theirs = json_of(today_colleague.post(f"/DST/{dst['id']}/instantiate"))
    assert theirs["createdByUser"] == str(today_colleague.user.pub)
    assert today_colleague.post(f"/DST/{dst['id']}/modify").status_code == 403
    file = theirs["documents"][0]["plainDocumentUuid"]
    assert b"".join(today_colleague.get(f"/resource/{file}")).startswith(b"%PDF-")  # type: ignore[arg-type]


def test_a_rejected_transaction_is_replaced_once(today: Today) -> None:
    dst = rejected(today)
    new = json_of(today.post(f"/DST/{dst['id']}/replace"))
    assert (new["status"], new["replaces"], new["signatures"]) == ("draft", dst["id"], [])
    old = today.read(f"/DST/{dst['id']}")
    assert (old["status"], old["replacedBy"]) == ("rejected", new["id"])
    assert today.post(f"/DST/{dst['id']}/replace").status_code == 409
    assert "event_replacement" in [e["event"] for e in today.read(f"/DST/{dst['id']}/audit")]
    assert json_of(today.post(f"/DST/{new['id']}/publish"))["status"] == "published"


def test_a_clone_of_what_was_signed(today: Today) -> None:
    dst = published(today)
    ticket(dst).sign()
    run_jobs()
    new = json_of(today.post(f"/DST/{dst['id']}/clone"))
    assert (new["status"], new["signatures"], new["replaces"]) == ("draft", [], None)
    assert new["documents"][0]["status"] == "plain"
    assert "st_uuid" not in new["documents"][0]["signatureRequests"][0]["extraData"]
    again = today.post(f"/DST/{dst['id']}/clone", None, Idempotency_Key="one")
    assert (
        json_of(again)["id"]
        == json_of(today.post(f"/DST/{dst['id']}/clone", None, Idempotency_Key="one"))["id"]
    )
