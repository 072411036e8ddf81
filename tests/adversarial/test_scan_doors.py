"""Every door through which a file comes in or goes out, with a real scanner that finds something, or is away."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.clam import MARK, VIRUS, Clamd
from tests.pdfs import make_pdf
from undersigned.base import clock
from undersigned.delivery import deliver
from undersigned.delivery.errors import Unreachable
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft, post
from undersigned.delivery.params import FileRef, Params
from undersigned.delivery.render import render
from undersigned.envelopes.models import Document, Envelope
from undersigned.envelopes.signer import Standing, standing
from undersigned.files.models import Blob, File

from . import world as worlds
from .mutations import ROOT
from .world import World, call, with_cookie, with_key

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
INFECTED = make_pdf() + b"%" + MARK + b"\n"


@pytest.fixture
def scanner(settings: LazySettings) -> Iterator[Clamd]:
    folder = Path(tempfile.mkdtemp(prefix="clam", dir="/tmp"))
    made = Clamd(folder)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def world(db: None, settings: LazySettings, scanner: Clamd) -> World:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    made = worlds.build()
    settings.CLAMD = scanner.url  # what is there has never been scanned
    return made


def doors(world: World) -> dict[str, Any]:
    """The answer at each way out, for who may."""
    room_id, secret = world.rooms["right"]
    html = {"HTTP_ACCEPT": "text/html"}
    api = world.address("api/v1/contracts/<contract_id>/versions/<version>/files/<filename>")
    console = world.address("console/envelopes/<envelope_id>/documents/<version_id>.pdf")
    browser = with_cookie(secret)
    return {
        "api": call(Client(), "GET", api, **with_key(world.keys["right"])),
        "console": call(world.clients["right"], "GET", console, **html),
        "room": call(browser, "GET", f"/room/{room_id}/file/1", **html),
    }


def ways_in(world: World, content: bytes) -> dict[str, Any]:
    draft = world.console.draft.collection
    assert draft is not None
    api = f"/api/v1/contracts/{draft.pub}/versions/1/files?filename=new.pdf"
    upload = {"files": SimpleUploadedFile("new.pdf", content)}
    return {
        "api": call(
            Client(), "POST", api, content, "application/octet-stream", **with_key(world.keys["right"])
        ),
        "console": world.clients["right"].post("/console/new", upload),
    }


def a_mail_with(file: File, world: World) -> Message:
    params = Params(title="Lease", files=(FileRef(name="a.pdf", file=file.pk),))
    return post(Draft(world.console.owner.organization, "completed", "email", "k", "a@example.com", params))


def test_all_doors(world: World, scanner: Clamd, settings: LazySettings) -> None:
    sent = world.console.sent
    document = Document.objects.select_related("original__blob").get(envelope=sent)
    mail = a_mail_with(document.original, world)
    # --- the scanner is there: everything passes, and the verdict is kept
    for name, answer in doors(world).items():
        assert answer.status_code == 200, name
    assert all(a.status_code in (201, 302) for a in ways_in(world, make_pdf()).values())
    assert len(render(mail, sending=True).attachments) == 1
    assert Blob.objects.get(pk=document.original.blob_id).scan_status == "clean"
    # --- it is away, and the verdicts are old
    scanner.stop()
    Blob.objects.update(scanned_at=clock.now() - clock.timedelta(hours=6))
    files = File.objects.count()
    out = doors(world)
    assert {name: a.status_code for name, a in out.items()} == dict.fromkeys(out, 503)
    assert out["api"]["Retry-After"] == "30"
    assert out["api"].content == b'{"message": "Service unavailable"}'
    for name in ("console", "room"):
        assert "Not possible right now" in out[name].content.decode(), name
    refused = ways_in(world, make_pdf(text="other"))
    assert refused["api"].status_code == 503
    assert refused["console"].status_code == 422
    with pytest.raises(Unreachable):
        render(mail, sending=True)
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    assert deliver.attempt(mail).outcome == "retry"
    room_id, secret = world.rooms["right"]
    answer = sign(with_cookie(secret), room_id)
    assert answer.status_code == 503
    assert "We could not check the file" in answer.content.decode()
    assert File.objects.count() == files
    # --- it is back, and knows more
    scanner.know(MARK, b"%PDF-1")
    scanner.start()
    out = doors(world)
    assert {n: a.status_code for n, a in out.items()} == {"api": 400, "console": 403, "room": 303}
    assert not any(b"%PDF-" in a.content for a in out.values())
    assert render(mail, sending=True).attachments == ()
    sent.refresh_from_db()
    assert sent.state == "on_hold"
    person = sent.recipients.order_by("position")[0]
    assert standing(sent, person, clock.now()) == Standing.ON_HOLD
    told = Message.objects.filter(envelope_id=sent.pk, purpose="infected")
    assert [m.address for m in told] == [world.console.owner.email]
    assert VIRUS in render(told[0]).text
    refused = ways_in(world, INFECTED)
    assert (refused["api"].status_code, refused["console"].status_code) == (400, 422)
    assert b"Infected" in refused["api"].content
    assert File.objects.count() == files
    # --- it was wrong
    scanner.stop()
    scanner.know(MARK)
    scanner.start()
    Blob.objects.update(scanned_at=clock.now() - clock.timedelta(hours=6))
    console = world.address("console/envelopes/<envelope_id>/documents/<version_id>.pdf")
    assert call(world.clients["right"], "GET", console).status_code == 200
    assert Envelope.objects.get(pk=sent.pk).state == "on_hold"  # of its two files one is still accused
    assert {a.status_code for a in doors(world).values()} == {200}
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert [e.kind for e in sent.audit_events.order_by("-seq")[:1]] == ["found_clean"]


def sign(browser: Client, room_id: str) -> Any:
    base = f"/room/{room_id}/"
    call(browser, "POST", f"{base}signature", {"kind": "typed", "name": "Bea Berg", "hand": "caveat"})
    page = browser.get(f"{base}sign").content.decode()
    form = dict(re.findall(r'name="([a-z_]+)"[^>]*value="([^"]*)"', page))
    return call(
        browser, "POST", f"{base}sign", form | {"agree": "on", "consent": "on"}, HTTP_ACCEPT="text/html"
    )


def test_no_other_way_out() -> None:
    """Stored bytes are read for somebody outside only by `scan.read_clean`."""
    source = ROOT / "src" / "undersigned"
    readers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "read"
        and isinstance(node.value, ast.Name)
        and node.value.id == "storage"
    }
    assert readers == {"files/scan.py"}
