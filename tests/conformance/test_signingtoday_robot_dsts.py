"""Transactions that robots make at Signing Today: files inside the call or fetched from an address, people for a template's roles."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.conf import LazySettings

from tests.pdfs import make_pdf
from undersigned.accounts import endpoints
from undersigned.base.http_auth import HttpAuth
from undersigned.delivery.models import Message
from undersigned.envelopes.models import AuditEvent, Envelope
from undersigned.jobs.models import Job

from .file_server import FileServer, serving
from .signers import run_jobs
from .today_caller import Today
from .today_dsts import document, json_of
from .today_templates import ADAM, PRICE, embedded, roles, template, with_role

pytestmark = [pytest.mark.django_db]


def fetched(url: str, **members: Any) -> dict[str, Any]:
    body = embedded(**members)
    body["documents"][0]["resource"]["source"] = {"type": "URL", "sourceURL": url}
    return body


@pytest.fixture
def server(settings: LazySettings) -> Iterator[FileServer]:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    with serving() as found:
        yield found


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
