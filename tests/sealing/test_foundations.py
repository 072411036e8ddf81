"""Authorities, revocation data, timestamps, the audit chain and text: what signing is built on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from undersigned.sealing import authority, chain, revocation, timestamp
from undersigned.sealing.pdf import text


@pytest.mark.django_db
def test_authorities_are_made_once() -> None:
    first = authority.ensure_authorities()
    assert {k: v.pk for k, v in authority.ensure_authorities().items()} == {k: v.pk for k, v in first.items()}


@pytest.mark.django_db
def test_ocsp_knows_its_own_serials_only() -> None:
    keys = authority.ensure_authorities()
    signer = authority.issue_signer(
        authority.Subject("Anna Virtanen"), datetime.now(UTC) + timedelta(days=30)
    )
    ca = authority.certificate(keys["signers"])
    ours = ocsp.OCSPRequestBuilder().add_certificate(signer.certificate, ca, hashes.SHA256()).build()
    foreign = (
        ocsp.OCSPRequestBuilder()
        .add_certificate_by_hash(ours.issuer_name_hash, ours.issuer_key_hash, 12345, hashes.SHA256())
        .build()
    )
    statuses = [
        ocsp.load_der_ocsp_response(revocation.ocsp_response(r.public_bytes(Encoding.DER))).certificate_status
        for r in (ours, foreign)
    ]
    assert statuses == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.UNKNOWN]


def test_no_timestamp_authority_raises(settings: object) -> None:
    settings.TIMESTAMP_AUTHORITY = ""  # type: ignore[attr-defined]
    with pytest.raises(timestamp.TimestampUnavailable):
        timestamp.current()


def test_chain_names_the_first_event_that_does_not_follow() -> None:
    events, previous = [], chain.GENESIS
    for seq in range(1, 6):
        salt, detail = bytes([seq] * 16), {"name": f"Person {seq}"}
        event = {
            "seq": seq,
            "kind": "viewed",
            "detail_digest": chain.detail_digest(salt, detail).hex(),
            "salt": salt.hex(),
            "detail": detail,
        }
        event["prev_hash"], previous = previous.hex(), chain.event_hash(previous, event)
        events.append(event | {"hash": previous.hex()})
    assert chain.first_break(events) is None
    assert chain.first_break([*events[:2], events[2] | {"detail": {"name": "Mallory"}}, *events[3:]]) == 3
    assert chain.first_break([*events[:3], *events[4:]]) == 5


def test_missing_glyph_is_named() -> None:
    text.require_glyphs("Anna Åström Ελένη Сергій محمد नरेन्द्र 山田 김민수 สมชาย")
    with pytest.raises(text.MissingGlyph) as e:
        text.require_glyphs("Anna \U00013000")
    assert e.value.char == "\U00013000"
