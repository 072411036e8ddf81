"""What is said about Signing Today's transactions: notes of people, notifications, the audit."""

from __future__ import annotations

import pytest

from .signers import run_jobs
from .today_caller import Today
from .today_contract import OPERATIONS
from .today_dsts import TEXT_FORM, document, draft, fill, filling, json_of, published, refuse, ticket

pytestmark = [pytest.mark.django_db]


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
