"""SignSpace's rules beyond its examples: what its page leaves open (A1 to A11), files, errors, tokens, lists."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from tests.queries import Queries
from undersigned.accounts import tokens
from undersigned.accounts.models import AccessToken, IdempotencyRecord, Organization, User
from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.dialects.shared import upload
from undersigned.dialects.signspace import handles, reading
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import (
    Collection,
    Envelope,
    Signature,
)
from undersigned.files.models import File

from .signers import run_jobs
from .signspace_caller import ANN, BOB, EVE, Space, enter, envelope_of, recipient_of

pytestmark = [pytest.mark.django_db]
NOBODY = "63a198e76cd3aa8f6875e3b2"
CREATE, UPDATE = "tasks.signingRequest.create", "tasks.signingRequest.update"


def errors(response: Any) -> Any:
    """The paths and sentences of a 400."""
    assert response.status_code == 400, response.content
    body = json.loads(response.content)
    assert (body["error"], list(body)) == ("invalid_request", ["error", "message", "errors"])
    return body["errors"]


def refused(response: Any, status: int, code: str) -> str:
    body = json.loads(response.content)
    assert (response.status_code, body["error"], list(body)) == (status, code, ["error", "message"]), body
    message: str = body["message"]
    return message


def mails(task: Any, purpose: str = "", channel: str = "email") -> list[Message]:
    rows = Message.objects.filter(envelope_id=envelope_of(task).pk, channel=channel).order_by("pk")
    return list(rows.filter(purpose=purpose) if purpose else rows)


# --- the endpoint of tokens -------------------------------------------------------------------------
def test_a_token_is_kept_as_a_hash_and_lasts_an_hour(space: Space, settings: LazySettings) -> None:
    row = AccessToken.objects.get()
    assert space.token.encode() not in bytes(row.token_hash)
    assert timedelta(minutes=59) < row.expires_at - now() <= timedelta(hours=1)
    assert space.get("tasks.list").status_code == 200
    AccessToken.objects.update(expires_at=now() - timedelta(seconds=1))
    assert refused(space.get("tasks.list"), 401, "unauthorized")
    assert tokens.prune(now()) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "wanted"),
    [
        ("grant_type=client_credentials&scope=conversations+tasks", "", None),
        ("grant_type=client_credentials&scope=signspace_api%20tasks.searchByOrg", ";charset=utf-8", None),
        ("grant_type=client_credentials&scope=", "; charset=UTF-8", None),
        ("grant_type=client_credentials&unknown=1", "", None),
        ("grant_type=refresh_token", "", "unsupported_grant_type"),
        ("grant_type=", "", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "", "invalid_request"),
        ("grant_type=client_credentials&scope=a%00b", "", "invalid_scope"),
        ("grant_type=client_credentials&scope=%C3%A4", "", "invalid_scope"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "", "invalid_request"),
    ],
)
def test_requests_for_tokens(space: Space, body: str, content_type: str, wanted: str | None) -> None:
    response = space.ask_token(body, "application/x-www-form-urlencoded" + content_type)
    found = json.loads(response.content)
    assert response["Cache-Control"] == "no-store"
    if wanted is None:
        assert (response.status_code, sorted(found)) == (200, ["access_token", "expires_in", "token_type"])
        assert (found["expires_in"], found["token_type"]) == (3600, "Bearer")
    else:
        assert (response.status_code, found) == (400, {"error": wanted})


def test_only_a_form_is_read_and_only_by_post(space: Space) -> None:
    response = space.ask_token(json.dumps({"grant_type": "client_credentials"}), "application/json")
    assert (response.status_code, json.loads(response.content)) == (400, {"error": "invalid_request"})
    response = space.client.get("/auth/token")
    assert (response.status_code, response["Allow"]) == (405, "OPTIONS, POST")
    assert json.loads(response.content)["error"] == "method_not_allowed"


def test_clients_prove_themselves(space: Space, space_stranger: Space) -> None:
    def basic(pair: str) -> str:
        return "Basic " + base64.b64encode(pair.encode()).decode()

    name, secret = space.credential.client_id, space.secret
    for wrong in (
        "",
        "Basic",
        "Basic %%%",
        "Bearer x",
        basic(f"{name}:"),
        basic(f"{name}:{secret}x"),
        basic(f"{space_stranger.credential.client_id}:{secret}"),
        basic("\x00:x"),
        basic(":" + "x" * 5000),
    ):
        response = space.ask_token(authorization=wrong)
        assert (response.status_code, json.loads(response.content)) == (401, {"error": "invalid_client"}), (
            wrong
        )
        assert response["WWW-Authenticate"].startswith("Basic ")
    in_form = f"grant_type=client_credentials&client_id={name}&client_secret={secret}"
    assert space.ask_token(in_form, authorization="").status_code == 200
    assert json.loads(space.ask_token(in_form).content) == {"error": "invalid_request"}  # both ways at once
    space.credential.enabled = False
    space.credential.save()
    assert space.ask_token().status_code == 401
    assert refused(space.get("tasks.list"), 401, "unauthorized")


def test_guessing_secrets_is_slowed(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 3)
    found = [space.ask_token(authorization="Basic eDp5") for _ in range(4)]
    assert [r.status_code for r in found] == [401, 401, 401, 429]
    assert int(found[-1]["Retry-After"]) >= 1


# --- acting_handle ------------------------------------------------------------------------------------
def test_a_client_acts_as_its_own_robot_alone(space: Space, user: User) -> None:
    own_id = handles.user_id(space.robot)
    task = space.task(acting_handle=own_id)
    assert task["acting_handle"] == space.robot.email
    for handle in (own_id, space.robot.email.upper()):
        assert space.post("tasks.hold", {"task": task["_id"], "acting_handle": handle}).status_code == 200
    for wrong in (user.email, handles.user_id(user), own_id[:-1], "x", own_id.upper() + "\x01"):
        refused(space.post("tasks.cancel", {"task": task["_id"], "acting_handle": wrong}), 403, "forbidden")
    for missing in (None, "", 5, {}):
        assert "acting_handle" in errors(
            space.post("tasks.cancel", {"task": task["_id"], "acting_handle": missing})
        )


@given(st.text(max_size=40))
def test_made_up_handles_are_nobody(handle: str) -> None:
    assert not handles.is_user(
        handle, User(pk=1, email="a@b.example", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    )


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


# --- A7, A15: downloads ---------------------------------------------------------------------------------------
def test_what_is_downloaded_is_what_came(space: Space) -> None:
    content = "Grüße\n".encode()
    pub = space.file("a/b\\Grüße.txt", content)
    response = space.get("files.download", f"id={pub}&id={pub}&id=")
    assert (response.getvalue(), response["Content-Type"], response["Content-Length"]) == (
        content,
        "text/plain",
        "8",
    )
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt"


def test_several_are_a_zip_with_names_of_their_own_or_nothing(space: Space) -> None:
    contents = [make_pdf(n) for n in (1, 2, 3)]
    pubs = [space.file("a.pdf", content) for content in contents]
    response = space.get("files.download", "&".join(f"id={p}" for p in reversed(pubs)))
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert archive.namelist() == ["a.pdf", "a (2).pdf", "a (3).pdf"]
        assert archive.read("a.pdf") == contents[2]
    refused(space.get("files.download", f"id={pubs[0]}&id={NOBODY}"), 404, "not_found")
    refused(space.get("files.download", "id=%00"), 404, "not_found")
    assert "id" in errors(space.get("files.download", "&".join(f"id={n}" for n in range(101))))


def test_who_may_download(space: Space, space_colleague: Space, space_stranger: Space) -> None:
    pub = space.file()
    for other in (space_colleague, space_stranger):
        refused(other.get("files.download", f"id={pub}"), 404, "not_found")
    task = space.task(files=[pub], owners_handles=[space_colleague.robot.email, space_stranger.robot.email])
    assert space_colleague.get("files.download", f"id={pub}").status_code == 200
    refused(space_stranger.get("files.download", f"id={pub}"), 404, "not_found")
    assert task["files"] == [pub]


# --- files -----------------------------------------------------------------------------------------------------
def test_files_that_are_refused(space: Space, settings: LazySettings) -> None:
    for wrong, path in (
        ({}, {"name", "base64"}),
        ({"name": " ", "base64": ""}, {"name", "base64"}),
        ({"name": "a", "base64": "abc"}, {"base64"}),
        ({"name": "a", "base64": 5}, {"base64"}),
        ({"name": ["a"], "base64": "YQ==", "importance_order": "1"}, {"name", "importance_order"}),
        ({"name": "a", "base64": "YQ==", "importance_order": True}, {"importance_order"}),
        ({"name": "a", "base64": "YQ==", "importance_order": 2**31}, {"importance_order"}),
    ):
        assert set(errors(space.post("files.create", wrong))) == path, wrong
    settings.MAX_UPLOAD_BYTES = 10
    refused(
        space.post("files.create", {"name": "a", "base64": base64.b64encode(b"x" * 11).decode()}),
        413,
        "too_large",
    )
    assert space.file("a", b"x" * 10)
    assert File.objects.count() == 1


def test_a_large_file_is_never_held_whole(space: Space) -> None:
    content = bytes(range(256)) * 4096 * 20
    text = base64.b64encode(content).decode().replace("/", "\\/").replace("+", "\\u002B")
    body = f'{{"name": "big.bin", "base64": "{text}", "acting_handle": "{space.robot.email}"}}'.encode()
    response = space.send("POST", "files.create", body)
    found = json.loads(response.content)
    assert (found["size"], found["content_type"]) == (len(content), "application/octet-stream")
    assert space.get("files.download", f"id={found['_id']}").getvalue() == content


@given(
    st.binary(max_size=300),
    st.integers(1, 50),
    st.dictionaries(
        st.sampled_from(["a", "name", "q\"'}"]),
        st.one_of(st.text(), st.lists(st.text(max_size=3)), st.none()),
    ),
    st.booleans(),
)
def test_base64_is_found_in_any_object(content: bytes, size: int, others: dict[str, Any], last: bool) -> None:
    class Pieces:
        def __init__(self, body: bytes) -> None:
            self.body = io.BytesIO(body)

        def read(self, _size: int) -> bytes:
            return self.body.read(size)

    text = base64.b64encode(content).decode()
    given_ = others | {"base64": text} if last else {"base64": text} | others
    nested = given_ | {"n": {"base64": "zz", "l": ["base64", {"base64": 1}]}}
    with upload.receive_base64(Pieces(json.dumps(nested).encode()), "base64", 1000) as found:  # type: ignore[arg-type]
        assert found.file is not None
        assert (found.valid, found.file.path.read_bytes()) == (True, content)
        assert found.fields == nested | {"base64": ""}


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


# --- A9, A10, A11: reading -----------------------------------------------------------------------------------
def test_tasks_get_leaves_out_what_it_does_not_know(space: Space, space_stranger: Space) -> None:
    one, two, foreign = space.task(), space.task(), space_stranger.task()
    ids = [two["_id"], NOBODY, "%00", "x", foreign["_id"], one["_id"], two["_id"]]
    assert [t["_id"] for t in space.read("tasks.get", "&".join(f"id={i}" for i in ids))] == [
        two["_id"],
        one["_id"],
    ]
    assert space.read("tasks.get", f"id={NOBODY}") == []
    assert "id" in errors(space.get("tasks.get", "id="))


def test_a_number_is_shown_to_its_client_alone_and_not_in_lists(space: Space, space_colleague: Space) -> None:
    person = ANN | {"nin": "12345-1"}
    task = space.task(person, owners_handles=[space_colleague.robot.email])
    nins = {
        "create": task["participants"][0]["nin"],
        "get": space.now(task)["participants"][0]["nin"],
        "list": space.read("tasks.list")[0]["participants"][0]["nin"],
        "other owner": space_colleague.now(task)["participants"][0]["nin"],
    }
    assert nins == {"create": "12345-1", "get": "12345-1", "list": None, "other owner": None}
    assert all("12345" not in str(m.params) for m in mails(task))


@pytest.mark.parametrize(
    "query",
    [
        "type=chat",
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=%D9%A3",
        "offset=-1",
        "status=done",
    ],
)
def test_lists_refuse_what_they_do_not_know(space: Space, query: str) -> None:
    assert list(errors(space.get("tasks.list", query))) == [query.partition("=")[0]]


def test_lists_have_windows(space: Space) -> None:
    pubs = [space.task(create_conversation=False)["_id"] for _ in range(4)]
    pubs.reverse()
    assert [t["_id"] for t in space.read("tasks.list", "limit=2")] == pubs[:2]
    assert [t["_id"] for t in space.read("tasks.list", "limit=999999999&offset=1&type=")] == pubs[1:]


def test_the_search_of_an_organisation(space: Space, space_stranger: Space) -> None:
    Organization.objects.filter(pk=space.robot.organization_id).update(business_id="3042282-9", country="fi")
    task = space.completed(ANN, files=[space.file("Lease.pdf")], title="Winter lease")
    space_stranger.task()
    base = "business_id=3042282-9&country_code=FI"
    hour = timedelta(hours=1)
    early, late = ((now() + d).strftime("%Y-%m-%dT%H:%M:%S") for d in (-hour, hour))
    for query, found in (
        (base, 1),
        ("business_id=1234567-8&country_code=fi", 0),
        ("business_id=3042282-9&country_code=se", 0),
        (f"{base}&q=winter", 1),
        (f"{base}&q=summer", 0),
        (f"{base}&q=&tag=", 1),
        (f"{base}&tag=blue", 0),
        (f"{base}&status=complete&type=signing_request", 1),
        (f"{base}&status=canceled&status=open", 0),
        (f"{base}&latest={early}%2B00:00&oldest={late}+00:00", 1),
        (f"{base}&latest={late}%2B00:00", 0),
        (f"{base}&oldest={early}Z&offset=0&limit=5", 0),
        (f"{base}&offset=1", 0),
    ):
        assert len(space.read("tasks.searchByOrg", query)["tasks"]) == found, query
    (row,) = space.read("tasks.searchByOrg", base)["tasks"]
    assert (row["_id"], row["files"], row["contracting_parties"]) == (task["_id"], ["Lease.pdf"], ["Ann Lee"])
    assert set(errors(space.get("tasks.searchByOrg", "latest=x"))) == {
        "business_id",
        "country_code",
        "latest",
    }


def test_queries_do_not_grow_with_what_is_listed(space: Space) -> None:
    from django.db import connection

    def cost(*operations: str) -> list[int]:
        found = []
        for asked in operations:
            operation, _, query = asked.partition("?")
            space.read(operation, query)
            with Queries(connection) as queries:
                space.read(operation, query)
            found.append(len(queries))
        return found

    pubs = [space.task(ANN, EVE)]
    few = cost(
        "tasks.list", f"tasks.get?id={pubs[0]['_id']}", f"conversations.get?id={pubs[0]['conversation']}"
    )
    pubs += [space.task(ANN, BOB, EVE, files=[space.file(), space.file()]) for _ in range(3)]
    many = cost(
        "tasks.list",
        "tasks.get?" + "&".join(f"id={p['_id']}" for p in pubs),
        "conversations.get?" + "&".join(f"id={p['conversation']}" for p in pubs),
    )
    assert many == few


def test_queries_of_a_creation_grow_by_a_constant_for_each_person_and_file(space: Space) -> None:
    from django.db import connection

    files = [space.file(f"{n}.pdf", make_pdf(n)) for n in (1, 2, 3)]
    people = [ANN, BOB, {"handle": "cid@example.com", "role": "signer", "display_name": "Cid Orr"}]

    def cost(people: list[dict[str, Any]], files: list[str]) -> int:
        with Queries(connection) as queries:
            space.task(*people, files=files)
        return len(queries)

    cost(people[:1], files[:1])
    one, more_people, all_people = (cost(people[:n], files[:1]) for n in (1, 2, 3))
    assert all_people - more_people == more_people - one <= 30
    two_files, three_files = (cost(people[:1], files[:n]) for n in (2, 3))
    assert three_files - two_files == two_files - one <= 15
    assert one <= 90
