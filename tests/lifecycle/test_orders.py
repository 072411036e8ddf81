"""Orders on their way: pages made final document by document, results for each person, packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from django.conf import LazySettings

from tests.forms import make_form
from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.base import clock
from undersigned.envelopes import attention
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.adopt_results import results_of
from undersigned.envelopes.delete_envelope import delete_envelope
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.models import (
    Assignment,
    AuditEvent,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    Package,
    Signature,
)
from undersigned.envelopes.packages import NewPackage
from undersigned.envelopes.upload import upload
from undersigned.files import archive, storage
from undersigned.files.models import ArchiveEntry, File
from undersigned.jobs.models import Job
from undersigned.jobs.queue import enqueue
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.evidence import verify_evidence
from undersigned.sealing.package import embedded_pdfs
from undersigned.sealing.verify import verify_pdf

from .orders import Does, Person, form, order, stored, text_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@contextmanager
def path_of(file: File) -> Iterator[Path]:
    assert file.blob is not None
    with storage.local_path(file.blob) as path:
        yield path


def words(file: File) -> str:
    with path_of(file) as path:
        done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True)
    return " ".join(done.stdout.split())


def kinds(document: Document) -> list[str]:
    return list(document.versions.order_by("seq").values_list("kind", flat=True))


def failed() -> list[str]:
    """What jobs complained of."""
    return [j.error for j in Job.objects.exclude(state=Job.State.DONE)]


def test_documents_are_prepared_as_they_become_ready(actor: Actor, user: User) -> None:
    envelope = order(
        actor,
        {"anna": False, "bert": False},
        (
            text_pdf(user, "lease"),
            form(user, make_form(), interactive=True, values={"policy": "P-77", "country": "Finland"}),
            text_pdf(user, "terms"),
            NewDocument("payslip.pdf"),
        ),
        (
            Does(recipient="anna", document=1, key="lease"),
            Does(recipient="anna", document=2, key="form", action="fill"),
            Does(recipient="anna", document=2, key="form"),
            Does(recipient="anna", document=3, key="terms", action="view"),
            Does(recipient="bert", document=4, key="payslip", action="upload"),
            Does(recipient="bert", document=4, key="payslip-signed"),
        ),
    )
    assert not failed()
    lease, application, terms, payslip = envelope.documents.order_by("position")
    assert kinds(lease) == ["original", "prepared"]
    assert kinds(application) == ["original"]  # still to be filled in
    assert kinds(terms) == ["original"]  # only read
    assert kinds(payslip) == []
    assert envelope.phase == "fill"  # Anna still has to

    anna = Person(envelope, "anna")
    anna.view()
    with pytest.raises(Invalid) as refused:
        anna.fill(application, {"person.name": "Anna \U0001f600"})
    assert refused.value.faults == {"person.name": ["unprintable"]}
    anna.fill(application, {"person.name": "Anna Virtanen", "remarks": "Αθήνα", "cover": "large"})
    run_due()
    assert kinds(application) == ["original", "prepared"]
    prepared = application.versions.get(kind="prepared")
    said = words(prepared.file)
    for part in ("Anna Virtanen", "Αθήνα", "P-77", "Finland", "SHA-256 of the form"):
        assert part in said, part
    with path_of(prepared.file) as path, pikepdf.open(path) as pdf:
        names = [str(f.get("/T")) for f in pdf.Root.AcroForm.Fields]
    assert all(n.startswith(("Signature", "Seal")) for n in names)

    bert = Person(envelope, "bert")
    brought = stored(user, make_pdf(text="payslip"), "slip.pdf")
    upload(bert.sitting, bert.open("upload")[0].pk, brought)
    run_due()
    assert kinds(payslip) == ["original", "prepared"]
    bert.sign()
    anna.sign()
    run_due()
    assert not failed()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.COMPLETED
    assert kinds(terms) == ["original"]
    assert kinds(payslip) == ["original", "prepared", "signed", "result", "sealed"]


def test_preparing_again_has_no_effect(actor: Actor, user: User) -> None:
    envelope = order(actor, {"anna": False}, (text_pdf(user, "a"),), (Does(recipient="anna", document=1),))
    before = list(AuditEvent.objects.filter(envelope=envelope).values_list("kind", flat=True))
    Job.objects.filter(kind="prepare").update(state=Job.State.WAITING, token=None, attempts=0)
    run_due()
    assert list(AuditEvent.objects.filter(envelope=envelope).values_list("kind", flat=True)) == before


def test_a_declaration_names_what_its_signer_signs(actor: Actor, user: User) -> None:
    envelope = order(
        actor,
        {"anna": True, "bert": False},
        (text_pdf(user, "lease"), text_pdf(user, "annex"), text_pdf(user, "other")),
        (
            Does(recipient="anna", document=1, key="1", sign_text="The lease of the flat"),
            Does(recipient="anna", document=2, key="2"),
            Does(recipient="bert", document=3, key="3"),
        ),
    )
    assert not failed()
    declaration = envelope.documents.get(format="declaration")
    version = declaration.versions.get()
    assert version.kind == "prepared"
    said = words(version.file)
    for part in ("lease.pdf", "annex.pdf", "The lease of the flat", "I have read it all."):
        assert part in said, part
    assert "other.pdf" not in said
    joined = "".join(said.split())
    for document in envelope.documents.filter(position__in=(1, 2)):
        assert document.versions.get(kind="prepared").sha256 in joined
    anna = Person(envelope, "anna")
    anna.sign()
    run_due()
    assert kinds(declaration)[:3] == ["prepared", "signed", "result"]


def test_each_person_has_results_as_soon_as_they_are_done(actor: Actor, user: User) -> None:
    envelope = order(
        actor,
        {"anna": False, "bert": False},
        (text_pdf(user, "lease"),),
        (Does(recipient="anna", document=1, to_archive=True), Does(recipient="bert", document=1)),
    )
    document = envelope.documents.get()
    Person(envelope, "anna").sign()
    run_due()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.SENT
    assert kinds(document) == ["original", "prepared", "signed", "result"]
    document.refresh_from_db()
    assert document.head is not None
    assert document.head.kind == "signed"  # the chain goes on from the signature
    assignments = list(Assignment.objects.filter(envelope=envelope).order_by("pk"))
    assert set(results_of(assignments)) == {assignments[0].pk}

    Person(envelope, "bert").sign()
    run_due()
    assert not failed()
    assert kinds(document) == ["original", "prepared", "signed", "result", "signed", "result", "sealed"]
    results = results_of(assignments)
    roots = root_certificates()
    signers = []
    for assignment in assignments:
        with path_of(results[assignment.pk].file) as path:
            report = verify_pdf(path, roots)
            subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
        assert report.verdict == "valid"
        signers.append([s.signer.name for s in report.signers])
    assert [len(names) for names in signers] == [2, 3]  # with the organisation's seal
    # Each result holds the signature that it is the result of.
    for assignment in assignments:
        own = Signature.objects.get(assignment=assignment)
        assert results[assignment.pk].parent_id == own.version_after_id


def test_a_result_that_is_to_be_archived_outlives_its_order(actor: Actor, user: User) -> None:
    envelope = order(
        actor,
        {"anna": False},
        (text_pdf(user, "lease"),),
        (Does(recipient="anna", document=1, to_archive=True),),
    )
    Person(envelope, "anna").sign()
    run_due()
    result = results_of(list(Assignment.objects.filter(envelope=envelope)))
    (version,) = result.values()
    assert archive.ids_of([version.file]) == {version.file_id: version.file.pub}
    entry = ArchiveEntry.objects.get()
    assert entry.evidence is not None
    with path_of(entry.evidence) as evidence, path_of(entry.file) as file:
        assert verify_evidence(evidence, [file], root_certificates()).code == "belongs"
    delete_envelope(actor, envelope.pk)
    entry.refresh_from_db()
    with path_of(entry.file) as file:
        assert verify_pdf(file, root_certificates()).verdict == "valid"
    assert not File.objects.filter(kind=File.Kind.VERSION).exclude(blob=None).exists()


def packaged(actor: Actor, user: User, *, to_archive: bool = False) -> Envelope:
    """Two people sign one lease, and each another document; a file that is no PDF; one only read."""
    csv = NewDocument("numbers.csv", stored(user, b"a,b\n1,2\n", "numbers.csv"))
    return order(
        actor,
        {"anna": False, "bert": False},
        (text_pdf(user, "lease"), text_pdf(user, "annex"), csv, text_pdf(user, "terms")),
        (
            Does(recipient="anna", document=1, key="lease"),
            Does(recipient="bert", document=1, key="lease"),
            Does(recipient="anna", document=2, key="annex"),
            Does(recipient="bert", document=3, key="numbers"),
            Does(recipient="bert", document=4, key="terms", action="view"),
        ),
        (
            NewPackage(
                "all",
                (
                    ("anna", "lease"),
                    ("bert", "lease"),
                    ("anna", "annex"),
                    ("bert", "numbers"),
                    ("bert", "terms"),
                ),
                to_archive=to_archive,
            ),
            NewPackage("of anna", (("anna", "lease"), ("anna", "annex"))),
        ),
    )


def test_a_package_that_waits_says_so_also_when_all_is_completed(
    actor: Actor, user: User, settings: LazySettings
) -> None:
    envelope = order(
        actor,
        {"anna": False},
        (text_pdf(user, "lease"),),
        (Does(recipient="anna", document=1, key="lease"),),
        (NewPackage("all", (("anna", "lease"),)),),
    )
    Person(envelope, "anna").sign()
    packaging = Job.objects.filter(kind="package")
    packaging.update(run_at=clock.now() + timedelta(hours=1))
    run_due()
    settings.TIMESTAMP_AUTHORITY = ""
    for _attempt in range(3):
        assert not attention.flagged().exists()
        packaging.update(run_at=clock.now())
        run_due()
    [found] = attention.flagged(user.organization_id)
    assert found.state == EnvelopeState.COMPLETED
    assert found.needs_attention.startswith("packaging waits: TimestampUnavailable")
    assert attention.work_on([found]) == {found.pk: packaging.get()}
    settings.TIMESTAMP_AUTHORITY = "built-in"
    packaging.update(run_at=clock.now())
    run_due()
    assert Package.objects.get().state == Package.State.COMPLETED
    assert not attention.flagged().exists()
    found.refresh_from_db()
    assert found.needs_attention == ""


def test_a_package_holds_everything_and_is_sealed(actor: Actor, user: User, tmp_path: Path) -> None:
    envelope = packaged(actor, user, to_archive=True)
    assert not failed()
    Person(envelope, "anna").sign()
    run_due()
    first, second = Package.objects.filter(envelope=envelope)
    assert (first.state, second.state) == ("created", "completed")
    bert = Person(envelope, "bert")
    bert.view()
    bert.sign()
    run_due()
    assert not failed()
    first.refresh_from_db()
    assert first.state == "completed"
    assert first.file is not None
    said = words(first.file)
    positions = [said.index(text) for text in ("lease Page 1", "annex Page 1", "numbers.csv", "terms Page 1")]
    assert positions == sorted(positions)
    assert "Evidence" in said
    roots = root_certificates()
    with path_of(first.file) as path:
        report = verify_pdf(path, roots)
        assert report.verdict == "valid"
        subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
        listed = subprocess.run(["pdfsig", str(path)], check=False, capture_output=True, text=True).stdout
        assert "Signature is Valid" in listed
        with pikepdf.open(path) as pdf:
            names = list(pdf.attachments.keys())
            assert [str(f.UF) for f in pdf.Root.AF] == [
                "01 lease.pdf",
                "02 annex.pdf",
                "03 numbers.csv - signatures.pdf",
                "03 numbers.csv",
                "evidence.json",
            ]
            assert [str(f.AFRelationship) for f in pdf.Root.AF] == ["/Source"] * 3 + ["/Supplement", "/Data"]
            for name in names:
                (tmp_path / name).write_bytes(pdf.attachments[name].get_file().read_bytes())
            fields = [str(f.get("/T")) for f in pdf.Root.AcroForm.Fields]
            assert [f for f in fields if f.startswith("Signature")] == []  # pictures of them, not fields
        embedded = [tmp_path / n for n in names if n != "evidence.json"]
        assert verify_evidence(path, embedded, roots).code == "belongs"
        copied = tmp_path / "package.pdf"
        copied.write_bytes(path.read_bytes())
        with embedded_pdfs(path) as signed:
            assert [name for name, _ in signed] == [n for n in sorted(names) if n.endswith(".pdf")]
            assert all(verify_pdf(copy, roots).verdict == "valid" for _, copy in signed)
    lease = verify_pdf(tmp_path / "01 lease.pdf", roots)
    assert lease.verdict == "valid"
    assert {"Anna", "Bert"} <= {s.signer.name for s in lease.signers}
    assert (tmp_path / "03 numbers.csv").read_bytes() == b"a,b\n1,2\n"
    said = check_by_command([copied, tmp_path / "03 numbers.csv"], tmp_path)
    assert "01 lease.pdf" in said
    assert "- Anna" in said
    assert "“numbers.csv”" in said
    assert archive.ids_of([first.file]) == {first.file.pk: first.file.pub}
    events = AuditEvent.objects.filter(envelope=envelope, kind="package_completed")
    assert events.count() == 3  # of "all" one for each person, of Anna's one


def check_by_command(files: list[Path], folder: Path) -> str:
    """What `undersigned verify` says elsewhere, with the files alone."""
    done = subprocess.run(
        [sys.executable, "-m", "undersigned.app.cli", "verify", *map(str, files)],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pictures_of_signatures_are_drawn_in_a_package(actor: Actor, user: User) -> None:
    envelope = packaged(actor, user)
    lease = envelope.documents.get(position=1)
    assert "UTC" not in words(lease.versions.get(kind="prepared").file)
    Person(envelope, "anna").sign()
    run_due()
    package = Package.objects.get(envelope=envelope, key="of anna")
    assert package.file is not None
    said = words(package.file)
    assert said[: said.index("Evidence")].count("UTC") == 2  # under the signature on each document


def test_building_a_package_again_has_no_effect(actor: Actor, user: User) -> None:
    envelope = packaged(actor, user)
    Person(envelope, "anna").sign()
    run_due()
    package = Package.objects.get(envelope=envelope, key="of anna")
    Job.objects.filter(kind__in=("package", "result")).update(state=Job.State.WAITING, token=None, attempts=0)
    versions = DocumentVersion.objects.count()
    run_due()
    again = Package.objects.get(pk=package.pk)
    assert (again.file_id, again.settled_at) == (package.file_id, package.settled_at)
    assert DocumentVersion.objects.count() == versions


def test_a_package_fails_only_when_a_file_of_it_is_gone(actor: Actor, user: User) -> None:
    envelope = packaged(actor, user)
    anna = Person(envelope, "anna")
    anna.recipient.refresh_from_db()
    Job.objects.all().delete()
    anna.sign()
    Job.objects.filter(kind="result").delete()
    after = Signature.objects.filter(assignment__recipient=anna.recipient).first()
    assert after is not None
    File.objects.filter(pk=after.version_after.file_id).update(blob=None)
    run_due()
    package = Package.objects.get(envelope=envelope, key="of anna")
    assert package.state == "failed"
    assert AuditEvent.objects.filter(envelope=envelope, kind="package_failed").count() == 1
    assert not failed()


def test_what_was_deleted_meanwhile_is_left_alone(actor: Actor, user: User) -> None:
    envelope = packaged(actor, user)
    anna = Person(envelope, "anna")
    run_due()
    waiting = Job.objects.count()
    anna.sign()
    assert Job.objects.count() > waiting
    jobs = [(j.kind, dict(j.payload)) for j in Job.objects.filter(kind__in=("result", "package"))]
    delete_envelope(actor, envelope.pk)
    for kind, payload in jobs:
        enqueue(kind, payload)
    run_due()
    assert not failed()
    assert not File.objects.exclude(blob=None).filter(kind=File.Kind.VERSION).exists()
