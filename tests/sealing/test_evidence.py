"""Evidence: built, sealed, read, and found out when it was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sealing.records import record
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.chain import EVENT_FIELDS, canonical_json
from undersigned.sealing.evidence import build_evidence, verify_evidence
from undersigned.sealing.seal import SealRequest, seal_pdf

pytestmark = [pytest.mark.django_db]


def test_scratch(tmp_path: Path) -> None:
    pdf, data, closed = tmp_path / "e.pdf", tmp_path / "e.json", Path("/tmp/v/evidence.pdf")
    build_evidence(record(7, 2), pdf, data)
    seal_pdf(pdf, closed, SealRequest("board", "Board Oy"))
    r = verify_evidence(closed, [], root_certificates())
    assert r.code == "belongs_to_none" and r.seal.verdict == "valid", r
