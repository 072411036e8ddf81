"""A timestamp authority that hangs, errs or lies: nothing is signed at a lower level, and the reason is said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import LazySettings

from tests import tsa
from tests.sealing.conftest import prepare, request, seal
from undersigned.sealing import remote_timestamp, timestamp
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.errors import TimestampUnavailable
from undersigned.sealing.sign import sign_pdf
from undersigned.sealing.verify import verify_pdf

DIGEST = hashlib.sha256(b"x").digest()


@pytest.fixture
def authority(settings: LazySettings) -> Iterator[tsa.Authority]:
    with tsa.serving() as it:
        settings.TIMESTAMP_AUTHORITY = it.url
        yield it


LIES = {
    "hangs": "timeout",
    "errs": "503",
    "babbles": "cannot be read",
    "rejects": "time_not_available",
    "wrong imprint": "something else",
    "wrong nonce": "another request",
    "bad signature": "signature of its token",
    "wrong purpose": "not for time-stamping",
    "wrong time": "its clock says",
}


@pytest.mark.django_db  # its clock is compared with the database's
@pytest.mark.parametrize("fault", LIES)
def test_a_token_that_is_not_right_is_not_used(
    authority: tsa.Authority, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.fault = fault
    if fault == "hangs":
        monkeypatch.setattr(remote_timestamp, "TIMEOUT", 0.5)
    with pytest.raises(TimestampUnavailable, match=LIES[fault]):
        timestamp.current().token(DIGEST)
    monkeypatch.undo()
    authority.fault = ""
    assert timestamp.current().token(DIGEST)


def test_nobody_there(settings: LazySettings) -> None:
    settings.TIMESTAMP_AUTHORITY = "http://127.0.0.1:1/tsa"
    with pytest.raises(TimestampUnavailable, match="unreachable"):
        timestamp.current().token(DIGEST)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["", "no chain"])
def test_what_it_stamps_is_valid_to_the_last_level(
    authority: tsa.Authority, tmp_path: Path, fault: str
) -> None:
    authority.fault = fault  # without the chain it is fetched
    prepared = prepare(tmp_path, ["Anna Virtanen"])
    signed = tmp_path / "signed.pdf"
    sign_pdf(prepared, signed, request(prepared, 1, "Anna Virtanen"))
    report = verify_pdf(seal(signed), [*root_certificates(), authority.root.public_bytes(Encoding.DER)])
    assert report.verdict == "valid", report
    assert [s.level for s in report.signers] == ["B-LTA", "B-LTA"]
    assert {str(s.confirmed_by) for s in report.signers} == {"Unit of time"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("no CRL", "404"), ("old CRL", "old"), ("forged CRL", "not its"), ("revoked", "revoked")],
)
def test_without_proof_of_its_certificate_nothing_is_sealed(
    authority: tsa.Authority, tmp_path: Path, fault: str, reason: str
) -> None:
    prepared = prepare(tmp_path, ["Anna Virtanen"])
    signed = tmp_path / "signed.pdf"
    sign_pdf(prepared, signed, request(prepared, 1, "Anna Virtanen"))
    authority.fault = fault
    with pytest.raises(TimestampUnavailable, match=reason):
        seal(signed)
    authority.fault = ""
    assert seal(signed).exists()
