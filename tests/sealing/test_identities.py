"""Keys of people's own: taken in, refused with the reason, signed with, proven at sealing; judged by us and by pdfsig."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import LazySettings
from django.db import connection

from undersigned.accounts.models import Organization, User
from undersigned.base import clock
from undersigned.base.errors import NotFound
from undersigned.sealing import authority, identities
from undersigned.sealing.errors import RevocationUnavailable
from undersigned.sealing.identities import IdentityRefused, bring_identity, make_identity, signer_of
from undersigned.sealing.models import SigningIdentity
from undersigned.sealing.prepare import seal_field
from undersigned.sealing.seal import SealRequest, seal_pdf
from undersigned.sealing.sign import sign_pdf
from undersigned.sealing.verify import Report, verify_pdf

from .authority_of_others import PASSWORD, OtherAuthority
from .conftest import digest, prepare, request

pytestmark = pytest.mark.django_db
SOON = timedelta(days=90)


@pytest.fixture
def anna(organization: Organization) -> User:
    return User.objects.create_user(organization, "anna2", name="Anna", surname="Virtanen")


@pytest.fixture
def others(tmp_path: Path) -> Iterator[OtherAuthority]:
    authority = OtherAuthority(tmp_path)
    yield authority
    authority.close()


@pytest.fixture
def serving(tmp_path: Path, settings: LazySettings) -> Iterator[OtherAuthority]:
    settings.WEBHOOKS_MAY_BE_PRIVATE = True
    authority = OtherAuthority(tmp_path, serving=True)
    yield authority
    authority.close()


def sealed_with(identity: SigningIdentity, folder: Path, *, patient: bool = True) -> tuple[Path, list[str]]:
    """A document that two signed, the second with this key, sealed; and whose certificates stay unproven."""
    prepared, one, two = prepare(folder, ["Åsa Öberg", "Anna"]), folder / "one.pdf", folder / "two.pdf"
    sign_pdf(prepared, one, request(prepared, 1, "Åsa Öberg"))
    asked = replace(request(one, 2, "Anna"), signer=signer_of(identity, clock.now() + SOON))
    assert sign_pdf(one, two, asked).certificate == bytes(SigningIdentity.objects.get().certificate)
    target = folder / "sealed.pdf"
    seal = SealRequest("board", "Board Oy", seal_field(digest(two)), patient=patient)
    return target, seal_pdf(two, target, seal)


def judged(path: Path, *roots: x509.Certificate) -> Report:
    trusted = [*authority.root_certificates(), *(r.public_bytes(Encoding.DER) for r in roots)]
    return verify_pdf(path, trusted)


def pdfsig(path: Path) -> list[str]:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not installed")
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    return [line.split(": ", 1)[1] for line in said.splitlines() if "Signature Validation:" in line]


def test_made_here(anna: User, tmp_path: Path) -> None:
    identity = make_identity(anna)
    named = x509.load_der_x509_certificate(bytes(identity.certificate)).subject
    assert named.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Anna Virtanen"
    assert named.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == str(anna.pub)
    path, unproven = sealed_with(identity, tmp_path)
    report = judged(path)
    assert (report.verdict, unproven) == ("valid", [])
    assert [s.level for s in report.signers] == ["B-LTA"] * 3
    assert report.signers[1].signer.name == "Anna Virtanen"
    assert pdfsig(path)[:3] == ["Signature is Valid."] * 3


def test_renewed_when_a_signature_needs_more(anna: User) -> None:
    identity = make_identity(anna)
    before = signer_of(identity, clock.now() + SOON)
    after = signer_of(identity, clock.now() + timedelta(days=900))
    assert before.certificate.not_valid_after_utc == identity.not_after
    assert after.certificate.public_key() == before.certificate.public_key()
    identity.refresh_from_db()
    assert identity.not_after == after.certificate.not_valid_after_utc > clock.now() + timedelta(days=899)


@pytest.mark.parametrize("kind", ["RSA-2048", "RSA-4096", "P-256", "P-384", "P-521"])
def test_brought_signed_and_proven(anna: User, serving: OtherAuthority, tmp_path: Path, kind: str) -> None:
    identity = bring_identity(anna, serving.pkcs12(*serving.issue(kind=kind)), PASSWORD)
    assert (identity.label, identity.provider) == ("Anna Virtanen", "pkcs12")
    path, unproven = sealed_with(identity, tmp_path)
    assert (unproven, sorted(serving.asked)) == ([], ["/ca.crl", "/ocsp"])
    report = judged(path, serving.root)
    assert (report.verdict, report.signers[1].level) == ("valid", "B-LTA")
    assert str(report.signers[1].issuer) == "Emicert"
    assert pdfsig(path)[:3] == ["Signature is Valid."] * 3
    unknown = judged(path)
    assert unknown.verdict == "unknown_issuer"
    assert unknown.worst is not None
    assert str(unknown.worst.issuer) == "Emicert"


def test_the_issuer_is_fetched_where_it_did_not_come_along(
    anna: User, serving: OtherAuthority, tmp_path: Path
) -> None:
    identity = bring_identity(anna, serving.pkcs12(*serving.issue(), chain=False), PASSWORD)
    assert identity.chain == []
    path, unproven = sealed_with(identity, tmp_path)
    assert (unproven, serving.asked[0]) == ([], "/ca.der")
    assert judged(path, serving.root).verdict == "valid"


def test_without_any_answer_it_is_said(anna: User, others: OtherAuthority, tmp_path: Path) -> None:
    identity = bring_identity(anna, others.pkcs12(*others.issue()), PASSWORD)
    path, unproven = sealed_with(identity, tmp_path)
    assert len(unproven) == 1
    report = judged(path, others.root)
    assert [(s.verdict, s.level) for s in report.signers] == [
        ("valid", "B-LTA"),
        ("incomplete", "B-T"),
        ("valid", "B-LTA"),
    ]
    assert report.signers[1].intact


@pytest.mark.parametrize("trouble", ["down", "nonsense"])
def test_an_authority_that_should_answer_is_waited_for(
    anna: User, serving: OtherAuthority, tmp_path: Path, trouble: str
) -> None:
    identity = bring_identity(anna, serving.pkcs12(*serving.issue()), PASSWORD)
    setattr(serving, trouble, True)
    with pytest.raises(RevocationUnavailable):
        sealed_with(identity, tmp_path)
    _, unproven = sealed_with(identity, tmp_path, patient=False)
    assert len(unproven) == 1


def test_addresses_in_certificates_reach_nothing_private(
    anna: User, serving: OtherAuthority, tmp_path: Path, settings: LazySettings
) -> None:
    identity = bring_identity(anna, serving.pkcs12(*serving.issue()), PASSWORD)
    settings.WEBHOOKS_MAY_BE_PRIVATE = False
    _, unproven = sealed_with(identity, tmp_path)
    assert (len(unproven), serving.asked) == (1, [])


def test_a_withdrawn_certificate_is_found_out(anna: User, serving: OtherAuthority, tmp_path: Path) -> None:
    key, certificate = serving.issue()
    identity = bring_identity(anna, serving.pkcs12(key, certificate), PASSWORD)
    serving.revoked.add(certificate.serial_number)
    path, _ = sealed_with(identity, tmp_path)
    assert judged(path, serving.root).signers[1].verdict == "revoked"


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-legacy",),
        ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
    ],
    ids=["AES", "RC2-40 and 3DES", "3DES"],
)
def test_files_in_old_and_new_ciphers(anna: User, others: OtherAuthority, options: tuple[str, ...]) -> None:
    identity = bring_identity(
        anna, others.pkcs12(*others.issue(), *options, password="ascii"), "ascii", "Mine"
    )
    assert (identity.label, len(identity.chain)) == ("Mine", 1)


def test_an_old_cipher_that_this_machine_cannot_read(others: OtherAuthority) -> None:
    data = others.pkcs12(*others.issue(), "-legacy", password="ascii")
    code = (
        "import sys; from undersigned.sealing.pkcs12 import read; from undersigned.base.bounded import Refusal\n"
        "try: read(sys.argv[1], 'ascii')\n"
        "except Refusal as e: print(e.code)"
    )
    environment = os.environ | {"CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, data.hex()], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "old_cipher"


def _garbled(data: bytes) -> bytes:
    return data[:100] + bytes(100) + data[200:]


BAD: dict[str, tuple[Callable[[OtherAuthority], bytes], str]] = {
    "wrong password": (lambda o: o.pkcs12(*o.issue(), password="other"), "wrong_password"),
    "no PKCS#12": (lambda _: b"-----BEGIN CERTIFICATE-----", "not_pkcs12"),
    "empty": (lambda _: b"", "not_pkcs12"),
    "too large": (lambda _: b"0" * (identities.PKCS12_MAX + 1), "too_large"),
    "no key": (lambda o: o.pkcs12(*o.issue(), "-nokeys"), "no_key"),
    "expired": (lambda o: o.pkcs12(*o.issue(days=-2)), "expired"),
    "small RSA": (lambda o: o.pkcs12(*o.issue(kind="RSA-1024")), "key_too_small"),
    "for servers": (lambda o: o.pkcs12(*o.issue(eku=ExtendedKeyUsageOID.SERVER_AUTH)), "not_for_signing"),
    "for encryption": (lambda o: o.pkcs12(*o.issue(usage=(False, False))), "not_for_signing"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused_with_the_reason(anna: User, others: OtherAuthority, what: str) -> None:
    make, code = BAD[what]
    with pytest.raises(IdentityRefused) as caught:
        bring_identity(anna, make(others), PASSWORD)
    assert caught.value.code == code
    assert not SigningIdentity.objects.exists()


def test_other_kinds_of_keys(others: OtherAuthority) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())):
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(IdentityRefused, match="key_type"):
            identities._usable_key(der)


def test_a_key_of_another_certificate(others: OtherAuthority) -> None:
    with pytest.raises(IdentityRefused, match="not_its_key"):
        identities._refuse_unfit(others.issue()[1], others.issue()[0])


@pytest.mark.adversarial
def test_a_file_that_wants_hours_of_hashing(anna: User, others: OtherAuthority, monkeypatch: Any) -> None:
    from asn1crypto import pkcs12

    found = pkcs12.Pfx.load(others.pkcs12(*others.issue()))
    found["mac_data"]["iterations"] = 2**31 - 1
    monkeypatch.setattr(identities, "LIMITS", replace(identities.LIMITS, cpu=1, wall=3.0))
    with pytest.raises(IdentityRefused) as caught:
        bring_identity(anna, found.dump(force=True), PASSWORD)
    assert caught.value.code in ("timeout", "not_pkcs12", "wrong_password")


def test_removed_for_good(anna: User, others: OtherAuthority) -> None:
    data = others.pkcs12(*others.issue())
    identity = bring_identity(anna, data, PASSWORD)
    with pytest.raises(IdentityRefused, match="already_there"):
        bring_identity(anna, data, PASSWORD)
    identities.remove_identity(identity)
    identity.refresh_from_db()
    assert bytes(identity.private_key) == b""
    with pytest.raises(NotFound):
        signer_of(identity, clock.now() + SOON)
    with pytest.raises(NotFound):
        identities.identity_of(anna, identity.pub)
    assert bring_identity(anna, data, PASSWORD).pk != identity.pk


def test_nobody_elses(anna: User, organization: Organization) -> None:
    identity = make_identity(User.objects.create_user(organization, "carl"))
    with pytest.raises(NotFound):
        identities.identity_of(anna, identity.pub)


def test_twenty_are_enough(anna: User) -> None:
    for _ in range(identities.IDENTITIES_MAX):
        make_identity(anna)
    with pytest.raises(IdentityRefused, match="too_many"):
        make_identity(anna)


def test_the_key_lies_encrypted(anna: User) -> None:
    identity = make_identity(anna)
    key = signer_of(identity, clock.now() + SOON).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = key.private_numbers().private_value.to_bytes(32, "big")
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM sealing_signingidentity")
        assert number not in bytes(cursor.fetchone()[0])
