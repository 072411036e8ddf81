"""What `docs/signatures.md` promises: the check of the audit trail by anybody, and `undersigned verify` with its exit codes."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sealing.conftest import prepare, request, seal
from tests.sealing.records import record
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.evidence import SEAL_FIELD, build_evidence
from undersigned.sealing.seal import SealRequest, seal_pdf
from undersigned.sealing.sign import sign_pdf

PAGE = Path(__file__).parents[2] / "docs" / "signatures.md"


def run_example(folder: Path, evidence: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    path = folder / "evidence.json"
    path.write_text(json.dumps(evidence), "utf-8")
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", example, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_example_agrees_with_our_chain_and_finds_what_was_altered(tmp_path: Path) -> None:
    evidence = record(people=3)
    count = len(evidence["audit"])
    done = run_example(tmp_path, evidence)
    assert (done.returncode, done.stdout) == (0, f"{count} events, unbroken\n"), done.stderr
    evidence["audit"][1] |= {"salt": None, "detail": None}  # a person was erased
    assert run_example(tmp_path, evidence).returncode == 0
    evidence["audit"][2]["detail"]["name"] = "Mallory"
    assert run_example(tmp_path, evidence).stderr == "event 3 does not follow\n"
    del evidence["audit"][2]
    assert run_example(tmp_path, evidence).stderr == "event 3 does not follow\n"


@pytest.mark.django_db
def test_verify_command_elsewhere(tmp_path: Path) -> None:
    """In a folder without a server: files, evidence in both forms, with and without a root."""
    signed = tmp_path / "signed.pdf"
    prepared = prepare(tmp_path, ["Anna Virtanen"])
    sign_pdf(prepared, signed, request(prepared, 1, "Anna Virtanen"))
    sealed = seal(signed)
    root = tmp_path / "root.pem"
    root.write_bytes(x509.load_der_x509_certificate(root_certificates()[0]).public_bytes(Encoding.PEM))
    plain, as_json, closed = (tmp_path / n for n in ("plain.pdf", "evidence.json", "evidence.pdf"))
    build_evidence(record(sealed=hashlib.sha256(sealed.read_bytes()).hexdigest()), plain, as_json)
    seal_pdf(plain, closed, SealRequest("board", "Board Oy", SEAL_FIELD))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def verify(*arguments: object) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "undersigned.app.cli", "verify", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=elsewhere,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    status, output = verify(sealed, closed, "--root", root)
    assert status == 0, output
    assert "Anna Virtanen" in output
    assert "The record belongs to this file" in output
    fingerprint = hashlib.sha256(root_certificates()[0]).hexdigest()
    status, output = verify(sealed, as_json)
    assert status == 0, output
    assert fingerprint in output
    assert verify(signed, closed, "--root", root)[0] == 1  # not what the record knows
    damaged = tmp_path / "damaged.pdf"
    content = bytearray(sealed.read_bytes())
    content[len(content) // 3] ^= 1
    damaged.write_bytes(content)
    assert verify(damaged)[0] == 1
    assert verify(tmp_path / "missing.pdf")[0] == 2
    assert list(elsewhere.iterdir()) == []
