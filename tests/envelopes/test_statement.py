"""A file that cannot be signed itself: people sign a page that names it, to the end."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from django.test import Client
from django.utils import translation

from tests.envelopes.conftest import PlainDialect
from tests.envelopes.signing import Signer, prepared
from tests.files.test_intake import signed_pdf
from tests.jobs.testing import run_due
from undersigned.accounts.models import Organization, User
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import shown, statement
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.edit_documents import replace_document
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.models import Consent, Document, Envelope
from undersigned.envelopes.place_fields import FieldPlace, place_fields
from undersigned.envelopes.send import send
from undersigned.files import storage
from undersigned.files.models import File
from undersigned.files.store import receive, store_file
from undersigned.lifecycle.statement import size_in_words
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.evidence import verify_evidence
from undersigned.sealing.statement import grouped
from undersigned.sealing.verify import verify_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.database]
BYTES = "Kassavirta; 2027; ääkköset ja 數字\n".encode() * 90
NAME = "Budjetti 預算 ميزانية " + "x" * 90 + ".csv"


@pytest.fixture
def any_file(user: User) -> Callable[..., File]:
    def make(name: str = NAME, content: bytes = BYTES) -> File:
        with receive(io.BytesIO(content)) as received:
            return store_file(user.organization, received, name, user=user)

    return make


@pytest.fixture
def lenient(plain: PlainDialect) -> None:
    plain.policy = plain.policy.model_copy(update={"not_pdf": "statement", "unique_names": False})


def path_of(file: File, folder: Path) -> Path:
    assert file.blob is not None
    path = folder / f"{file.pk}"
    path.write_bytes(b"".join(storage.read(file.blob)))
    return path


@pytest.fixture
def mixed(
    lenient: None, actor: Actor, draft: Envelope, pdf: Callable[..., File], any_file: Callable[..., File]
) -> Envelope:
    """A contract and, first, a file that is no PDF; two sign."""
    for name in ("John Doe", "Åsa Öberg"):
        add_recipient(actor, draft.pk, NewRecipient(name, f"{len(name)}@example.com", code="none"))
    add_document(actor, draft.pk, any_file())
    add_document(actor, draft.pk, pdf())
    Envelope.objects.filter(pk=draft.pk).update(language="fi")
    return prepared(send(actor, draft.pk))


def test_people_sign_a_page_that_names_the_file(mixed: Envelope, tmp_path: Path) -> None:
    document = mixed.documents.order_by("position")[0]
    digest = hashlib.sha256(BYTES).hexdigest()
    assert (document.format, document.original_sha256) == (Document.Format.STATEMENT, digest)
    assert document.head is not None
    page = path_of(document.head.file, tmp_path)
    with pypdfium2.PdfDocument(page) as opened:
        text = opened[0].get_textpage().get_text_range()
        assert len(opened) == document.head.file.pages == 1
    joined = "".join(text.split())
    for said in (
        grouped(digest),
        "Budjetti",
        "預算",
        "text/plain",
        f"{len(BYTES)}"[:1],
        "SHA-256",
        "Åsa Öberg",
    ):
        assert "".join(said.split()) in joined, said
    with translation.override("fi"):
        assert "".join(size_in_words(len(BYTES)).split()) in joined
    with pikepdf.open(page) as opened:
        names = {str(f.T) for f in opened.Root.AcroForm.Fields}
    assert names == {f"Signature{n}-{digest[:12]}" for n in (1, 2)} | {f"Seal-{digest[:12]}"}


def test_the_file_stays_and_the_page_is_sealed_to_the_same_level(
    mixed: Envelope, tmp_path: Path, organization: Organization
) -> None:
    for recipient in mixed.recipients.order_by("position"):
        Signer(recipient, with_code=False).sign()
    (consent, *_) = Consent.objects.order_by("pk")
    digest = hashlib.sha256(BYTES).hexdigest()
    assert [s.get("file") for s in consent.shown] == [
        {"name": NAME, "sha256": digest, "size": len(BYTES)},
        None,
    ]
    run_due()
    mixed.refresh_from_db()
    assert mixed.state == "completed"
    original, page, contract = statement.results(mixed)
    assert b"".join(storage.read(original.blob)) == BYTES  # type: ignore[arg-type]
    assert (page.name, contract.name) == (f"{NAME} - signatures.pdf", "contract.pdf")
    for sealed in (page, contract):
        report = verify_pdf(path_of(sealed, tmp_path), root_certificates())
        assert report.verdict == "valid", report
        assert [s.kind for s in report.signers].count("signature") == 3  # two people and the seal
    assert mixed.evidence is not None
    given = [path_of(f, tmp_path) for f in (original, page, contract)]
    evidence = verify_evidence(path_of(mixed.evidence, tmp_path), given, root_certificates())
    assert evidence.code == "belongs"
    assert [(m.title, m.version, m.named_by_page) for m in evidence.files] == [
        (NAME, "original", True),
        (NAME, "sealed", False),
        ("contract.pdf", "sealed", False),
    ]
    _check_by_command([*given, path_of(mixed.evidence, tmp_path)], tmp_path)
    with pypdfium2.PdfDocument(path_of(mixed.evidence, tmp_path)) as opened:
        words = " ".join(p.get_textpage().get_text_range() for p in opened)
    assert "This file was not changed" in " ".join(words.split())
    mail = render(Message.objects.filter(purpose="completed", user=None).first())  # type: ignore[arg-type]
    assert [a.name for a in mail.attachments] == [NAME, f"{NAME} - signatures.pdf", "contract.pdf"]
    assert f"“{NAME} - signatures.pdf”" in mail.text


def _check_by_command(files: list[Path], folder: Path) -> None:
    """`undersigned verify` elsewhere, with the files alone; another file in the original's place is found out."""
    command = [sys.executable, "-m", "undersigned.app.cli", "verify", *map(str, files)]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
    right = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert right.returncode == 0, right.stdout + right.stderr
    assert f"signed by a page about it: “{NAME}”" in right.stdout
    files[0].write_bytes(BYTES + b"x")
    wrong = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1, wrong.stdout


def test_the_room_offers_the_file_and_nothing_runs_in_it(
    lenient: None, actor: Actor, draft: Envelope, any_file: Callable[..., File], settings: object
) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # type: ignore[attr-defined]
    evil = b"<!doctype html><script>alert(document.cookie)</script>"
    add_recipient(actor, draft.pk, NewRecipient("John Doe", "john@example.com", code="none"))
    add_document(actor, draft.pk, any_file("report.html", evil))
    sent = prepared(send(actor, draft.pk))
    john = Signer(sent.recipients.get(), with_code=False)
    browser = Client()
    browser.cookies.load({"room": john.secret})
    read = browser.get(f"/room/{john.sitting.pub}/read").content.decode()
    assert "Read this file first" in read
    address = f"/room/{john.sitting.pub}/original/1"
    assert address in read
    answer = browser.get(address)
    assert b"".join(answer.streaming_content) == evil  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="report.html"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert browser.get(address.replace("/1", "/2")).status_code == 404
    john.sign()
    assert f"{address}" in browser.get(f"/room/{john.sitting.pub}/done").content.decode() or run_due()
    done = browser.get(f"/room/{john.sitting.pub}/done").content.decode()
    assert address in done
    assert "report.html - signatures.pdf" in done
    sealed = browser.get(f"/room/{john.sitting.pub}/sealed/1")
    assert sealed["Content-Disposition"] == 'attachment; filename="report.html - signatures.pdf"'


def test_a_pdf_that_is_signed_already_is_left_as_it_came(
    lenient: None, actor: Actor, draft: Envelope, any_file: Callable[..., File], pdf: Callable[..., File]
) -> None:
    document = add_document(actor, draft.pk, any_file("signed.pdf", signed_pdf()))
    assert document.by_statement
    recipient = add_recipient(actor, draft.pk, NewRecipient("John Doe", "john@example.com", code="none"))
    with pytest.raises(Invalid):
        place_fields(draft.pk, document.pk, [FieldPlace(recipient.pk, 1, 10, 80, 30, 8)])
    assert not replace_document(actor, draft.pk, document.pk, pdf()).by_statement


def test_who_refuses_what_is_no_pdf_refuses_it(
    actor: Actor, draft: Envelope, any_file: Callable[..., File], pdf: Callable[..., File]
) -> None:
    document = add_document(actor, draft.pk, pdf())
    for act in (
        lambda: add_document(actor, draft.pk, any_file()),
        lambda: replace_document(actor, draft.pk, document.pk, any_file()),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.faults == {"file": ["not_pdf"]}
    assert [d.pk for d in draft.documents.filter(removed_at=None)] == [document.pk]


def test_the_digest_on_the_page_counts_as_shown(mixed: Envelope) -> None:
    seen = shown.current(person := mixed.recipients.all()[0])
    assert seen.digest == shown.as_seen(person, seen.revision, seen.digest).digest
