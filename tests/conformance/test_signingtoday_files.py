"""Files of Signing Today's transactions: fetched, shown small, moved, replaced, described."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from .today_caller import Today
from .today_dsts import document, draft, finished, json_of, pdf, two_signers

pytestmark = [pytest.mark.django_db]


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
