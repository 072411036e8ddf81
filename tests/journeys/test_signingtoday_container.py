"""A document that is signed apart from its PDF, from the program's request to the container, which openssl and our own check judge."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.axe import findings
from tests.pdfs import make_pdf

from .conftest import Server, until
from .signingtoday import Program
from .signingtoday_people import ADA, BEN, agree, device, heading, link, place, seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys"), pytest.mark.usefixtures("patient")]
LEASE = {
    "forms": [place(0, "SignatureForm", 0, 75, 0)],
    "signatureRequests": [
        {"id": 0, "reason": "As the tenant", "signerId": 0, "signProfile": "CAdES"},
        {"id": 1, "reason": "As the landlord", "signerId": 1, "signProfile": "CAdES"},
    ],
    "signerGroups": [{"label": "Both", "signers": [ADA, BEN]}],
}


def test_two_people_at_once(server: Server, chromium: Browser, tmp_path: Path) -> None:
    program = Program(server)
    dst = program.publish("Lease of a boathouse", {"Lease.pdf": make_pdf(pages=2, text="Lease")}, LEASE)
    addresses = [link(server, person["email"], "sign") for person in (ADA, BEN)]
    with device(chromium, 390, 844) as phone, device(chromium, 1280, 800) as desk:
        for page, address in zip((phone, desk), addresses, strict=True):
            page.goto(address)
            page.get_by_role("button", name="Read the documents").click()
            heading(page, "Read and sign this document")
            page.locator("#bar .primary").click()
            heading(page, "Sign 1 document")  # how the signature looks is not asked: it would show nowhere
            seen(page, "sign", tmp_path)
            assert findings(page) == []
        for page, words in ((phone, "You have signed"), (desk, "Everybody has signed")):
            agree(page)
            heading(page, words)
        [document] = until("signed", lambda: signed(program, dst))["documents"]
        for page in (phone, desk):
            page.reload()
            expect(page.get_by_text("Lease.asice")).to_be_visible()
            seen(page, "done", tmp_path)
            assert findings(page) == []
    path = tmp_path / "Lease.asice"
    path.write_bytes(program.download(document["signedDocumentUuid"]))
    _verified(path, server)
    _by_openssl(path, server)
    with device(chromium, 390, 844) as page:
        page.goto(f"{server.url}/verify")
        page.set_input_files("input[type=file] >> nth=0", path)
        page.get_by_role("button", name="Check it").click()
        expect(page.get_by_text("Ada Köhler").first).to_be_visible()
        seen(page, "verify", tmp_path)
        assert findings(page) == []


def signed(program: Program, dst: str) -> Any:
    """The transaction, once everybody has signed it and it is sealed."""
    found = program.call("GET", f"/DST/{dst}")
    return found["status"] == "signed" and found


def _verified(path: Path, server: Server) -> None:
    """Our own check, away from the server, and of a copy in which one byte of the PDF is another."""
    elsewhere = {k: v for k, v in server.environment.items() if not k.startswith("UNDERSIGNED_")}
    run = [sys.executable, "-m", "undersigned.app.cli", "verify"]
    for file, status in ((path, 0), (_changed(path), 1)):
        done = subprocess.run(
            [*run, str(file)], env=elsewhere, cwd=path.parent, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Ada Köhler" in done.stdout
        assert "Ben Seller" in done.stdout


def _changed(path: Path) -> Path:
    other = path.with_name("Changed.asice")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith(".pdf"):
                content = content.replace(b"%PDF-1.", b"%PDF-2.", 1)
            target.writestr(entry, content)
    return other


def _by_openssl(path: Path, server: Server) -> None:
    """Each signature covers its manifest, by a program that knows nothing of ours."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = path.parent / "unpacked"
    with zipfile.ZipFile(path) as container:
        container.extractall(folder)
    with urllib.request.urlopen(f"{server.url}/ca/root.pem") as answer:
        (folder / "root.pem").write_bytes(answer.read())
    signatures = sorted((folder / "META-INF").glob("signature*.p7s"))
    assert len(signatures) == 3, "two people and the organisation"
    for signature in signatures:
        manifest = f"META-INF/ASiCManifest{signature.stem.removeprefix('signature')}.xml"
        command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"]
        files = ["-in", str(signature), "-content", manifest, "-CAfile", "root.pem", "-out", "/dev/null"]
        done = subprocess.run([*command, *files], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "CAdES Verification successful" in done.stderr
