"""Rules of Signing Today's transactions that no example shows: faults, people, tickets, lists, mails, what programs are told."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.queries import Queries
from undersigned.accounts.models import Group, User
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.dialects.signingtoday import events
from undersigned.envelopes.models import AuditEvent, Document, Envelope, EnvelopeTag
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.verify import verify_file

from .signers import run_jobs
from .today_caller import Today
from .today_contract import CONTRACT, EXAMPLE, is_like
from .today_dsts import (
    ADAM,
    TEXT_FORM,
    document,
    draft,
    envelope_of,
    fill,
    filling,
    finished,
    json_of,
    published,
    refuse,
    ticket,
    two_signers,
)

pytestmark = [pytest.mark.django_db]


# --- reading -------------------------------------------------------------------------------------
def test_every_fault_is_named(today: Today) -> None:
    body = {
        "title": "",
        "documents": [
            {
                "forms": [
                    {"id": 1, "type": "Stamp", "positionX": "far", "page": 0},
                    {"id": 1, "type": "TextForm", "width": True},
                ],
                "signatureRequests": [{"signProfile": "XAdES", "extraData": {"sign_urlback": "javascript:alert(1)"}}],
                "signerGroups": [{"signers": [{"id": 0, "email": "nobody", "userUUID": "7"}, {"id": 0, "name": "\u202eevil"}]}],
            },
            7,
        ],
        "tags": ["", "x" * 201],
        "expiresAt": "tomorrow",
        "visibleTo": ["737dc132-a3f0-41e9-a2a3-2a2ae2dbcce4"],
        "ccGroups": ["nobody"],
        "extraData": {"dst_urlback": "ftp://x", "email_disabled": "maybe"},
        "urgent": "perhaps",
    }  # fmt: skip
    targets = {one["target"] for one in json_of(today.post("/DSTs", body), 400)}
    assert targets == {
        "title", "documents[0].forms[0].type", "documents[0].forms[0].positionX", "documents[0].forms[0].page",
        "documents[0].forms[1].id", "documents[0].forms[1].width", "documents[0].signatureRequests[0].signerId",
        "documents[0].signatureRequests[0].signProfile", "documents[0].signatureRequests[0].extraData.sign_urlback",
        "documents[0].signerGroups[0].signers[0].email", "documents[0].signerGroups[0].signers[0].userUUID",
        "documents[0].signerGroups[0].signers[1].id", "documents[0].signerGroups[0].signers[1].name", "documents[1]",
        "tags[0]", "tags[1]", "expiresAt", "visibleTo", "ccGroups", "extraData.dst_urlback", "extraData.email_disabled", "urgent",
    }  # fmt: skip
    assert not Envelope.objects.exists()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _parts(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in the example something else can stand."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [path for key, one in inner for path in _parts(one, (*at, key))]


PATHS = _parts(EXAMPLE)


def test_whatever_stands_in_the_example(today: Today) -> None:
    """It is taken, and what comes out is a transaction; or it is refused with a place for each fault, and nothing has changed."""
    dst = draft(today)
    before = today.read(f"/DST/{dst['id']}")

    @given(st.lists(st.tuples(st.sampled_from(PATHS), _JSON), min_size=1, max_size=3))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def run(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        body = json.loads(json.dumps(EXAMPLE))
        for path, value in changes:
            holder = body
            try:
                for key in path[:-1]:
                    holder = holder[key]
                holder[path[-1]] = value
            except (TypeError, KeyError, IndexError):
                continue  # an earlier change took it away
        count = Envelope.objects.count()
        response = today.send("POST", "/DSTs", json.dumps(body, ensure_ascii=True).encode())
        assert response.status_code in (201, 400), response.content
        if response.status_code == 201:
            is_like(json.loads(response.content), "DigitalSignatureTransaction")
        else:
            assert Envelope.objects.count() == count
        put = today.send(
            "PUT", f"/DST/{dst['id']}", json.dumps(body | {"documents": [body.get("documents")]}).encode()
        )
        assert put.status_code == 400, put.content
        assert today.read(f"/DST/{dst['id']}") == before

    run()


def test_numbers_come_as_strings_too(today: Today) -> None:
    form = {"id": "3", "type": "SignatureForm", "positionX": "10.5", "positionY": 20, "width": "30", "height": "5.0", "page": "1",
            "signerId": "0", "extraData": {"signatureRequestId": "0"}}  # fmt: skip
    found = draft(today, document(forms=[form], id="2"))["documents"][0]
    (shown,) = found["forms"]
    assert (found["id"], shown["id"], shown["page"], shown["signerId"]) == (2, 3, 1, 0)
    assert (shown["positionX"], shown["positionY"], shown["width"], shown["height"]) == (10.5, 20, 30, 5)


def test_what_lies_off_the_page_is_moved_onto_it(today: Today) -> None:
    """The vendor's sample places a signature at 100 percent."""
    form = document()["forms"][0] | {"positionX": "100.00", "width": "10.1"}
    dst = finished(today, document(forms=[form]))
    assert dst["status"] == "signed"
    assert dst["documents"][0]["forms"][0]["positionX"] == 100, "as it was said"


def test_ids_that_are_left_out(today: Today) -> None:
    requests = [{"signerId": 0}, {"signerId": 1}]
    groups = [
        {"signers": [{n: v for n, v in ADAM.items() if n != "id"}]},
        {"signers": [{"name": "Bea", "email": "b@x.example"}]},
    ]
    found = draft(today, document(forms=[], signatureRequests=requests, signerGroups=groups))["documents"][0]
    assert [r["id"] for r in found["signatureRequests"]] == [0, 1]
    assert [s["id"] for g in found["signerGroups"] for s in g["signers"]] == [0, 1]


def test_a_draft_may_be_incomplete_and_publishing_says_what_is_missing(today: Today) -> None:
    plan = document(
        signatureRequests=[{"id": 0, "signerId": 5}],
        signerGroups=[{"signers": [{"id": 0, "templateLabel": "Buyer"}]}],
    )
    dst = draft(today, plan)
    targets = {one["target"] for one in json_of(today.post(f"/DST/{dst['id']}/publish"), 400)}
    assert targets == {
        "documents[0].signatureRequests[0].signerId", "documents[0].signerGroups[0].signers[0].name",
        "documents[0].signerGroups[0].signers[0].email",
    }  # fmt: skip
    assert today.read(f"/DST/{dst['id']}")["status"] == "draft"


# --- profiles ------------------------------------------------------------------------------------
def cades(plan: dict[str, Any]) -> dict[str, Any]:
    """The same, signed apart from the file."""
    requests = [one | {"signProfile": "CAdES"} for one in plan["signatureRequests"]]
    return plan | {"signatureRequests": requests}


def test_signed_apart_from_the_file(today: Today) -> None:
    dst = published(today, cades(two_signers(groups=2)), document())
    assert dst["status"] == "toSign"
    assert {r["signProfile"] for r in dst["documents"][0]["signatureRequests"]} == {"CAdES"}
    for number, position in ((0, 1), (1, 1), (0, 2)):
        ticket(dst, number, position).sign()
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "signed"
    first, second = dst["documents"]
    assert [s["status"] for s in dst["signatures"]] == ["signed"] * 3
    files = {r["id"]: r for r in dst["resources"]}
    container = files[first["signedDocumentUuid"]]
    assert (container["mimetype"], container["filename"], container["pages"]) == (
        "application/vnd.etsi.asic-e+zip",
        "Contract.asice",
        None,
    )
    assert files[second["signedDocumentUuid"]]["mimetype"] == "application/pdf"
    assert files[first["filledDocumentUuid"]]["mimetype"] == "application/pdf"
    assert {r["filename"] for r in dst["resources"]} == {
        "paper 0.pdf",
        "paper 1.pdf",
        "Contract.pdf",
        "Contract.asice",
    }
    response = today.get(f"/resource/{first['signedDocumentUuid']}")
    assert response["Content-Type"] == "application/vnd.etsi.asic-e+zip"
    assert 'filename="Contract.asice"' in response["Content-Disposition"]
    content = b"".join(response)  # type: ignore[arg-type]
    assert len(content) == container["size"]
    with tempfile.NamedTemporaryFile(suffix=".asice") as kept:
        kept.write(content)
        kept.flush()
        report = verify_file(Path(kept.name), root_certificates())
    assert report.verdict == "valid"
    assert [str(s.signer) for s in report.signers][:2] == ["Adam Smith", "Bea Stone"]
    assert {s.level for s in report.signers} == {"B-LTA"}
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        filled = b"".join(today.get(f"/resource/{first['filledDocumentUuid']}"))  # type: ignore[arg-type]
        assert found.read("Contract.pdf") == filled
    thumb = today.get(f"/pdfResource/{first['signedDocumentUuid']}/thumbs", {"page": 1})
    assert thumb.status_code == 404, "a container has no pages; the filled document has"
    assert today.get(f"/pdfResource/{first['filledDocumentUuid']}/thumbs", {"page": 1}).status_code == 200


def test_one_profile_a_document(today: Today) -> None:
    plan = two_signers()
    plan["signatureRequests"][1]["signProfile"] = "CAdES"
    dst = draft(today, plan)
    assert [r["signProfile"] for r in dst["documents"][0]["signatureRequests"]] == ["PAdES", "CAdES"]
    (fault,) = json_of(today.post(f"/DST/{dst['id']}/publish"), 400)
    assert fault["target"] == "documents[0].signatureRequests[1].signProfile"
    assert fault["message"] == "Another profile than the document's first signature"
    assert today.read(f"/DST/{dst['id']}")["status"] == "draft"


# --- people --------------------------------------------------------------------------------------
def test_a_signer_of_the_organisation_is_completed_from_the_account(
    today: Today, today_colleague: Today
) -> None:
    carl = today_colleague.user
    carl.phone, carl.language = "+390612345678", "it"
    carl.save()
    whole = {
        "name": "Carl",
        "surname": "Ek",
        "email": carl.email,
        "phone": carl.phone,
        "userUUID": str(carl.pub),
    }
    for given_ in ({"userUUID": str(carl.pub)}, {"email": carl.email}):
        dst = draft(today, document(signerGroups=[{"signers": [{"id": 0, **given_}]}]))
        (signer,) = dst["documents"][0]["signerGroups"][0]["signers"]
        assert whole.items() <= signer.items()
    dst = draft(
        today, document(signerGroups=[{"signers": [{"id": 0, "email": carl.email, "name": "Charles"}]}])
    )
    (signer,) = dst["documents"][0]["signerGroups"][0]["signers"]
    assert (signer["name"], signer["surname"]) == ("Charles", "Ek"), "for this transaction only"
    carl.refresh_from_db()
    assert carl.name == "Carl"


def test_a_shared_mailbox_is_nobody(today: Today, today_colleague: Today) -> None:
    User.objects.create_user(today.user.organization, "twin", email=today_colleague.user.email)
    signer = {"id": 0, "name": "Front", "surname": "Desk", "email": today_colleague.user.email}
    dst = draft(today, document(signerGroups=[{"signers": [signer]}]))
    assert dst["documents"][0]["signerGroups"][0]["signers"][0]["userUUID"] is None


def test_people_of_other_organisations_are_unknown(today: Today, today_stranger: Today) -> None:
    eve = str(today_stranger.user.pub)
    body = {
        "title": "x",
        "visibleTo": [eve],
        "ccUsers": [eve],
        "documents": [document(signerGroups=[{"signers": [{"userUUID": eve}]}])],
    }
    targets = {one["target"] for one in json_of(today.post("/DSTs", body), 400)}
    assert targets == {"visibleTo", "ccUsers", "documents[0].signerGroups[0].signers[0].userUUID"}


def test_tickets_are_shown_to_who_may_change_it_and_to_their_owner(
    today: Today, today_colleague: Today
) -> None:
    """Whoever holds a ticket signs with it: others who see the transaction must not sign in somebody's place."""
    carl = {"id": 1, "userUUID": str(today_colleague.user.pub)}
    plan = two_signers() | {"signerGroups": [{"signers": [ADAM, carl]}]}
    dst = published(today, plan)
    mine = [r["extraData"].get("st_ticketUrl") for r in dst["documents"][0]["signatureRequests"]]
    assert all(mine)
    ours = dst["documents"][0]["signatureRequests"][0]["extraData"]
    assert (
        ours["st_ticketUrl"]
        == ours["st_signatureTicketUrl"]
        == f"http://testserver/std/{ours['st_uuid']}/signature"
    )
    seen = today_colleague.read(f"/DST/{dst['id']}")
    theirs = [r["extraData"].get("st_ticketUrl") for r in seen["documents"][0]["signatureRequests"]]
    assert theirs == [None, mine[1]]
    assert mine[0] not in json.dumps(seen)
    assert today_colleague.get(f"/DST/{dst['id']}/sign/0/0").status_code == 403
    assert json_of(today_colleague.get(f"/DST/{dst['id']}/sign/0/1")) == {"url": mine[1]}
    assert seen["visibleTo"] == [str(today_colleague.user.pub)]


def test_ours_cannot_be_said(today: Today) -> None:
    plan = document()
    plan["signatureRequests"][0]["extraData"] = {
        "st_uuid": "mine",
        "st_ticketUrl": "https://evil.example",
        "order": 5,
    }
    dst = published(today, plan, extraData={"st_status": "signed", "crm": {"id": 7}})
    assert dst["extraData"] == {
        "crm": {"id": 7},
        "st_status": "pending",
        "st_uuid": dst["id"],
        "user_action": "NONE",
    }
    extra = dst["documents"][0]["signatureRequests"][0]["extraData"]
    assert extra["order"] == 5
    assert extra["st_uuid"] != "mine"
    assert "evil" not in json.dumps(dst)


def test_where_the_browser_goes(today: Today) -> None:
    plan = document()
    plan["signatureRequests"][0]["extraData"] = {"sign_urlback": "https://crm.example/signed?x=1"}
    dst = published(today, plan, extraData={"dst_urlback": "https://crm.example/done"})
    envelope = envelope_of(dst)
    assert envelope.return_url == "https://crm.example/done"
    assert envelope.assignments.get().return_url == "https://crm.example/signed?x=1"


# --- mails and inboxes ---------------------------------------------------------------------------
def test_no_mail_at_all(today: Today) -> None:
    dst = published(today, two_signers(groups=2), extraData={"email_disabled": True})
    assert today.post(f"/DST/{dst['id']}/notify").status_code == 409
    today.post(f"/DST/{dst['id']}/note", {"text": "Soon"})
    ticket(dst).sign()
    refuse(dst, 1)
    again = finished(today, document(), extraData={"email_disabled": "true"})
    away = published(today, document(), extraData={"email_disabled": True})
    assert today.delete(f"/DST/{away['id']}").status_code == 204
    ids = [envelope_of(d).pk for d in (dst, again, away)]
    assert not Message.objects.filter(envelope_id__in=ids, channel=Message.Channel.EMAIL).exists()


def test_copies_to_whom_it_was_said(today: Today, today_colleague: Today) -> None:
    group = Group.objects.create(organization=today.user.organization, name="Legal")
    lea = User.objects.create_user(today.user.organization, "lea", email="lea@board.example")
    group.members.add(lea)
    dst = finished(today, document(), ccUsers=[str(today_colleague.user.pub)], ccGroups=["Legal"])
    assert (dst["ccUsers"], dst["ccGroups"]) == ([str(today_colleague.user.pub)], ["Legal"])
    mails = Message.objects.filter(envelope_id=envelope_of(dst).pk, purpose="completed")
    assert {m.address for m in mails} >= {
        "carl@board.example",
        "lea@board.example",
        "anna@board.example",
        ADAM["email"],
    }
    assert today.as_user(lea).read(f"/DST/{dst['id']}")["status"] == "signed", "who gets a copy may also look"


# --- lists ---------------------------------------------------------------------------------------
def test_lists(today: Today, today_colleague: Today) -> None:
    first = draft(today, title="Sale of a boat", tags=["boats", "red"], urgent=True)
    second = draft(today_colleague, title="Lease", tags=["flats"])
    template = draft(today, title="Sample Template", template=True)

    def ids(caller: Today, **query: Any) -> list[str]:
        found = caller.read("/DSTs", {n.replace("S_", "$"): v for n, v in query.items()})
        return [dst["id"] for dst in found["values"]]

    assert ids(today) == [second["id"], first["id"]], (
        "an administrator sees all, the newest first; templates are apart"
    )
    assert ids(today_colleague) == [second["id"]]
    assert ids(today, template="True") == [template["id"]]
    assert ids(today, template="true", S_filter="title==Sample Template") == [template["id"]]
    assert ids(today, userId=str(today.user.pub)) == [first["id"]]
    assert ids(today, userId=str(today_colleague.user.pub)) == [second["id"]]
    assert today_colleague.get("/DSTs", {"userId": str(today.user.pub)}).status_code == 403
    assert ids(today, S_orderBy="createdAt,asc") == [first["id"], second["id"]]
    assert ids(today, S_orderBy="title") == [second["id"], first["id"]]
    assert ids(today, S_top=1, S_skip=1) == [first["id"]]
    assert today.read("/DSTs", {"$top": 1, "$count": "True"})["count"] == 2
    assert today.read("/DSTs", {"$top": 1})["count"] is None
    for condition, wanted in {
        "tags==boats": [first], 'tag=="red" and urgent==true': [first], "tag=in=(flats,boats)": [second, first],
        "title==Sale*": [first], "not status==draft": [], f'createdByUser=="{today.user.pub}"': [first],
        f"id=={second['id']}": [second], "publishedAt==null": [second, first], "expiresAt>2020-01-01T00:00Z": [second, first],
        "tags!=boats": [second],
    }.items():  # fmt: skip
        assert ids(today, S_filter=condition) == [dst["id"] for dst in wanted], condition


def test_what_was_deleted_is_nowhere(today: Today) -> None:
    dst = published(today, document())
    held, resource = ticket(dst), dst["resources"][0]["id"]
    assert today.delete(f"/DST/{dst['id']}").status_code == 204
    assert today.get(f"/DST/{dst['id']}").status_code == 404
    assert today.delete(f"/DST/{dst['id']}").status_code == 404
    assert today.get(f"/resource/{resource}").status_code == 404
    assert today.read("/DSTs")["values"] == []
    assert today.read("/notifications/dsts")["values"] == []
    row = envelope_of(dst)
    assert (row.deleted_at is not None, row.erased_at, row.title) == (True, None, dst["title"]), "it is kept"
    with pytest.raises(Exception):  # noqa: B017 - whatever the core calls it: nobody signs it any more
        held.sign()


def test_queries_do_not_grow(today: Today) -> None:
    def asked(dst: Any) -> dict[str, int]:
        found = {}
        for path in ("/DSTs", "/DST/{id}", "/DST/{id}/audit", "/DST/{id}/note"):
            with Queries(connection) as queries:
                today.read(path.format(id=dst["id"]))
            found[path] = len(queries)
        return found

    small = finished(today, document(), tags=["a"], visibleTo=[str(today.user.pub)])
    today.post(f"/DST/{small['id']}/note", {"text": "One"})
    asked(small)  # what is asked once a minute
    few = asked(small)
    large = finished(
        today, two_signers(), two_signers(groups=2), tags=["a", "b"], visibleTo=[str(today.user.pub)]
    )
    for text in ("One", "Two"):
        today.post(f"/DST/{large['id']}/note", {"text": text})
    draft(today, document(), two_signers(), document())
    assert asked(large) == few


# --- what programs are told ----------------------------------------------------------------------
def told(dst: Any) -> list[dict[str, Any]]:
    rows = WebhookEvent.objects.filter(envelope_id=envelope_of(dst).pk).order_by("pk")
    return [json.loads(bytes(row.body)) for row in rows]


def short(dst: Any) -> list[str]:
    return [
        m["data"]["status"]
        if m["message"] == events.DST_STATUS
        else f"{m['data']['action']} {m['data']['signature']} {m['data']['status']}"
        for m in told(dst)
    ]


def test_programs_are_told_how_it_goes(today: Today) -> None:
    dst = filling(today)
    fill(today, dst)
    run_jobs()
    ticket(dst).sign()
    run_jobs()
    assert short(dst) == [
        "toFill", "fill None pending", "fill None performed", "toSign", "sign 0 pending", "sign 0 performed", "performed",
    ]  # fmt: skip
    for message in told(dst):
        name = (
            "DSTStatusChangedNotification"
            if message["message"] == events.DST_STATUS
            else "SignatureStatusChangedNotification"
        )
        is_like(message["data"], name)
    filled = next(m["data"] for m in told(dst) if m["data"].get("action") == "fill")
    assert filled["fillableForm"]["id"] == TEXT_FORM["id"]
    signed = next(m["data"] for m in told(dst) if m["data"].get("action") == "sign")
    assert signed["dst"] == {"id": dst["id"], "title": dst["title"]}
    assert (signed["group"], signed["signer"], signed["page"], signed["automatic"]) == (
        0,
        ADAM["email"],
        1,
        False,
    )
    assert signed["document"] == {"display_name": "Contract", "id": 0, "order": 0}
    words = set(CONTRACT["enums"]["WebhookDSTStatus"]) | set(CONTRACT["enums"]["WebhookSignatureStatus"])
    assert {m["data"]["status"] for m in told(dst)} <= words


def test_programs_are_told_how_it_ends(today: Today) -> None:
    dst = published(today, two_signers(declinable=True, groups=2))
    refuse(dst, 0)
    assert short(dst) == ["toSign", "sign 0 pending", "sign 0 declined", "sign 1 pending"]
    refuse(dst, 1)
    assert short(dst)[4:] == ["sign 1 declined", "error"]
    assert told(dst)[-1]["data"] == {"status": "error", "dst": dst["id"], "reason": "rejected"}


# --- rows ----------------------------------------------------------------------------------------
def test_a_put_keeps_the_rows_of_files_that_stay(today: Today) -> None:
    dst = draft(today, document(), two_signers(), tags=["a"])
    rows = list(Document.objects.filter(removed_at=None).order_by("position").values_list("pk", flat=True))
    turned = dst | {"documents": [d | {"id": n} for n, d in enumerate(dst["documents"][::-1])], "tags": ["b"]}
    found = json_of(today.put(f"/DST/{dst['id']}", turned))
    assert [d["plainDocumentUuid"] for d in found["documents"]] == [
        d["plainDocumentUuid"] for d in turned["documents"]
    ]
    assert (
        list(Document.objects.filter(removed_at=None).order_by("position").values_list("pk", flat=True))
        == rows[::-1]
    )
    assert list(EnvelopeTag.objects.values_list("tag", flat=True)) == ["b"]
    assert not AuditEvent.objects.filter(kind="document_removed").exists()
    one = found | {"documents": found["documents"][:1]}
    assert len(json_of(today.put(f"/DST/{dst['id']}", one))["resources"]) == 1
    back = json_of(today.put(f"/DST/{dst['id']}", found))
    assert [d["plainDocumentUuid"] for d in back["documents"]] == [
        d["plainDocumentUuid"] for d in found["documents"]
    ], "it was kept"


def test_another_transactions_file_is_copied(today: Today) -> None:
    first = draft(today)
    pub = first["documents"][0]["plainDocumentUuid"]
    second = json_of(
        today.post("/DSTs", {"title": "Again", "documents": [document(plainDocumentUuid=pub)]}), 201
    )
    other = second["documents"][0]["plainDocumentUuid"]
    assert other
    assert other != pub
    assert today.delete(f"/DST/resource/{other}").status_code == 200
    assert today.read(f"/DST/{first['id']}") == first
