"""Documents signed apart from their PDF: side by side, in groups, left out, by people's own keys; delivered in one container."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import LazySettings

from tests.adversarial.files import signed_by_a_stranger
from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from tests.sealing.authority_of_others import PASSWORD as OPENS
from tests.sealing.authority_of_others import OtherAuthority
from undersigned.accounts.models import User
from undersigned.delivery.models import Message
from undersigned.envelopes import detached, fill, make_signature
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.choose_identity import choose_identity
from undersigned.envelopes.compile_groups import faults_of
from undersigned.envelopes.decline import decline
from undersigned.envelopes.erase import erase_envelope
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.models import (
    Assignment,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    Field,
    Signature,
)
from undersigned.envelopes.plan import PlannedField, PlannedRequest, plan_of
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.prove_password import prove_password
from undersigned.envelopes.send import send
from undersigned.files.models import File
from undersigned.files.storage import local_path
from undersigned.sealing import identities
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.evidence import verify_evidence
from undersigned.sealing.verify import Report, verify_file

from . import groups as groups_of_people
from .groups import Ticket, asks, document, draft, person, register, sitting_of, states, text

pytestmark = [pytest.mark.django_db, pytest.mark.database]
MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"


@pytest.fixture(autouse=True)
def groups() -> None:
    register()


def cades(key: str, signer: str, **more: object) -> PlannedRequest:
    return asks(key, signer, profile="cades", **more)


def sent(user: User, envelope: Envelope) -> Envelope:
    send(Actor.from_user(user), envelope.pk)
    run_due()
    return Envelope.objects.get(pk=envelope.pk)


@pytest.fixture
def two(user: User) -> Envelope:
    """Two people sign one document, both at once."""
    return sent(user, draft(user, document([[person("a"), person("b")]], [cades("1", "a"), cades("2", "b")])))


def completed(envelope: Envelope) -> Envelope:
    run_due()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.COMPLETED, envelope.needs_attention
    return envelope


@contextmanager
def on_disk(file: File | None) -> Iterator[Path]:
    assert file is not None
    assert file.blob is not None
    with local_path(file.blob) as path:
        yield path


def version(envelope: Envelope, kind: str, position: int = 1) -> DocumentVersion:
    return DocumentVersion.objects.get(document__envelope=envelope, document__position=position, kind=kind)


def report_on(envelope: Envelope, *roots: bytes) -> Report:
    with on_disk(version(envelope, "sealed").file) as path:
        return verify_file(path, [*root_certificates(), *roots])


def names_in(envelope: Envelope) -> list[str]:
    with on_disk(version(envelope, "sealed").file) as path, zipfile.ZipFile(path) as found:
        return found.namelist()


def test_who_signs_at_the_same_time_disturbs_nobody(two: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = make_signature.sign_detached, []
    first, second = Ticket(two, "1"), Ticket(two, "2")
    before = Document.objects.get()

    def slow(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            second.sign()
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(make_signature, "sign_detached", slow)
    first.sign()
    assert len(calls) == 2, "neither was made again"
    after = Document.objects.get()
    assert (after.head, after.epoch) == (before.head, before.epoch)
    signed = DocumentVersion.objects.filter(kind="signed")
    assert [v.parent for v in signed] == [before.head, before.head]
    assert {v.file.media_type for v in signed} == {"application/pkcs7-signature"}
    assert {v.file.name for v in signed} == {"paper 1 - signature 1.p7s", "paper 1 - signature 2.p7s"}
    assert {s.version_before for s in Signature.objects.all()} == {before.head}
    completed(two)
    report = report_on(two)
    assert report.verdict == "valid"
    assert [str(s.signer) for s in report.signers] == ["Person A", "Person B", "Board Oy"]
    assert {s.level for s in report.signers} == {"B-LTA"}


def test_what_comes_out(two: Envelope, tmp_path: Path) -> None:
    Ticket(two, "1").sign()
    Ticket(two, "2").sign()
    completed(two)
    prepared, sealed = version(two, "prepared"), version(two, "sealed")
    assert (prepared.file.name, prepared.file.media_type, prepared.file.pages) == (
        "paper 1.pdf",
        "application/pdf",
        1,
    )
    assert (sealed.file.name, sealed.file.media_type, sealed.file.pages) == (
        "paper 1.asice",
        MEDIA_TYPE,
        None,
    )
    assert sealed.file.blob is not None
    assert sealed.file.blob.media_type == MEDIA_TYPE
    with on_disk(prepared.file) as path, pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 1
        assert "/AcroForm" not in pdf.Root
    assert names_in(two)[:2] == ["mimetype", "paper 1.pdf"]
    assert Document.objects.get().head == sealed
    assert sealed.pictured == prepared
    attached = {
        f["name"] for m in Message.objects.filter(purpose="completed") for f in json.loads(m.params)["files"]
    }
    assert attached == {"paper 1.asice"}
    with on_disk(two.evidence) as pdf, on_disk(two.evidence_json) as data, on_disk(sealed.file) as container:
        record = json.loads(data.read_text())["documents"][0]
        assert (record["format"], record["container"]) == (
            "cades",
            {"name": "paper 1.asice", "media_type": MEDIA_TYPE, "holds": "paper 1.pdf"},
        )
        assert [v["sha256"] for v in record["versions"]][-1] == sealed.sha256
        found = verify_evidence(pdf, [container], root_certificates())
        assert (found.code, found.files[0].version) == ("belongs", "sealed")
        said = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
        assert "in the container “paper 1.asice”" in " ".join(said.split())
        assert "undersigned verify document.asice evidence.pdf" in said
        root = tmp_path / "root.pem"
        ours = [x509.load_der_x509_certificate(der) for der in root_certificates()]
        root.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in ours))
        command = [sys.executable, "-m", "undersigned.app.cli", "verify", container, pdf, "--root", root]
        done = subprocess.run([str(p) for p in command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Files: paper 1.pdf" in done.stdout
        assert done.stdout.count(", B-LTA, valid") == 3
        broken = tmp_path / "broken.asice"
        broken.write_bytes(
            container.read_bytes().replace(b"Page 1 of 1", b"Page 9 of 1").replace(b"%PDF-1.3", b"%PDF-1.4")
        )
        command = [sys.executable, "-m", "undersigned.app.cli", "verify", broken]
        done = subprocess.run([str(p) for p in command], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "a signed file in the container is not the one that was signed" in done.stdout


def test_groups_fields_and_a_pdf_document_beside_it(user: User) -> None:
    """The second group waits; what was filled in is on the page; places for signatures show nothing."""
    a, b = person("a"), person("b")
    place = {"page": 1, "x": 10.0, "y": 60.0, "w": 40.0, "h": 6.0}
    fields = [
        text("t", "a"),
        PlannedField(key="s1", kind="signature", request="1", **place),  # type: ignore[arg-type]
        PlannedField(key="s2", kind="signature", request="1", **place | {"y": 70.0}),  # type: ignore[arg-type]
        PlannedField(key="c", kind="clause", request="2", text="As agreed.", page=1),
    ]
    envelope = draft(
        user,
        document([[a], [b]], [cades("1", "a"), cades("2", "b")], fields),
        document([[b]], [asks("1", "b")], number=2),
    )
    envelope = sent(user, envelope)
    assert states(envelope)["1.sign.1.1"] == "planned"
    assert "1.sign.1.2" not in states(envelope), "one signature, however many places"
    mine = sitting_of(envelope.recipients.get(name="Person A"))
    row = Field.objects.get(key="t")
    fill.save(mine, row.document_id, {"t": "Turku"})
    fill.finish(mine, row.document_id)
    run_due()
    prepared = version(envelope, "prepared")
    with on_disk(prepared.file) as path:
        said = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
        assert "Turku" in said
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) == 1
            assert "/AcroForm" not in pdf.Root
    Ticket(envelope, "1").sign()
    assert states(envelope)["1.sign.2.1"] == "open"
    Ticket(envelope, "2").sign(accepted=[Field.objects.get(kind="clause")])
    Ticket(envelope, "1", position=2).sign()
    completed(envelope)
    assert report_on(envelope).verdict == "valid"
    assert version(envelope, "sealed", 2).file.name == "paper 2.pdf"
    assert Signature.objects.count() == 3


def test_what_came_signed_stays_as_it_came(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_of_people, "make_pdf", lambda **_: signed_by_a_stranger(make_pdf()))
    envelope = draft(user, document([[person("a")]], [cades("1", "a")]))
    envelope = sent(user, envelope)
    Ticket(envelope, "1").sign()
    completed(envelope)
    assert version(envelope, "prepared").sha256 == version(envelope, "original").sha256
    assert report_on(envelope).verdict == "valid"


def test_one_left_out(user: User) -> None:
    a, b, c = person("a"), person("b"), person("c")
    asked = [cades("1", "a"), cades("2", "b", may_be_left_out=True), cades("3", "c")]
    envelope = sent(user, draft(user, document([[a, b, c]], asked)))
    Ticket(envelope, "1").sign()
    decline(Ticket(envelope, "2").sitting, "Not me")
    Ticket(envelope, "3").sign()
    completed(envelope)
    numbers = [n for n in names_in(envelope) if n.endswith(".p7s")]
    assert numbers == [f"META-INF/signature00{n}.p7s" for n in (1, 3, 4)]
    report = report_on(envelope)
    assert (report.verdict, [str(s.signer) for s in report.signers][:2]) == (
        "valid",
        ["Person A", "Person C"],
    )


def test_one_profile_a_document(user: User) -> None:
    mixed = document([[person("a")]], [cades("1", "a"), asks("2", "a"), cades("3", "a")])
    envelope = draft(user, mixed)
    documents = list(envelope.documents.select_related("original"))
    faults = faults_of(plan_of(envelope), documents, Policy.model_validate(envelope.policy))
    assert faults == {"documents.0.requests.1.profile": ["mixed"]}
    with pytest.raises(Invalid):
        send(Actor.from_user(user), envelope.pk)
    documents[0].format = Document.Format.STATEMENT
    plan = plan_of(draft(user, document([[person("a")]], [cades("1", "a")])))
    assert faults_of(plan, documents, Policy()) == {"documents.0.requests.0.profile": ["not_offered"]}


def test_a_copy_of_such_a_document_is_signed_as_its_own_plan_says(user: User) -> None:
    envelope = draft(user, document([[person("a")]], [asks("1", "a")]))
    Document.objects.filter(envelope=envelope).update(format=Document.Format.CADES)
    envelope = sent(user, envelope)
    assert Document.objects.get().format == Document.Format.PADES
    Ticket(envelope, "1").sign()
    completed(envelope)
    assert version(envelope, "sealed").file.name == "paper 1.pdf"


def test_a_service_account_signs_by_itself(user: User) -> None:
    robot = User.objects.create_user(user.organization, "stamp", "correct horse battery", name="Stamp")
    robot.automatic, robot.kind = True, User.Kind.ROBOT
    robot.save()
    a, r = person("a"), person("r", "Stamping Service", user=robot.pk)
    envelope = sent(user, draft(user, document([[a], [r]], [cades("1", "a"), cades("2", "r")])))
    Ticket(envelope, "1").sign()
    completed(envelope)
    assert str(report_on(envelope).signers[1].signer) == "Stamping Service"


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_with_a_key_that_was_brought(user: User, tmp_path: Path, settings: LazySettings, kind: str) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    others = OtherAuthority(tmp_path, serving=True)
    try:
        password = "correct horse battery"
        mia = User.objects.create_user(
            user.organization, "mia", password, name="Mia", email="mia@example.com"
        )
        key, certificate = others.issue("Mia Member", kind=kind)
        identity = identities.bring_identity(mia, others.pkcs12(key, certificate), OPENS)
        named = person("m", "Mia Member").model_copy(update={"user": mia.pk})
        envelope = sent(user, draft(user, document([[named]], [cades("1", "m")])))
        ticket = Ticket(envelope, "1")
        prove_password(ticket.sitting, password)
        choose_identity(ticket.sitting, identity.pub)
        ticket.sign()
        completed(envelope)
    finally:
        others.close()
    signature = Signature.objects.get()
    assert (bytes(signature.certificate), signature.own_key) == (
        certificate.public_bytes(Encoding.DER),
        "pkcs12",
    )
    report = report_on(envelope, others.root.public_bytes(Encoding.DER))
    assert (report.verdict, report.signers[0].level) == ("valid", "B-LTA"), report
    assert str(report.signers[0].issuer) == "Emicert"


def test_numbers_stay(two: Envelope) -> None:
    """A signature's number and what it covers are the same before and after others signed."""
    first = Assignment.objects.get(key="1")
    second = Assignment.objects.get(key="2")
    prepared = version(two, "prepared")
    before = detached.to_be_signed(second, prepared)
    Ticket(two, "1").sign()
    assert detached.to_be_signed(second, prepared) == before
    assert [detached.number_of(a) for a in (first, second)] == [1, 2]


def test_erased(two: Envelope) -> None:
    Ticket(two, "1").sign()
    Ticket(two, "2").sign()
    completed(two)
    assert erase_envelope(two.pk)
    assert not DocumentVersion.objects.exists()
    kept = File.objects.filter(media_type__in=[MEDIA_TYPE, "application/pkcs7-signature"])
    assert kept.count() == 3
    assert not kept.filter(erased_at=None).exists()
    assert not kept.exclude(blob=None).exists()
