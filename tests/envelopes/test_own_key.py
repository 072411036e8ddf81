"""Signing with a key of one's own, from the choice to the sealed file and its evidence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import LazySettings

from tests.jobs.testing import run_due
from tests.sealing.authority_of_others import PASSWORD as OPENS
from tests.sealing.authority_of_others import OtherAuthority
from undersigned.accounts.models import User
from undersigned.base import clock
from undersigned.envelopes import appearance, audit, wallet
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.choose_identity import choose_identity
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import DocumentVersion, Envelope, EnvelopeState, Signature
from undersigned.envelopes.prove_password import prove_password
from undersigned.envelopes.send import send
from undersigned.files.storage import local_path
from undersigned.files.store import receive
from undersigned.jobs.models import Job
from undersigned.sealing import authority, identities, looks
from undersigned.sealing.models import SigningIdentity
from undersigned.sealing.verify import verify_pdf

from .groups import Ticket, asks, document, draft, person, register

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def groups() -> None:
    register()


@pytest.fixture
def mia(user: User) -> User:
    return User.objects.create_user(
        user.organization, "mia", PASSWORD, name="Mia", surname="Member", email="mia@example.com"
    )


@pytest.fixture
def others(tmp_path: Path, settings: LazySettings) -> Iterator[OtherAuthority]:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    made = OtherAuthority(tmp_path, serving=True)
    yield made
    made.close()


def sent_to(user: User, signer: User) -> Envelope:
    named = person("m", signer.full_name).model_copy(update={"user": signer.pk})
    envelope = draft(user, document([[named]], [asks("r1", "m")]))
    send(Actor.from_user(user), envelope.pk)
    run_due()
    return envelope


def signed_with(envelope: Envelope, identity: SigningIdentity) -> None:
    ticket = Ticket(envelope, "r1")
    prove_password(ticket.sitting, PASSWORD)
    choose_identity(ticket.sitting, identity.pub)
    ticket.sign()


def sealed(envelope: Envelope, folder: Path) -> tuple[Path, Path, dict[str, object]]:
    """Its file, its evidence and the record in that."""
    run_due()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.COMPLETED, envelope.needs_attention
    assert envelope.evidence is not None
    assert envelope.evidence_json is not None
    version = DocumentVersion.objects.get(document__envelope=envelope, kind="sealed")
    found = []
    for name, file in (
        ("sealed.pdf", version.file),
        ("evidence.pdf", envelope.evidence),
        ("evidence.json", envelope.evidence_json),
    ):
        assert file.blob is not None
        with local_path(file.blob) as path:
            (folder / name).write_bytes(path.read_bytes())
        found.append(folder / name)
    return found[0], found[1], json.loads(found[2].read_text())["signatures"][0]


def test_with_a_key_that_was_brought(user: User, mia: User, others: OtherAuthority, tmp_path: Path) -> None:
    key, certificate = others.issue("Mia Member")
    identity = identities.bring_identity(mia, others.pkcs12(key, certificate), OPENS)
    envelope = sent_to(user, mia)
    signed_with(envelope, identity)
    signature = Signature.objects.get()
    assert (bytes(signature.certificate), signature.own_key) == (
        certificate.public_bytes(Encoding.DER),
        "pkcs12",
    )
    [said] = [detail for event, detail in audit.trail(envelope) if event.kind == "signed"]
    assert said["documents"][0]["key"] == "pkcs12"
    file, evidence, record = sealed(envelope, tmp_path)
    written = {name: record[name] for name in ("key", "subject", "issuer", "proven", "serial")}
    serial = f"{certificate.serial_number:x}"
    assert written == {
        "key": "pkcs12",
        "subject": "Mia Member",
        "issuer": "Emicert",
        "proven": True,
        "serial": serial,
    }
    report = verify_pdf(file, [*authority.root_certificates(), others.root.public_bytes(Encoding.DER)])
    assert report.verdict == "valid"
    roots = tmp_path / "roots.pem"
    own = (x509.load_der_x509_certificate(der) for der in authority.root_certificates())
    roots.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in (*own, others.root)))
    command = [sys.executable, "-m", "undersigned.app.cli", "verify", file, evidence, "--root", roots]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"certificate {serial} under Emicert" in done.stdout


def test_what_nobody_can_prove_is_said_in_the_evidence(
    user: User, mia: User, others: OtherAuthority, tmp_path: Path, settings: LazySettings
) -> None:
    identity = identities.bring_identity(mia, others.pkcs12(*others.issue("Mia Member")), OPENS)
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    envelope = sent_to(user, mia)
    signed_with(envelope, identity)
    _, evidence, record = sealed(envelope, tmp_path)
    assert record["proven"] is False
    said = subprocess.run(["pdftotext", evidence, "-"], capture_output=True, text=True, check=True).stdout
    assert "could not be asked" in " ".join(said.split())


def test_an_authority_that_is_down_is_waited_for_and_not_for_ever(
    user: User, mia: User, others: OtherAuthority, tmp_path: Path
) -> None:
    identity = identities.bring_identity(mia, others.pkcs12(*others.issue("Mia Member")), OPENS)
    envelope = sent_to(user, mia)
    signed_with(envelope, identity)
    others.down = True
    run_due()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.SEALING
    others.down = False
    Job.objects.filter(kind="seal").update(run_at=clock.now())
    assert sealed(envelope, tmp_path)[2]["proven"] is True


def test_with_a_key_made_here_and_its_picture(user: User, mia: User, tmp_path: Path) -> None:
    from tests.console.test_own import picture

    identity = identities.make_identity(mia)
    source = tmp_path / "look.png"
    source.write_bytes(picture())
    with source.open("rb") as stream, receive(stream) as received:
        looks.keep_look(identity, received, "look.png")
    envelope = sent_to(user, mia)
    ticket = Ticket(envelope, "r1")
    prove_password(ticket.sitting, PASSWORD)
    choose_identity(ticket.sitting, identity.pub)
    ticket.sitting.refresh_from_db()
    assert appearance.kept(ticket.sitting) is not None
    ticket.sign()
    file, _, record = sealed(envelope, tmp_path)
    assert (record["key"], record["subject"]) == ("server", "Mia Member")
    report = verify_pdf(file, authority.root_certificates())
    assert [(s.verdict, s.level) for s in report.signers] == [("valid", "B-LTA")] * 2


def test_a_key_that_was_destroyed_meanwhile_signs_nothing(user: User, mia: User) -> None:
    identity = identities.make_identity(mia)
    envelope = sent_to(user, mia)
    ticket = Ticket(envelope, "r1")
    prove_password(ticket.sitting, PASSWORD)
    choose_identity(ticket.sitting, identity.pub)
    identities.remove_identity(identity)
    with pytest.raises(Conflict, match="identity"):
        ticket.sign()
    assert not Signature.objects.exists()


def test_a_robot_signs_with_its_key(user: User, tmp_path: Path) -> None:
    robot = User.objects.create_user(
        user.organization,
        "seal",
        name="Seal of Acme",
        email="seal@example.com",
        kind=User.Kind.ROBOT,
        automatic=True,
    )
    identities.make_identity(robot)
    envelope = sent_to(user, robot)
    run_due()
    signature = Signature.objects.get()
    assert signature.own_key == "server"
    named = x509.load_der_x509_certificate(bytes(signature.certificate)).subject
    assert identities.common_name(named) == "Seal of Acme"
    assert sealed(envelope, tmp_path)[2]["key"] == "server"
    assert not wallet.has_expired(SigningIdentity.objects.get())
    assert clock.now() < SigningIdentity.objects.get().not_after
