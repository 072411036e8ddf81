"""Templates, copies, robots' transactions and sheets of the Signing Today API, against its contract and beyond it."""

from __future__ import annotations

import base64
import io
import json
import secrets
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pikepdf
import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from openpyxl import Workbook, load_workbook

from tests.pdfs import make_pdf
from undersigned.accounts import endpoints
from undersigned.accounts.models import User
from undersigned.base.http_auth import HttpAuth
from undersigned.delivery.models import Message
from undersigned.dialects.signingtoday.api import openapi
from undersigned.envelopes.models import AuditEvent, Envelope, EnvelopeState
from undersigned.jobs.models import Job

from .file_server import FileServer, serving
from .signers import run_jobs
from .today_caller import Today
from .today_contract import EXAMPLE, OPERATIONS, call, has_members, is_like
from .today_dsts import TEXT_FORM, document, draft, envelope_of, json_of, pdf, published, refuse, ticket
from .today_people import signer_of

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
BUYER = {"id": 0, "templateLabel": "Buyer", "role": "signer"}
PRICE = TEXT_FORM | {"extraData": {"label": "price"}}
ADAM = {"name": "Adam", "surname": "Smith", "email": "adam.smith@email.com"}


def with_role(**members: Any) -> dict[str, Any]:
    return document(signerGroups=[{"label": "Group 1", "signers": [BUYER]}], **members)


def template(today: Today, **members: Any) -> Any:
    """Published: somebody signs as the Buyer."""
    made = draft(today, members.pop("document", with_role()), template=True, **members)
    return json_of(today.post(f"/DST/{made['id']}/publish"))


def rejected(today: Today) -> Any:
    dst = published(today)
    refuse(dst)
    return dst


def workbook(rows: list[list[Any]], name: str = "sheet.xlsx") -> SimpleUploadedFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return SimpleUploadedFile(name, data.getvalue())


def table(count: int) -> list[list[Any]]:
    head = ["Buyer.name", "Buyer.surname", "Buyer.email", "price", "title"]
    return [head, *(["Maria", f"Rossi {n}", f"m{n}@example.com", n, f"Sale {n}"] for n in range(count))]


def by_file(
    today: Today, dst: str, rows: list[list[Any]], query: dict[str, Any] | None = None, **parts: Any
) -> HttpResponse:
    return today.upload("POST", f"/DST/{dst}/instantiate/byFile", {"file": workbook(rows)} | parts, query)


def embedded(data: bytes | None = None, **members: Any) -> dict[str, Any]:
    """A transaction whose file is inside."""
    body = deepcopy(OPERATIONS["robotCreateDST"]["request"]["example"])
    source = {"type": "Embedded", "embeddedData": base64.b64encode(data or make_pdf()).decode()}
    body["documents"][0]["resource"]["source"] = source
    return body | members


def fetched(url: str, **members: Any) -> dict[str, Any]:
    body = embedded(**members)
    body["documents"][0]["resource"]["source"] = {"type": "URL", "sourceURL": url}
    return body


def roles(**players: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"roleName": name, "signer": player} for name, player in players.items()]


@pytest.fixture
def server(settings: LazySettings) -> Iterator[FileServer]:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    with serving() as found:
        yield found


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


# --- robots --------------------------------------------------------------------------------------------
def test_a_robot_brings_files_inside(today: Today) -> None:
    body = embedded(status="draft")
    body["documents"].append(deepcopy(body["documents"][0]))
    body["documents"][1]["resource"] |= {"filename": "second.pdf", "resourceType": ["PDF_Document"]}
    made = json_of(today.post("/robot/DSTs", body))
    assert (made["status"], len(made["documents"]), len(made["resources"])) == ("draft", 2, 2)
    assert [r["filename"] for r in made["resources"]] == ["contract.pdf", "second.pdf"]
    assert made["resources"][0]["title"] == "Sales Contract"
    assert made["expiresAt"].startswith("2030-04-25T12:00:00")
    published = json_of(today.post("/robot/DSTs", embedded()))
    assert published["status"] == "published"
    run_jobs()
    assert today.read(f"/DST/{published['id']}")["status"] == "toSign"
    assert json_of(today.post("/robot/DSTs", {"title": "Bare"}))["documents"] == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"type": "Embedded", "embeddedData": "no base64!"}, "embeddedData"),
        ({"type": "Embedded", "embeddedData": ""}, "embeddedData"),
        ({"type": "Embedded"}, "embeddedData"),
        ({"type": "Embedded", "embeddedData": "aGVsbG8="}, "embeddedData"),
        ({"type": "Embedded", "embedded\\u0044ata": "0"}, "embeddedData"),
        ({"type": "URL"}, "sourceURL"),
        ({"type": "URL", "sourceURL": "file:///etc/passwd"}, "sourceURL"),
        ({"type": "URL", "sourceURL": "http://user:secret@example.com/x.pdf"}, "sourceURL"),
        ({"type": "FTP"}, "type"),
    ],
)
def test_sources_that_are_none(source: dict[str, str], said: str, today: Today) -> None:
    body = embedded()
    body["documents"][0]["resource"]["source"] = source
    faults = json_of(today.post("/robot/DSTs", body), 400)
    assert [f["target"] for f in faults] == [f"documents[0].resource.source.{said}"]
    assert not Envelope.objects.exists()


def test_nothing_is_made_of_what_cannot_be_published(today: Today) -> None:
    body = embedded()
    body["documents"][0]["forms"][0] |= {"page": 9, "invisible": False}
    faults = json_of(today.post("/robot/DSTs", body), 400)
    assert [f["target"] for f in faults] == ["documents[0].forms[0].page"]
    assert not Envelope.objects.exists()
    # What can be known before a file was fetched is said at once.
    late = fetched("http://files.example/x.pdf")
    late["documents"][0]["signerGroups"] = []
    assert json_of(today.post("/robot/DSTs", late), 400)
    assert not Job.objects.filter(kind="fetch_source").exists()


@pytest.mark.parametrize("as_object", [False, True])
@pytest.mark.parametrize("path", ["/robot/DST/{}/instantiate", "/robot/{}/instantiate"])
def test_a_robot_names_people_for_roles(
    path: str, as_object: bool, today: Today, today_colleague: Today
) -> None:
    dst = template(today, publicTemplate=True, document=with_role(forms=[*document()["forms"], PRICE]))
    carl = today_colleague.user
    carl.template_data = {"Price": "12 €"}
    carl.save()
    mapping = {"BUYER": {"userUUID": str(carl.pub)}}
    body = {
        "templatePatches": {
            "status": "published",
            "title": "Sold",
            "tags": ["x"],
            "urgent": True,
            "documents": None,
        },
        "rolesMapping": mapping if as_object else roles(**mapping),
    }
    made = json_of(today_colleague.post(path.format(dst["id"]), body))
    assert (made["title"], made["tags"], made["urgent"], made["template"]) == ("Sold", ["x"], True, False)
    (signer,) = made["documents"][0]["signerGroups"][0]["signers"]
    assert (signer["email"], signer["userUUID"], signer["templateLabel"], signer["role"]) == (
        "carl@board.example", str(carl.pub), "Buyer", "signer",
    )  # fmt: skip
    text = made["documents"][0]["forms"][1]
    assert (text["extraData"]["value"], text["toFill"]) == ("12 €", False)
    run_jobs()
    assert today_colleague.read(f"/DST/{made['id']}")["status"] == "toSign"


def test_faults_of_roles(today: Today) -> None:
    dst = template(today)
    path = f"/robot/DST/{dst['id']}/instantiate"

    def targets(body: Any) -> list[str]:
        return [f["target"] for f in json_of(today.post(path, body), 400)]

    assert targets({"rolesMapping": roles(Seller=ADAM)}) == ["rolesMapping[0].roleName"]
    assert targets({"rolesMapping": {"Seller": ADAM}}) == ["rolesMapping.Seller"]
    assert targets({"rolesMapping": [{"roleName": "Buyer"}]}) == ["rolesMapping[0].signer"]
    assert targets({"rolesMapping": roles(Buyer={"name": "A"})}) == ["rolesMapping[0].signer.email"]
    assert targets({"templatePatches": {"status": "signed", "tags": 5}}) == [
        "templatePatches.status",
        "templatePatches.tags",
    ]
    found = targets({"templatePatches": {"status": "published"}})
    assert all(t.startswith("documents[0].signerGroups[0].signers[0].") for t in found)
    assert Envelope.objects.count() == 1
    half = json_of(today.post(path))
    assert half["status"] == "draft"


def test_patched_documents_stand_in_the_place_of_the_templates(today: Today) -> None:
    dst = template(today)
    new = embedded()["documents"]
    made = json_of(today.post(f"/robot/{dst['id']}/instantiate", {"templatePatches": {"documents": new, "extraData": {"email_disabled": True}}}))  # fmt: skip
    assert [r["title"] for r in made["resources"]] == ["Sales Contract"]
    assert made["documents"][0]["signerGroups"][0]["signers"][0]["email"] == ADAM["email"]
    assert made["extraData"] == {"email_disabled": True}
    json_of(today.post(f"/DST/{made['id']}/publish"))
    run_jobs()
    assert not Message.objects.filter(channel="email").exists()


# --- files that are fetched ---------------------------------------------------------------------------
def test_files_are_fetched_with_the_robots_own_login(today: Today, server: FileServer) -> None:
    server.files = {"/a.pdf": make_pdf(pages=2), "/b.pdf": make_pdf()}
    server.login = "robot:secret"
    endpoints.keep_endpoint(
        today.user, "signingtoday", endpoints.Endpoint(auth=HttpAuth("basic", "robot", "secret"))
    )
    body = fetched(server.url("/a.pdf"))
    body["documents"].append(fetched(server.url("/b.pdf"))["documents"][0])
    made = json_of(today.post("/robot/DSTs", body))
    assert made["status"] == "downloadingInPublished"
    assert made["documents"][0]["plainDocumentUuid"]
    assert today.post(f"/DST/{made['id']}/publish").status_code == 409
    run_jobs()
    dst = today.read(f"/DST/{made['id']}")
    assert (dst["status"], dst["errorMessage"]) == ("toSign", None)
    plain = {d["plainDocumentUuid"]: d for d in dst["documents"]}
    assert {d["plainDocumentUuid"] for d in made["documents"]} == set(plain)
    assert [r["pages"] for r in dst["resources"] if r["id"] in plain] == [2, 1]
    assert sorted(server.asked) == ["/a.pdf", "/b.pdf"]
    assert AuditEvent.objects.filter(envelope__pub=made["id"], kind="fetched").count() == 2
    as_draft = json_of(today.post("/robot/DSTs", body | {"status": "draft"}))
    assert as_draft["status"] == "downloadingInDraft"
    run_jobs()
    assert today.read(f"/DST/{as_draft['id']}")["status"] == "draft"


@pytest.mark.parametrize(
    ("path", "said"),
    [("/none.pdf", "404"), ("/text.pdf", "not a PDF"), ("/large.pdf", "too large")],
)
def test_what_cannot_be_fetched_is_an_error(
    path: str, said: str, today: Today, server: FileServer, settings: LazySettings
) -> None:
    server.files = {"/text.pdf": b"hello", "/large.pdf": bytes(3 << 20)}
    settings.MAX_UPLOAD_BYTES = 2 << 20
    made = json_of(today.post("/robot/DSTs", fetched(server.url(path))))
    run_jobs()
    dst = today.read(f"/DST/{made['id']}")
    assert dst["status"] == "error"
    assert "contract.pdf" in dst["errorMessage"]
    assert said in dst["errorMessage"]
    assert len(server.asked) == 1, "asked no further"
    assert not Message.objects.filter(purpose__startswith="invitation").exists()
    # Begun anew, it tries again.
    server.files[path] = make_pdf()
    again = json_of(today.post(f"/DST/{made['id']}/clone"))
    assert again["status"] == "downloadingInDraft"
    run_jobs()
    assert today.read(f"/DST/{again['id']}")["status"] == "draft"


def test_what_is_not_there_now_is_asked_for_again(today: Today, server: FileServer) -> None:
    server.files, server.broken = {"/a.pdf": make_pdf()}, {"/a.pdf": 2}
    made = json_of(today.post("/robot/DSTs", fetched(server.url("/a.pdf"))))
    for _ in range(3):
        run_jobs()
        Job.objects.filter(kind="fetch_source", state="waiting").update(run_at="2020-01-01T00:00:00Z")
    assert today.read(f"/DST/{made['id']}")["status"] in ("published", "toSign")
    assert server.asked == ["/a.pdf"] * 3


def test_after_enough_attempts_it_is_an_error(today: Today, server: FileServer) -> None:
    server.files, server.broken = {"/a.pdf": make_pdf()}, {"/a.pdf": 99}
    made = json_of(today.post("/robot/DSTs", fetched(server.url("/a.pdf"))))
    for _ in range(8):
        run_jobs()
        Job.objects.filter(kind="fetch_source", state="waiting").update(run_at="2020-01-01T00:00:00Z")
    dst = today.read(f"/DST/{made['id']}")
    assert dst["status"] == "error"
    assert len(server.asked) == 8


def test_private_addresses_are_not_asked(today: Today, server: FileServer, settings: LazySettings) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    made = json_of(today.post("/robot/DSTs", fetched(server.url("/a.pdf"))))
    run_jobs()
    dst = today.read(f"/DST/{made['id']}")
    assert (dst["status"], server.asked) == ("error", [])
    assert "127.0.0.1" not in dst["errorMessage"]


def test_what_is_fetched_must_fit_the_plan(today: Today, server: FileServer) -> None:
    server.files = {"/a.pdf": make_pdf(pages=1)}
    body = fetched(server.url("/a.pdf"))
    body["documents"][0]["forms"][0] |= {"page": 2, "invisible": False}
    made = json_of(today.post("/robot/DSTs", body))
    run_jobs()
    dst = today.read(f"/DST/{made['id']}")
    assert dst["status"] == "error"
    assert "page" in dst["errorMessage"]


# --- sheets ----------------------------------------------------------------------------------------------
def test_a_thousand_rows(today: Today) -> None:
    dst = template(today, document=with_role(forms=[*document()["forms"], PRICE]))
    begun = time.monotonic()
    made = json_of(
        by_file(today, dst["id"], table(1000), {"publish": "True"}, title="Spring", tags='["2031"]')
    )
    print(f"1,000 rows in {time.monotonic() - begun:.1f} s")
    assert made["title"] == "Spring"
    assert len(set(made["dstIDs"])) == 1000
    one = today.read(f"/DST/{made['dstIDs'][7]}")
    assert (one["title"], one["tags"], one["status"]) == ("Sale 7", ["2031"], "downloadingInPublished")
    assert one["documents"][0]["forms"][1]["extraData"]["value"] == "7"
    (group,) = today.read("/DSTs/byFile")["values"]
    assert (group["instantiationGroupId"], group["templateId"], group["groupSize"]) == (
        made["instantiationGroup"], dst["id"], 1000,
    )  # fmt: skip


def test_three_bad_rows_of_a_thousand_make_nothing(today: Today) -> None:
    dst = template(today)
    rows = table(1000)
    rows[5][2], rows[500][:2], rows[1000][2] = "nonsense", ["", ""], ""
    for query in ({"dryRun": "true", "publish": "true"}, {"publish": "true"}):
        faults = json_of(by_file(today, dst["id"], rows, query), 400)
        assert [(f["target"], f["message"]) for f in faults] == [
            ("row 6 column Buyer.email", "Not valid"),
            ("row 501 column Buyer.name", "Required"),
            ("row 1001 column Buyer.email", "Required"),
        ]
    assert Envelope.objects.count() == 1
    assert not Message.objects.exists()
    assert not Job.objects.filter(kind="send_batch").exists()


def test_a_dry_run_makes_nothing(today: Today) -> None:
    dst = template(today)
    made = json_of(by_file(today, dst["id"], table(3), {"dryRun": "true"}))
    assert made == {"instantiationGroup": None, "title": dst["title"], "dstIDs": []}
    assert Envelope.objects.count() == 1


def test_a_group_is_counted_and_its_files_come_together(today: Today) -> None:
    dst = template(today)
    made = json_of(by_file(today, dst["id"], table(5), {"publish": "true"}))
    run_jobs()
    dsts = [today.read(f"/DST/{pub}") for pub in made["dstIDs"]]
    assert [d["status"] for d in dsts] == ["toSign"] * 5
    ticket(dsts[0]).sign()
    refuse(dsts[1])
    envelope_of(dsts[2]).__class__.objects.filter(pub=made["dstIDs"][2]).update(state=EnvelopeState.EXPIRED)
    envelope_of(dsts[3]).__class__.objects.filter(pub=made["dstIDs"][3]).update(state=EnvelopeState.FAILED)
    run_jobs()
    (group,) = today.read("/DSTs/byFile", {"$orderBy": "generatedAt,desc", "$top": 5})["values"]
    assert {k: v for k, v in group.items() if k.startswith(("inState", "groupSize"))} == {
        "groupSize": 5, "inStateSigned": 1, "inStateRejected": 1, "inStateExpired": 1, "inStateError": 1,
    }  # fmt: skip
    response = today.get(f"/DSTs/instantiationGroup/{made['instantiationGroup']}/resources")
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:  # type: ignore[arg-type]
        names = archive.namelist()
        assert len(names) == len({n.lower() for n in names}) == 5
        assert names[0].startswith("0001 Sale 0/")
        assert b"/ByteRange" in archive.read(names[0]), "the signed one"
        assert b"/ByteRange" not in archive.read(names[4])


def test_the_archive_is_never_held_as_a_whole(today: Today) -> None:
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf())) as heavy:
        heavy.Root.Weight = heavy.make_stream(secrets.token_bytes(1 << 20))
        heavy.save(data)
    body = embedded(data.getvalue(), template=True)
    body["documents"][0] |= {"forms": [], "signerGroups": [{"signers": [BUYER]}]}
    dst = json_of(today.post("/robot/DSTs", body))
    group = json_of(by_file(today, dst["id"], table(60)))["instantiationGroup"]
    response = today.get(f"/DSTs/instantiationGroup/{group}/resources")
    tracemalloc.start()
    size = sum(len(piece) for piece in response)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 60 << 20
    assert peak < 12 << 20, f"{peak >> 20} MB for an archive of {size >> 20} MB"


def test_as_csv_with_semicolons(today: Today) -> None:
    dst = template(today)
    data = "\ufeffbuyer.NAME;Buyer.Email\nÅsa;asa@example.com\n".encode()
    made = json_of(
        today.upload(
            "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("x.csv", data)}
        )
    )
    (pub,) = made["dstIDs"]
    assert today.read(f"/DST/{pub}")["documents"][0]["signerGroups"][0]["signers"][0]["name"] == "Åsa"


@pytest.mark.parametrize(
    ("data", "target"),
    [
        (b"", "file"),
        (b"\x89PNG\x00", "file"),
        (b"a,b\n1,2,3\n", "row 2 column C"),
        (b"Seller.email\nx@example.com\n", "row 1 column Seller.email"),
    ],
)
def test_what_is_no_sheet(data: bytes, target: str, today: Today) -> None:
    dst = template(today)
    response = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("x.csv", data or b" ")}
    )
    assert [f["target"] for f in json_of(response, 400)] == [target]
    missing = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": "/Users/user/template.csv"}
    )
    assert [f["target"] for f in json_of(missing, 400)] == ["file"]
    bad = by_file(today, dst["id"], table(1), tags='{"no": "array"}')
    assert [f["target"] for f in json_of(bad, 400)] == ["tags[0]"]


def test_the_sample_can_be_sent_back(today: Today) -> None:
    dst = template(today, document=with_role(forms=[*document()["forms"], PRICE]), title="=HYPERLINK(1)")
    response = today.get(f"/DST/{dst['id']}/instantiate/byFile")
    data = b"".join(response)  # type: ignore[arg-type]
    sheet = load_workbook(io.BytesIO(data)).active
    assert [c.value for c in sheet[1]][:2] == ["Buyer.name", "Buyer.surname"]
    assert "price" in [c.value for c in sheet[1]]
    assert all(c.data_type in ("s", "n") for row in sheet.iter_rows() for c in row), "nothing is a formula"
    back = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("s.xlsx", data)}
    )
    assert len(json_of(back)["dstIDs"]) == 1


def test_a_template_of_a_file(today: Today) -> None:
    made = json_of(today.upload("POST", "/DSTs/byFile", {"file": pdf("lease.pdf")}))
    assert (made["title"], made["template"], made["status"], len(made["documents"])) == (
        "lease",
        True,
        "draft",
        1,
    )
    assert made["resources"][0]["filename"] == "lease.pdf"
    made = json_of(today.upload("POST", "/DSTs/byFile", {"file": workbook(table(1), "sales.xlsx")}))
    (one,) = made["documents"]
    assert [s["templateLabel"] for g in one["signerGroups"] for s in g["signers"]] == ["Buyer"]
    assert [f["extraData"] for f in one["forms"]] == [{"label": "price"}]
    assert EXAMPLE["title"]
