"""SignSpace: how long requests are kept, their removal, what is said of them, files of any kind, and the virus scan."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.clam import MARK, Clamd
from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization, User
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.dialects.signspace import handles
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.metadata_templates import Chosen, add_field, add_template
from undersigned.envelopes.models import Collection, Envelope
from undersigned.files.models import Blob, File
from undersigned.lifecycle.retention import erase_due

from .signspace_caller import ANN, BOB, CREATE, EVE, UPDATE, Space, errors, refused

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def advance(organization: Organization, by: timedelta) -> None:
    """Move the sandbox's clock."""
    organization.refresh_from_db()
    organization.clock_offset += by
    organization.save()


# --- metadata ---------------------------------------------------------------------------------------
def test_metadata_is_what_its_template_asks_for(space: Space, organization: Organization) -> None:
    case, until = add_field(organization, "Case"), add_field(organization, "Until", "date")
    template = add_template(organization, "Leases", [Chosen(case.pub, required=True), Chosen(until.pub)])
    said = {case.pub: {"value": "Example A"}, until.pub: {"value": "2030-01-01"}}
    task = space.task(metadata_template=template.pub, metadata=said)
    assert (task["metadata_template"], task["metadata"]) == (template.pub, said)
    other = {case.pub: {"value": "Example B"}}
    changed = space.done(UPDATE, {"task": task["_id"], "metadata_template": template.pub, "metadata": other})
    assert changed["metadata"] == other
    for wrong, paths in (
        ({"metadata_template": template.pub}, {f"metadata.{case.pub}"}),
        ({"metadata_template": template.pub, "metadata": {case.pub: {"value": ""}}}, {f"metadata.{case.pub}"}),
        ({"metadata_template": template.pub, "metadata": said | {until.pub: {"value": "soon"}}}, {f"metadata.{until.pub}"}),
        ({"metadata_template": template.pub, "metadata": said | {"x" * 24: {"value": 1}}}, {"metadata." + "x" * 24}),
        ({"metadata_template": "0" * 24, "metadata": said}, {"metadata_template"}),
        ({"metadata": said}, {"metadata_template"}),
        ({"metadata_template": template.pub, "metadata": {case.pub: "bare"}}, {f"metadata.{case.pub}"}),
        ({"metadata_template": template.pub, "metadata": [1]}, {"metadata", f"metadata.{case.pub}"}),
    ):  # fmt: skip
        content = {"title": "", "files": [space.file()], "participants": [ANN], **wrong}
        assert set(errors(space.post(CREATE, content))) == {*paths, "title"}, wrong


# --- retention and removal ------------------------------------------------------------------------------
def test_content_goes_when_its_time_is_over(space: Space, organization: Organization) -> None:
    months = {"delete_signed_content_after_months": 2, "delete_unsigned_content_after_months": 1}
    signed = space.completed(ANN, retention_settings=months)
    unsigned = space.task(ANN, retention_settings=months)
    kept = space.task(ANN)
    advance(organization, timedelta(days=32))
    erase_due()
    erase_due()  # first everybody is told that it is called off
    Message.objects.filter(purpose="cancelled").delete()
    erase_due()
    assert space.get("files.download", f"id={signed['signed_files'][0]}").status_code == 200
    refused(space.get("files.download", f"id={unsigned['files'][0]}"), 404, "not_found")
    assert space.now(unsigned)["files"] == []
    assert space.now(kept)["files"] == kept["files"]
    advance(organization, timedelta(days=32))
    erase_due()
    refused(space.get("files.download", f"id={signed['signed_files'][0]}"), 404, "not_found")
    assert json.dumps(space.now(signed)).count(ANN["handle"]) == 0


def test_removal_has_fourteen_days_of_grace(space: Space, organization: Organization) -> None:
    shared = space.file("shared.pdf")
    task, other = space.task(ANN, BOB, files=[shared, space.file()]), space.task(files=[shared])
    mark = {"conversations": [task["conversation"], task["conversation"]]}
    (first,) = space.done("conversations.markDeleted", mark)["conversations"]
    assert space.done("conversations.markDeleted", mark)["conversations"] == [first]
    assert [t["_id"] for t in space.read("tasks.list")] == [other["_id"]]
    assert space.now(task)["status"] == "open"
    (conversation,) = space.read("conversations.get", f"id={task['conversation']}")
    assert (conversation["marked_deleted_at"], conversation["delete_after"]) == (
        first["marked_deleted_at"],
        first["delete_after"],
    )
    with pytest.raises(NotFound):
        space.sign(task, ANN)
    space.done("conversations.restore", mark)
    refused(space.post("conversations.restore", mark), 409, "invalid_state")
    space.sign(task, ANN)
    space.done("conversations.markDeleted", mark)
    advance(organization, timedelta(days=14, hours=1))
    erase_due()
    assert space.read("tasks.get", f"id={task['_id']}") == []
    assert space.read("conversations.get", f"id={task['conversation']}") == []
    refused(space.post("conversations.restore", mark), 404, "not_found")
    assert space.get("files.download", f"id={shared}").status_code == 200  # another request has it
    refused(space.get("files.download", f"id={task['files'][1]}"), 404, "not_found")


def test_removal_is_told_to_who_is_named(space: Space, user: User) -> None:
    one, two = space.task(), space.task()
    to = [user.email, handles.user_id(space.robot), "outside@domain.com", "colleague-handle", "group:12"]
    said = {"message_to_recipients": "This space will be deleted.", "email_recipients_handles": to}
    space.done("conversations.markDeleted", {"conversations": [one["conversation"]], **said})
    mails = list(Message.objects.filter(purpose="removal").order_by("pk"))
    assert [m.address for m in mails] == [user.email, space.robot.email, "outside@domain.com"]
    assert all("This space will be deleted." in m.params for m in mails)
    three = space.task()
    both = {"conversations": [two["conversation"], three["conversation"]]}
    assert len(space.done("conversations.markDeleted", both | said)["conversations"]) == 2
    assert Message.objects.filter(purpose="removal").count() == 3
    fourth = space.task()["conversation"]
    refused(space.post("conversations.markDeleted", {"conversations": [fourth, "0" * 24]}), 404, "not_found")
    assert Collection.objects.get(pub=fourth).marked_deleted_at is None


# --- files of any kind --------------------------------------------------------------------------------------
def test_a_text_is_signed_by_a_page_about_it(space: Space) -> None:
    text = space.file("Notes.txt", b"test document")
    task = space.completed(ANN, EVE, files=[text, space.file("Lease.pdf")])
    assert task["status"] == "complete"
    original, page, lease = task["signed_files"]
    assert original == text
    archive = space.get("files.download", "&".join(f"id={pub}" for pub in task["signed_files"])).getvalue()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    assert contents.pop("Notes.txt") == b"test document"
    assert all(content.startswith(b"%PDF-") for content in contents.values())
    assert len({page, lease, *task["files"]}) == 4
    replaced = space.task(ANN, files=[text])
    space.sign(replaced, ANN)
    assert Envelope.objects.get(pub=replaced["_id"]).documents.get().format == "statement"


@pytest.mark.parametrize(
    "broken", [make_pdf()[:300], b"%PDF-1.7 nothing", b"\x00\xff" * 50, b"PK\x03\x04zip", b"<html>x"]
)
def test_what_cannot_be_signed_itself_is_taken(space: Space, broken: bytes) -> None:
    task = space.task(files=[space.file("any", broken)])
    assert task["status"] == "open"
    response = space.get("files.download", f"id={task['files'][0]}")
    assert (response.getvalue(), response["Content-Type"] != "text/html") == (broken, True)


# --- the scanner ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def daemon() -> Iterator[Clamd]:
    folder = Path(tempfile.mkdtemp(prefix="clam", dir="/tmp"))  # a socket's path has 107 characters at most
    made = Clamd(folder)
    made.know(MARK)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


def _upload(space: Space, content: bytes) -> Any:
    return space.post("files.create", {"name": "a", "base64": base64.b64encode(content).decode()})


def test_the_scanner_lets_in_and_out(space: Space, daemon: Clamd, settings: LazySettings) -> None:
    old = space.file("old", b"x" + MARK)  # before there was a scanner
    settings.CLAMD = daemon.url
    found = json.loads(_upload(space, b"harmless").content)
    assert (found["scan_status"], found["last_scanned_at"] is None) == ("clean", False)
    refused(_upload(space, b"y" + MARK), 403, "file_infected")
    assert File.objects.count() == 2
    refused(space.get("files.download", f"id={found['_id']}&id={old}"), 403, "file_infected")
    assert space.get("files.download", f"id={found['_id']}").status_code == 200
    settings.CLAMD = "unix:///nowhere/clamd.sock"
    response = _upload(space, b"unknown")
    assert refused(response, 503, "scanner_unavailable") == "The file could not be scanned"
    assert int(response["Retry-After"]) >= 1
    assert space.get("files.download", f"id={found['_id']}").status_code == 200  # scanned within six hours
    Blob.objects.update(scanned_at=clock.now() - timedelta(hours=6, seconds=1))
    refused(space.get("files.download", f"id={found['_id']}"), 503, "scanner_unavailable")
