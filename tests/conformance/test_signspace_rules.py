"""SignSpace's rules for requests beyond its examples: what its page leaves open (A1 to A6, A8, A16), bodies, errors, dates, editing."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from undersigned.accounts.models import IdempotencyRecord, User
from undersigned.delivery.models import Message
from undersigned.dialects.signspace import reading
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Collection, Envelope, Signature

from .signers import run_jobs
from .signspace_caller import (
    ANN,
    BOB,
    CREATE,
    EVE,
    NOBODY,
    UPDATE,
    Space,
    enter,
    errors,
    mails,
    recipient_of,
    refused,
)

pytestmark = [pytest.mark.django_db]


# --- A1, A2, A3: bodies and statuses ------------------------------------------------------------------
def test_lists_are_arrays_or_wrapped(space: Space, settings: LazySettings) -> None:
    task = space.task()
    assert isinstance(space.read("tasks.list"), list)
    settings.SIGNSPACE_WRAP_LISTS = True
    for found in (space.read("tasks.list"), space.read("tasks.get", f"id={task['_id']}")):
        assert [t["_id"] for t in found["tasks"]] == [task["_id"]]


def test_all_faults_are_named_at_once(space: Space) -> None:
    wrong = {
        "title": "",
        "files": [NOBODY, NOBODY, 5],
        "due_date": "soon",
        "is_protected": "maybe",
        "version": "v3",
        "recipient_language": "de",
        "signature_strength": 7,
        "company_name": "x" * 201,
        "owners_handles": "me",
        "retention_settings": {
            "delete_signed_content_after_months": 0,
            "delete_unsigned_content_after_months": True,
        },
        "metadata": {"6659c5826cd3aa12a84e08f4": "bare"},
        "participants": [
            {
                "handle": "no address",
                "role": "boss",
                "nin": 12,
                "display_name": "A\nB",
                "phone_number": "040",
            },
            {"role": "signer", "invitation_methods": ["pigeon", "sms"], "display_name": "C D"},
            "somebody",
        ],
    }
    found = errors(space.post(CREATE, wrong))
    assert set(found) == {
        "title", "files", "files.2", "due_date", "is_protected", "version", "recipient_language",
        "signature_strength", "company_name", "owners_handles",
        "retention_settings.delete_signed_content_after_months",
        "retention_settings.delete_unsigned_content_after_months",
        "metadata.6659c5826cd3aa12a84e08f4",
        "participants.0.handle", "participants.0.role", "participants.0.nin", "participants.0.display_name",
        "participants.0.phone_number", "participants.1.handle", "participants.1.invitation_methods",
        "participants.1.phone_number", "participants.2",
    }  # fmt: skip
    assert found["files"] == [f"Unknown file {NOBODY}"]
    assert not Envelope.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 90_000, b'{"a": NaN}'])
@pytest.mark.parametrize("operation", [CREATE, "files.create", "conversations.markDeleted"])
def test_bodies_that_are_no_object(space: Space, operation: str, body: bytes) -> None:
    assert isinstance(errors(space.send("POST", operation, body)), dict)


def test_outside_the_routes(space: Space) -> None:
    refused(space.get("tasks.unknown"), 404, "not_found")
    refused(space.send("POST", "tasks.list"), 405, "method_not_allowed")
    assert space.send("POST", "tasks.list")["Allow"] == "GET, HEAD, OPTIONS"
    head, get = space.send("HEAD", "tasks.list"), space.get("tasks.list")
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(get.content)))
    assert get["X-Request-ID"]
    large = json.dumps({"title": "x" * (5 << 20)}).encode()
    refused(space.send("POST", CREATE, large), 413, "too_large")


def test_a_crash_has_the_dialects_body(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.dialects.signspace.tasks.compose", lambda *_, **__: 1 / 0)
    space.client = Client(raise_request_exception=False)
    content = {"title": "a", "participants": [ANN], "files": [space.file()]}
    refused(space.post(CREATE, content), 500, "server_error")


def test_a_repetition_with_its_key_has_one_effect(space: Space) -> None:
    content = {"title": "a", "participants": [ANN], "files": [space.file()], "create_conversation": True}
    first, second = (space.post(CREATE, content, Idempotency_Key="k") for _ in range(2))
    assert first.content == second.content
    assert Envelope.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1
    assert "Idempotency-Key" in errors(space.post(CREATE, content | {"title": "b"}, Idempotency_Key="k"))
    assert "Idempotency-Key" in errors(space.post(CREATE, content, Idempotency_Key=""))


# --- A4, A5: who may be asked, and what is sent -----------------------------------------------------------
def test_a_signer_needs_a_name_or_a_number(space: Space, user: User) -> None:
    nameless = {"handle": "new@example.com", "role": "signer"}
    found = errors(space.post(CREATE, {"title": "a", "files": [space.file()], "participants": [nameless]}))
    assert found == {"participants.0.display_name": ["nin or display_name is required"]}
    by_account, by_number, watcher = space.task(
        nameless | {"handle": user.email.upper()},
        nameless | {"nin": "12345-1"},
        nameless | {"role": "watcher"},
    )["participants"]
    assert (by_account["display_name"], by_number["display_name"], watcher["display_name"]) == (
        user.full_name,
        None,
        None,
    )


@pytest.mark.parametrize(
    "kept", [{"create_conversation": False}, {"create_conversation": None}, {"version": "v1"}]
)
def test_without_conversation_nothing_is_sent(space: Space, kept: dict[str, Any]) -> None:
    task = space.task(ANN, EVE, **kept)
    assert (task["status"], task["conversation"]) == ("open", None)
    assert [p["status"] for p in task["participants"]] == ["waiting", "waiting"]
    assert not Message.objects.exists()
    assert not Collection.objects.exists()
    with pytest.raises(NotFound):
        enter(recipient_of(task, ANN))
    assert space.done("tasks.cancel", {"task": task["_id"]})["status"] == "cancelled"
    assert space.done("tasks.open", {"task": task["_id"]})["status"] == "open"
    assert space.done(UPDATE, {"task": task["_id"], "files": [space.file("b.pdf")]})["status"] == "open"
    refused(space.post("tasks.hold", {"task": task["_id"]}), 409, "invalid_state")


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [(True, True), ("true", True), ("TRUE", True), ("false", False), (None, False), ("", False)],
)
def test_booleans_also_as_text(space: Space, given_: object, wanted: bool) -> None:
    task = space.task(is_protected=given_, cannot_sign_disabled=given_, overdue_signing_disabled=given_)
    assert (task["is_protected"], task["cannot_sign_disabled"], task["overdue_signing_disabled"]) == (
        wanted,
    ) * 3


# --- A6, A16: overdue -------------------------------------------------------------------------------------
def test_a_date_in_the_past_is_taken_and_signing_goes_on(space: Space) -> None:
    task = space.task(due_date="2020-02-29")
    assert (task["due_date"], task["is_overdue"], task["status"]) == ("2020-02-29T23:59:59", True, "open")
    assert [t["_id"] for t in space.read("tasks.list", "status=overdue")] == [task["_id"]]
    space.sign(task, ANN)
    run_jobs()
    assert space.now(task)["is_overdue"] is False
    assert space.read("tasks.list", "status=overdue") == []


def test_overdue_and_disabled_is_signable_once_it_has_a_later_date(space: Space) -> None:
    task = space.task(due_date="2020-02-29", overdue_signing_disabled=True)
    space.done("tasks.cancel", {"task": task["_id"]})
    assert space.done("tasks.open", {"task": task["_id"]})["status"] == "open"
    with pytest.raises(Conflict, match="past_due"):
        space.sign(task, ANN)
    before = len(mails(task, "invitation"))
    assert space.done(UPDATE, {"task": task["_id"], "due_date": "2099-01-01"})["is_overdue"] is False
    assert len(mails(task, "invitation")) == before + 1
    space.sign(task, ANN)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("2030-05-01", "2030-05-01T23:59:59"),
        ("2030-05-01T10:00:00", "2030-05-01T10:00:00"),
        ("2030-05-01T10:00:00Z", "2030-05-01T10:00:00"),
        ("2030-05-01T10:00:00.5+03:00", "2030-05-01T07:00:00"),
        ("2030-05-01 10:00", "2030-05-01T10:00:00"),
    ],
)
def test_dates(space: Space, given_: str, wanted: str) -> None:
    assert space.task(due_date=given_)["due_date"] == wanted


@pytest.mark.parametrize(
    "given_",
    ["tomorrow", "2030-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "\x00", 5, []],
)
def test_dates_that_are_none(space: Space, given_: object) -> None:
    content = {"title": "a", "files": [space.file()], "participants": [ANN], "due_date": given_}
    assert list(errors(space.post(CREATE, content))) == ["due_date"]


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_none(given_: str) -> None:
    found = reading.moment_of(given_, end_of_day=True)
    assert found is None or found.tzinfo is UTC


# --- A8: editing ---------------------------------------------------------------------------------------------
def test_other_files_void_signatures_and_everybody_is_asked_again(space: Space) -> None:
    first, second = space.file("1.pdf"), space.file("2.pdf", make_pdf(2))
    task = space.task(ANN, BOB, files=[first])
    space.sign(task, ANN)
    found = space.done(UPDATE, {"task": task["_id"], "files": [first, second]})
    assert (found["status"], found["files"], found["signatures_completed_count"]) == (
        "open",
        [first, second],
        0,
    )
    assert [p["status"] for p in found["participants"]] == ["pending", "pending"]
    assert {m.address for m in mails(task, "files_replaced")} == {ANN["handle"], BOB["handle"]}
    assert not Signature.objects.filter(voided_at=None).exists()
    for person in (ANN, BOB):
        space.sign(task, person)
    run_jobs()
    assert len(space.now(task)["signed_files"]) == 2
    sealed = space.get("files.download", f"id={space.now(task)['signed_files'][0]}").getvalue()
    assert (
        sealed.count(b"/ByteRange") == 4
    )  # two signers, the seal, the timestamp; none of the former signature


def test_the_same_files_again_have_no_effect(space: Space) -> None:
    first, second = space.file("1.pdf"), space.file("2.pdf")
    task = space.task(ANN, BOB, files=[first, second])
    space.sign(task, ANN)
    for files in ([first, second], [second, first]):
        found = space.done(UPDATE, {"task": task["_id"], "files": files})
        assert (found["status"], found["files"]) == ("in_progress", files)
    assert not mails(task, "files_replaced")
    space.sign(task, BOB)
    assert "files" in errors(space.post(UPDATE, {"task": task["_id"], "files": []}))


@pytest.mark.parametrize("operation", ["tasks.hold", "tasks.cancel"])
def test_files_of_a_stopped_request_change_without_waking_it(space: Space, operation: str) -> None:
    task = space.task(ANN)
    stopped = space.done(operation, {"task": task["_id"]})["status"]
    other = space.file("other.pdf")
    found = space.done(UPDATE, {"task": task["_id"], "files": [other]})
    assert (found["status"], found["files"]) == (stopped, [other])
    assert not mails(task, "files_replaced")
    assert space.done("tasks.open", {"task": task["_id"]})["status"] == "open"
    space.sign(task, ANN)
    run_jobs()
    assert space.now(task)["status"] == "complete"


def test_words_and_switches_change_what_is_fixed_does_not(space: Space, user: User) -> None:
    task = space.task(creator_name="Old", company_name="Old Oy", description="Old")
    said = {
        "title": "New", "description": None, "creator_name": "New Name", "company_name": "New Oy", "recipient_language": "sv",
        "due_date": None, "overdue_signing_disabled": "true", "cannot_sign_disabled": True, "signing_discussion_disabled": True,
        "custom_customer_reference": "C-9", "retention_settings": {"delete_signed_content_after_months": 7},
        "owners_handles": [user.email],
    }  # fmt: skip
    found = space.done(UPDATE, {"task": task["_id"], **said})
    wanted = {**said, "overdue_signing_disabled": True, "owners_handles": [space.robot.email, user.email]}
    wanted["retention_settings"] = task["retention_settings"] | said["retention_settings"]
    assert {name: found[name] for name in said} == wanted
    assert recipient_of(task, ANN).language == "sv"
    fixed = {"participants": [BOB], "is_protected": True, "signature_strength": "strong"}
    assert set(errors(space.post(UPDATE, {"task": task["_id"], **fixed, "title": ""}))) == {*fixed, "title"}
    with pytest.raises(Conflict):
        space.refuse(task, ANN)
