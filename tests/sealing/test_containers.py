"""ASiC-E containers in the eyes of openssl, pyHanko and ourselves; and found out when anything in them was changed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import LazySettings
from freezegun import freeze_time
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from tests import tsa
from undersigned.accounts.models import Organization, User
from undersigned.sealing import authority, revocation
from undersigned.sealing.asic import container, manifest, validation
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.errors import TimestampUnavailable
from undersigned.sealing.identities import bring_identity, signer_of
from undersigned.sealing.seal_container import seal_container
from undersigned.sealing.verify import Report, verify_file

from . import containers
from .authority_of_others import PASSWORD, OtherAuthority
from .containers import REQUEST, changed, contents, make, pack, reference, signature

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
Files = list[tuple[str, bytes]]
NAME = "Vuokrasopimus (åäö).pdf"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return make(tmp_path)


def judged(path: Path) -> Report:
    return verify_file(path, root_certificates())


# --- what is written ------------------------------------------------------------------------------
def test_its_files_and_their_order(made: Path) -> None:
    data = made.read_bytes()
    assert data[30:38] == b"mimetype"
    assert data[38 : 38 + len(manifest.MEDIA_TYPE)] == manifest.MEDIA_TYPE.encode()
    with zipfile.ZipFile(made) as found:
        assert found.testzip() is None
        assert [(i.filename, i.compress_type, i.extra, i.date_time[0]) for i in found.infolist()] == [
            (name, zipfile.ZIP_STORED, b"", 1980)
            for name in (
                "mimetype",
                NAME,
                "META-INF/ASiCManifest001.xml",
                "META-INF/signature001.p7s",
                "META-INF/ASiCManifest003.xml",
                "META-INF/signature003.p7s",
                "META-INF/ASiCManifest004.xml",
                "META-INF/signature004.p7s",
                "META-INF/ASiCArchiveManifest.xml",
                "META-INF/timestamp001.tst",
            )
        ]


def test_manifests_name_what_is_signed_by_its_digest(made: Path) -> None:
    files = contents(made)
    said = files["META-INF/ASiCManifest003.xml"].decode()
    (name,) = re.findall(r'DataObjectReference URI="([^"]+)"', said)
    assert unquote(name) == NAME
    assert 'SigReference URI="META-INF/signature003.p7s" MimeType="application/pkcs7-signature"' in said
    assert base64.b64encode(hashlib.sha256(files[NAME]).digest()).decode() in said
    archive = files["META-INF/ASiCArchiveManifest.xml"].decode()
    assert len(re.findall("<asic:DataObjectReference", archive)) == 7
    assert 'URI="META-INF/timestamp001.tst" MimeType="application/vnd.etsi.timestamp-token"' in archive


def test_openssl_accepts_every_signature(made: Path, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with zipfile.ZipFile(made) as found:
        found.extractall(tmp_path / "out")
    root = tmp_path / "root.pem"
    ours = [x509.load_der_x509_certificate(der) for der in root_certificates()]
    root.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in ours))
    for number in ("001", "003", "004"):
        command = (
            f"openssl cms -verify -cades -binary -inform DER -in META-INF/signature{number}.p7s "
            f"-content META-INF/ASiCManifest{number}.xml -CAfile {root} -purpose any -out /dev/null"
        )
        done = subprocess.run(
            command.split(), cwd=tmp_path / "out", capture_output=True, text=True, check=False
        )
        assert "CAdES Verification successful" in done.stderr, done.stderr


def test_pyhanko_accepts_every_signature(made: Path) -> None:
    files = contents(made)
    roots = [asn1_x509.Certificate.load(der) for der in root_certificates()]
    for number in ("001", "003", "004"):
        message = asn1_cms.ContentInfo.load(files[f"META-INF/signature{number}.p7s"])["content"]
        kinds = [c.name for c in message["crls"]]
        assert kinds.count("crl") == 3
        assert kinds.count("other") == 2, "about the signer and the timestamp authority"
        context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
        status = asyncio.run(
            async_validate_detached_cms(
                io.BytesIO(files[f"META-INF/ASiCManifest{number}.xml"]),
                message,
                signer_validation_context=context,
                ts_validation_context=context,
            )
        )
        assert status.bottom_line
        assert status.summary().startswith("INTACT:TRUSTED")
        assert status.timestamp_validity is not None
        assert status.timestamp_validity.trusted


def test_all_levels_and_people(made: Path) -> None:
    report = judged(made)
    assert (report.verdict, report.format, report.files) == ("valid", "asice", (NAME,)), report
    said = [(str(s.signer), s.level, s.verdict, s.indication, s.trusted, s.covers) for s in report.signers]
    assert said == [
        (name, "B-LTA", "valid", "TOTAL_PASSED", True, (NAME,))
        for name in ("Anna Virtanen", "Åsa Öberg", "Board Oy")
    ]
    assert all(s.claimed_at and s.confirmed_at and s.confirmed_by for s in report.signers)
    assert report.signers[0].identified_by == "sms-code"
    assert report.signers[-1].identified_by == "seal"
    assert [s.kind for s in report.signatures][-1] == "timestamp"


def test_without_the_right_root_it_is_as_signed_by_somebody(made: Path) -> None:
    report = verify_file(made)
    assert {s.verdict for s in report.signatures} == {"unknown_issuer"}
    assert {s.level for s in report.signers} == {"B-LTA"}
    own = {hashlib.sha256(der).hexdigest() for der in root_certificates()}
    assert {s.root_sha256 for s in report.signatures} == own


@pytest.mark.parametrize("days", [8, 300, 760, 3000])
def test_it_lasts(made: Path, days: int) -> None:
    """Long after what is said about certificates, and they themselves, have ended. In this process, whose clock can be moved."""
    roots = [der.hex() for der in root_certificates()]
    with freeze_time(datetime.now(UTC) + timedelta(days=days)):
        result = validation.analyse(str(made), roots, [])
    assert result["verdict"] == "valid", result
    signers = [s for s in result["signatures"] if s["kind"] == "signature"]
    assert {(s["indication"], s["level"]) for s in signers} == {("TOTAL_PASSED", "B-LTA")}
    assert all(s["confirmed_at"] for s in signers)


def test_without_its_archive_timestamp_it_does_not_last(made: Path) -> None:
    path = changed(made, lambda files: [f for f in files if "Archive" not in f[0] and ".tst" not in f[0]])
    assert {s.level for s in judged(path).signers} == {"B-LT"}
    roots = [der.hex() for der in root_certificates()]
    with freeze_time(datetime.now(UTC) + timedelta(days=760)):
        assert validation.analyse(str(path), roots, [])["verdict"] == "no_poe"


def test_without_a_timestamp_nothing_is_signed(tmp_path: Path, settings: LazySettings) -> None:
    path = make(tmp_path)
    about = reference(tmp_path / "prepared.pdf")
    settings.TIMESTAMP_AUTHORITY = ""
    with pytest.raises(TimestampUnavailable):
        signature(tmp_path, 9, "Anna Virtanen", about)
    assert not (tmp_path / "9.p7s").exists()
    assert path.exists()


def test_a_signature_over_another_file_is_not_packed(tmp_path: Path) -> None:
    make(tmp_path)
    about = reference(tmp_path / "prepared.pdf")
    one = signature(tmp_path, 1, "Anna Virtanen", about)
    target = tmp_path / "x.asice"
    with pytest.raises(ValueError, match="another file"):
        seal_container(tmp_path / "prepared.pdf", about, {2: one}, target, REQUEST)
    (tmp_path / "prepared.pdf").write_bytes(b"%PDF-1.7 another")
    with pytest.raises(ValueError, match="not the one"):
        container.write(target, tmp_path / "prepared.pdf", about, {})


@pytest.mark.parametrize("kind", ["RSA-2048", "P-384"])
def test_a_key_that_was_brought(
    organization: Organization, tmp_path: Path, settings: LazySettings, kind: str
) -> None:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    others = OtherAuthority(tmp_path, serving=True)
    try:
        anna = User.objects.create_user(organization, "anna2", name="Anna", surname="Virtanen")
        identity = bring_identity(anna, others.pkcs12(*others.issue(kind=kind)), PASSWORD)
        make(tmp_path)
        about, target = reference(tmp_path / "prepared.pdf"), tmp_path / "own.asice"
        own = signer_of(identity, datetime.now(UTC) + timedelta(days=90))
        one = signature(tmp_path, 1, "Anna Virtanen", about, own)
        assert seal_container(tmp_path / "prepared.pdf", about, {1: one}, target, REQUEST) == []
    finally:
        others.close()
    report = verify_file(target, [*root_certificates(), others.root.public_bytes(Encoding.DER)])
    assert (report.verdict, [s.level for s in report.signers]) == ("valid", ["B-LTA", "B-LTA"]), report
    assert str(report.signers[0].issuer) == "Emicert"
    assert judged(target).verdict == "unknown_issuer"


@pytest.mark.parametrize("fault", ["", "no chain"])
def test_a_timestamp_authority_elsewhere(tmp_path: Path, settings: LazySettings, fault: str) -> None:
    with tsa.serving() as it:
        settings.TIMESTAMP_AUTHORITY = it.url
        it.fault = fault  # without the chain it is fetched
        path = make(tmp_path)
    assert verify_file(path, root_certificates()).verdict != "valid", "its root is not known"
    report = verify_file(path, [*root_certificates(), it.root.public_bytes(Encoding.DER)])
    assert (report.verdict, {s.level for s in report.signers}) == ("valid", {"B-LTA"}), report
    assert {str(s.confirmed_by) for s in report.signatures} == {"Unit of time"}


def test_a_certificate_that_was_withdrawn(tmp_path: Path) -> None:
    seal = authority.ensure_seal("former", "Former Oy")
    signer = authority.signer_for(seal)
    revocation.revoke(seal)
    type(seal).objects.filter(pk=seal.pk).update(revoked_at=datetime.now(UTC) - timedelta(days=1))
    make(tmp_path)
    about, target = reference(tmp_path / "prepared.pdf"), tmp_path / "own.asice"
    one = signature(tmp_path, 1, "Former Oy", about, signer)
    seal_container(tmp_path / "prepared.pdf", about, {1: one}, target, REQUEST)
    report = judged(target)
    assert (report.verdict, [s.verdict for s in report.signers]) == ("revoked", ["revoked", "valid"]), report


# --- what was changed -----------------------------------------------------------------------------
def flipped(name: str, at: int = 200) -> Callable[[Files], Files]:
    """One bit of one file."""

    def change(files: Files) -> Files:
        return [(n, c[:at] + bytes([c[at] ^ 1]) + c[at + 1 :]) if n == name else (n, c) for n, c in files]

    return change


def renamed(former: str, later: str) -> Callable[[Files], Files]:
    return lambda files: [(later if n == former else n, c) for n, c in files]


def added(name: str, content: bytes = b"more") -> Callable[[Files], Files]:
    return lambda files: [*files, (name, content)]


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: [f for f in files if f[0] != name]


def entities(files: Files) -> Files:
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
    return [(n, bomb if n == "META-INF/ASiCManifest001.xml" else c) for n, c in files]


def swapped(files: Files) -> Files:
    """One person's signature in another's place."""
    return [
        (n.replace("003.p7s", "001.p7s") if n.endswith("003.p7s") else n.replace("001.p7s", "003.p7s"), c)
        for n, c in files
    ]


def lent(files: Files) -> Files:
    """A manifest of its own for a signature that covers another."""
    other = dict(files)["META-INF/ASiCManifest001.xml"]
    return [*files, ("META-INF/ASiCManifest009.xml", other)]


CHANGES: dict[str, tuple[Callable[[Files], Files], str, str]] = {
    "the pdf": (flipped(NAME), "broken", "changed_file"),
    "a manifest": (flipped("META-INF/ASiCManifest001.xml", 250), "broken", ""),
    "a signature": (flipped("META-INF/signature001.p7s", 1000), "broken", ""),
    "a signature's end": (flipped("META-INF/signature001.p7s", -5), "broken", ""),
    "the archive manifest": (flipped("META-INF/ASiCArchiveManifest.xml", 400), "broken", ""),
    "the archive timestamp": (flipped("META-INF/timestamp001.tst", -5), "broken", ""),
    "a file added": (added("Annex.pdf"), "changed_after_signing", "unnamed_file"),
    "a file added among signatures": (added("META-INF/note.txt"), "changed_after_signing", "unnamed_file"),
    "a signature taken out": (without("META-INF/signature003.p7s"), "changed_after_signing", "signature_removed"),
    "the pdf taken out": (without(NAME), "broken", "missing_file"),
    "the pdf under another name": (renamed(NAME, "other.pdf"), "broken", "missing_file"),
    "an absolute name": (added("/etc/passwd"), "forged_structure", "unsafe_name"),
    "a name that leads out": (added("../out.pdf"), "forged_structure", "unsafe_name"),
    "a name of another system": (added("C:\\out.pdf"), "forged_structure", "unsafe_name"),
    "a name with a control character": (added("a\x1b.pdf"), "forged_structure", "unsafe_name"),
    "a name twice": (added(NAME), "forged_structure", "repeated_name"),
    "a name twice but for case": (added(NAME.upper()), "forged_structure", "repeated_name"),
    "signatures exchanged": (swapped, "broken", ""),
    "a signature lent": (lent, "forged_structure", "shared_signature"),
    "entities": (entities, "broken", "malformed"),
    "another media type": (lambda files: [("mimetype", b"application/zip"), *files[1:]], "not_pdf", "not_container"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_changes_are_found(made: Path, what: str) -> None:
    change, verdict, reason = CHANGES[what]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a name that is there twice
        report = judged(changed(made, change))
    assert report.verdict == verdict, report
    assert reason in ("", report.reason)
    assert not any(s.trusted for s in report.signatures if s.verdict != "valid")


def test_every_byte_counts(made: Path, tmp_path: Path) -> None:
    """Wherever one bit of the file itself differs, it is not called good; at some places a reader does not care what stands there."""
    data = made.read_bytes()
    target = tmp_path / "flipped.asice"
    neutral = {"valid"}
    for at in range(0, len(data), max(1, len(data) // 60)):
        target.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        report = judged(target)
        if report.verdict in neutral:  # a time or a mark of the ZIP file: what is in it is as it was
            assert contents(target) == contents(made), at


def test_what_no_directory_names_is_found(made: Path, tmp_path: Path) -> None:
    data = made.read_bytes()
    hidden = tmp_path / "hidden.asice"
    for where, content in {
        "before": b"%PDF-1.7 another document" + data,
        "behind": data + b"more",
    }.items():
        hidden.write_bytes(content)
        report = judged(hidden)
        assert report.verdict in ("forged_structure", "broken", "not_pdf"), where
    inside = pack(hidden, list(contents(made).items()))
    with zipfile.ZipFile(inside, "a") as file:
        file.comment = b"mimetype=application/zip"
    assert judged(inside).reason == "hidden_bytes"
    short = made.read_bytes()
    hidden.write_bytes(short[: len(short) // 2])
    assert judged(hidden).verdict == "broken"


def test_bombs_go_off_elsewhere(made: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.asice"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents(made).items():
            file.writestr(zipfile.ZipInfo(name), content)
        with file.open("zeros", "w", force_zip64=True) as zeros:
            for _ in range(1100):
                zeros.write(bytes(1 << 20))
    assert bomb.stat().st_size < 4 << 20
    assert judged(bomb).verdict == "too_many"
    with zipfile.ZipFile(bomb, "w") as file:
        for number in range(400):
            file.writestr(f"{number}", b"")
    assert judged(bomb).verdict == "too_many"


def test_other_containers_are_not_judged(tmp_path: Path) -> None:
    mimetype = ("mimetype", manifest.MEDIA_TYPE.encode())
    xades = pack(tmp_path / "x.asice", [mimetype, ("a.pdf", b"%PDF"), ("META-INF/signatures.xml", b"<x/>")])
    assert (judged(xades).verdict, judged(xades).reason) == ("not_pdf", "unknown_format")
    assert judged(pack(tmp_path / "y.asice", [mimetype, ("a.pdf", b"%PDF")])).verdict == "not_signed"
    assert judged(pack(tmp_path / "z.zip", [("a.pdf", b"%PDF")])).verdict == "not_pdf"


def test_a_signature_over_two_files_covers_both(tmp_path: Path) -> None:
    """As other programs make them: one manifest for several files, and no archive timestamp."""
    first, second = b"one", b"two"
    about = [
        containers.Reference(n, "text/plain", hashlib.sha256(c).hexdigest())
        for n, c in (("a.txt", first), ("b/c.txt", second))
    ]
    signed = manifest.write("META-INF/signature.p7s", manifest.SIGNATURE, about)
    from undersigned.sealing.authority import Subject
    from undersigned.sealing.sign import SignRequest, sign_detached

    target = tmp_path / "s.p7s"
    until = datetime.now(UTC) + timedelta(days=90)
    sign_detached(
        signed, target, SignRequest("", Subject("Anna Virtanen", reference="1", identified_by="link"), until)
    )
    files = [
        ("mimetype", manifest.MEDIA_TYPE.encode()),
        ("a.txt", first),
        ("b/", b""),
        ("b/c.txt", second),
        ("META-INF/ASiCManifest.xml", signed),
        ("META-INF/signature.p7s", target.read_bytes()),
    ]
    report = judged(pack(tmp_path / "two.asice", files))
    assert (report.verdict, report.files) == ("incomplete", ("a.txt", "b/c.txt")), report
    assert report.signers[0].level == "B-T"
    files[3] = ("b/c.txt", b"too")
    assert judged(pack(tmp_path / "two.asice", files)).reason == "changed_file"


def test_both_descriptions_of_a_file_must_agree(made: Path, tmp_path: Path) -> None:
    """Each is read by some programs: in the file's own header, and in the directory at the end."""
    data, changed_ = made.read_bytes(), tmp_path / "two-faced.asice"
    with zipfile.ZipFile(made) as found:
        at = found.getinfo(NAME).header_offset
    for offset, value in (
        (6, b"\x00\x00"),
        (8, b"\x08\x00"),
        (14, b"\x01\x02\x03\x04"),
        (22, b"\x01\x00\x00\x00"),
    ):
        changed_.write_bytes(data[: at + offset] + value + data[at + offset + len(value) :])
        assert judged(changed_).verdict == "forged_structure", offset


def test_other_programs_write_them_too(made: Path, tmp_path: Path) -> None:
    """Packed, and in pieces whose sizes come behind them."""

    class Pipe(io.RawIOBase):
        def __init__(self, file: io.BufferedWriter) -> None:
            self.file = file

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return self.file.write(data)  # type: ignore[arg-type]

    target = tmp_path / "packed.asice"
    with target.open("wb") as file, zipfile.ZipFile(Pipe(file), "w") as pipe:  # type: ignore[arg-type]
        for name, content in contents(made).items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            pipe.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, kind)
    report = judged(target)
    assert report.verdict == "valid", report
