"""/verify: each kind of file gets its words, the signed versions and the result can be had, and nothing is left behind."""

from __future__ import annotations

import hashlib
import html
import io
import json
import os
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from tests.adversarial import files
from tests.adversarial.files import CONTENTS, in_place
from tests.adversarial.world import rows_of_all_tables
from tests.pdfs import make_pdf
from tests.sealing import conftest as making
from tests.sealing import containers
from tests.sealing.records import record
from undersigned.public.views import verify as view
from undersigned.sealing import authority, revocation
from undersigned.sealing.chain import canonical_json
from undersigned.sealing.sign import sign_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]


@pytest.fixture(autouse=True)
def surroundings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(view, "CHECKS", 1000)


@pytest.fixture
def sealed(tmp_path: Path) -> bytes:
    """Signed by Anna Virtanen, sealed by Board Oy."""
    source = files.with_text_field(make_pdf(pages=2, text="Lease"))
    prepared = making.prepare(tmp_path, ["Anna Virtanen"], source)
    signed = tmp_path / "signed.pdf"
    sign_pdf(prepared, signed, making.request(prepared, 1, "Anna Virtanen"))
    return making.seal(signed).read_bytes()


def ask(content: bytes, get: str = "", evidence: bytes | None = None, name: str = "Lease.pdf") -> Any:
    """Post a file as a browser does."""
    form: dict[str, Any] = {"file": io.BytesIO(content), "get": get}
    form["file"].name = name
    if evidence is not None:
        form["evidence"] = io.BytesIO(evidence)
        form["evidence"].name = "evidence.json"
    return Client().post("/verify", form)


def said(response: Any) -> tuple[str, str]:
    """The heading, and all the text of the page's main part."""
    page = response.content.decode()
    heading = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)[0]
    main = page[page.index("<main") : page.index("</main>")]
    return html.unescape(heading), " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def broken(data: bytes) -> bytes:
    """One bit of the first page's content."""
    at = data.index(b"stream") + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def expired(data: bytes) -> bytes:
    """Signed without a timestamp, with a certificate of ours that ended yesterday."""
    issuer, key = authority.ensure_authorities()["signers"], ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = [(authority.NameOID.COMMON_NAME, "Anna Virtanen")]
    builder = authority._builder(name, key.public_key(), now - timedelta(days=9), now - timedelta(days=1))
    builder = builder.add_extension(authority._key_usage(content_commitment=True), critical=True)
    chain = (authority.certificate(issuer),)
    return files.signed(data, authority._sign(builder, issuer), key, chain)


def withdrawn(data: bytes) -> bytes:
    """Signed with a seal whose certificate had been withdrawn."""
    seal = authority.ensure_seal("former", "Former Oy")
    signer = authority.signer_for(seal)
    revocation.revoke(seal)
    type(seal).objects.filter(pk=seal.pk).update(revoked_at=seal.revoked_at - timedelta(days=1))
    return files.signed(data, signer.certificate, signer.key, signer.chain)


def locked(data: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def cases(sealed: bytes) -> dict[str, tuple[bytes, str, list[str]]]:
    """File, heading, and what the text says."""
    plain = make_pdf()
    day = r"\d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d \(UTC\)"
    return {
        "valid": (
            sealed,
            "Signed, and unchanged since",
            [
                rf"Anna Virtanen signed on {day}; the time is confirmed by Time-stamping Unit\.",
                rf"Board Oy sealed it on {day}; the time is confirmed by Time-stamping Unit\.",
                r"Nothing was changed afterwards\.",
            ],
        ),
        "unknown authority": (
            files.signed_by_a_stranger(plain),
            "Unchanged, but the issuer is not known to us",
            [
                r"The file is exactly as signed\. The name “Anna Virtanen” was certified by “Anna Virtanen”, which is not on our trust lists\.",
                r"If you trust that issuer, compare its fingerprint: ([0-9A-F]{4} ){15}[0-9A-F]{4}",
            ],
        ),
        "changed": (
            files.page_replaced(sealed),
            "Changed after it was signed",
            [
                rf"After Anna Virtanen signed on {day}, page 1 was changed \(its text or pictures\)\.",
                r"No signature covers the change\. Rely only on the version that was signed\.",
            ],
        ),
        "note laid over": (
            files.note_laid_over(sealed),
            "Changed after it was signed",
            [r"page 1 was changed \(something was laid over it\)\."],
        ),
        "broken": (
            broken(sealed),
            "The signature does not fit this file",
            [r"The file is damaged or was altered\. Ask for it again from its source\."],
        ),
        "forged": (
            in_place(CONTENTS, lambda m: b"/Contents null".ljust(len(m.group())))(sealed),
            "Do not rely on this file",
            [
                r"built so that it looks signed, but the signature covers other content \(the signature is missing\)\."
            ],
        ),
        "expired": (
            expired(plain),
            "We cannot tell when it was signed",
            [
                r"The certificate ended on \d{1,2} [A-Z][a-z]+ 20\d\d and the file holds no trusted time, so it may have been signed "
                r"before or after\. Ask the signer for other proof\."
            ],
        ),
        "withdrawn": (
            withdrawn(plain),
            "Signed with a certificate that was withdrawn",
            [rf"It was withdrawn on {day}, before the time of signing {day}\."],
        ),
        "no signature": (
            plain,
            "There is no signature in this file",
            [r"A picture of a signature is not a signature\."],
        ),
        "not a PDF": (b"hello", "This is not a PDF", [r"Choose a signed PDF"]),
        "password": (locked(plain), "The file has a password", [r"Remove the password and try again\."]),
    }


def test_every_kind_of_file_gets_its_words(sealed: bytes) -> None:
    wrong = []
    for name, (content, heading, sentences) in cases(sealed).items():
        response = ask(content)
        found, text = said(response)
        if response.status_code != 200 or found != heading:
            wrong.append((name, found, text[:200]))
        wrong += [(name, sentence, text[:700]) for sentence in sentences if not re.search(sentence, text)]
    assert wrong == []


def test_of_several_signatures_the_worst_counts_and_is_named(sealed: bytes) -> None:
    heading, text = said(ask(files.signed_by_a_stranger(sealed)))
    assert heading == "Unchanged, but the issuer is not known to us"
    assert "This is about the signature of Anna Virtanen." in text
    assert text.index("Board Oy sealed it") < text.index("by their own word")


def test_signed_versions_can_be_seen(sealed: bytes, tmp_path: Path) -> None:
    """Each is the file's beginning, byte for byte, and judged by itself."""
    changed = files.page_replaced(sealed)
    offered = re.findall(r'value="(version-\d+)"', ask(changed).content.decode())
    assert len(offered) == 3  # the signature, the seal, the closing timestamp
    sizes = []
    for version in offered:
        response = ask(changed, version)
        content = b"".join(response.streaming_content)
        assert response["Content-Disposition"].startswith("attachment")
        assert f"Lease - version {version.removeprefix('version-')}.pdf" in response["Content-Disposition"]
        assert "sandbox" in response["Content-Security-Policy"]
        assert changed.startswith(content)
        assert int(response["Content-Length"]) == len(content)
        sizes.append(len(content))
    assert sizes == sorted(sizes)
    assert changed[: sizes[-1]] == sealed
    assert ask(changed, "version-99").status_code == 422
    assert ask(changed, "version-0").status_code == 422
    assert 'value="version-' not in ask(broken(sealed)).content.decode()


def test_the_result_as_data_and_as_pdf(sealed: bytes) -> None:
    told = ask(sealed, "json")
    assert told["Content-Disposition"] == 'attachment; filename="Lease - check.json"'
    data = json.loads(told.content)
    assert (data["verdict"], data["sha256"]) == ("valid", hashlib.sha256(sealed).hexdigest())
    assert data["evidence"] is None
    drawn = ask(sealed, "pdf", name="Vuokra ﷽ 山田.pdf")
    assert drawn["Content-Type"] == "application/pdf"
    import pypdfium2

    with pypdfium2.PdfDocument(drawn.content) as pdf:
        text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    for words in ("Signed, and unchanged since", "Board Oy sealed it", "proves nothing by itself", "B-LTA"):
        assert words in text, text


def test_the_record_goes_with_the_file(sealed: bytes) -> None:
    good = record(sealed=hashlib.sha256(sealed).hexdigest())
    whole = {"format": "undersigned-evidence", "version": 1}
    assert re.search(
        r"The record belongs to this file; \d+ events, unbroken",
        said(ask(sealed, "", canonical_json(whole | good)))[1],
    )
    other = canonical_json(whole | record(sealed="0" * 64))
    assert "The record does not belong to this file" in said(ask(sealed, "", other))[1]
    good["audit"][3]["kind"] = "viewed"
    assert "Event 4 does not follow from event 3" in said(ask(sealed, "", canonical_json(whole | good)))[1]


def test_no_trace_is_left(
    sealed: bytes, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the data folder, nor where Django puts large uploads, nor in a table, nor as an open file."""
    uploads, data = tmp_path / "uploads", tmp_path / "data"
    for folder in (uploads, data):
        folder.mkdir()
    authority.ensure_authorities()
    settings.FILE_UPLOAD_TEMP_DIR, settings.DATA_DIR = str(uploads), data
    monkeypatch.setattr(tempfile, "tempdir", str(uploads))
    large = sealed + b"%" + b"x" * 3_000_000  # over the size that Django keeps in memory
    before, rows = set(Path("/proc/self/fd").iterdir()), rows_of_all_tables()
    for get in ("", "pdf", "version-2", "version-99"):
        response = ask(large, get, b"{}")
        if response.streaming:
            assert b"".join(response.streaming_content)  # to its end, which closes it
        assert [p for p in tmp_path.rglob("*") if p.is_file() and p.is_relative_to(uploads)] == [], get
        assert [p for p in data.rglob("*") if p.is_file()] == [], get
    assert rows_of_all_tables() == rows
    left = {os.path.realpath(n) for n in set(Path("/proc/self/fd").iterdir()) - before}
    assert not any(str(tmp_path) in path for path in left), left


@pytest.mark.parametrize(
    ("change", "verdict", "sentence"),
    [
        (lambda files: files, "Signed, and unchanged since", "Nothing was changed afterwards."),
        (
            lambda files: [(n, c.replace(b"%PDF-1.3", b"%PDF-1.4")) for n, c in files],
            "The signature does not fit this file",
            "What is wrong: a signed file in the container is not the one that was signed.",
        ),
        (
            lambda files: [*files, ("Annex.pdf", b"%PDF")],
            "Changed after it was signed",
            "What is wrong: the container holds a file that no signature covers.",
        ),
        (
            lambda files: [*files, ("../Annex.pdf", b"%PDF")],
            "Do not rely on this file",
            "(a file in the container has a name that leads elsewhere)",
        ),
    ],
    ids=["whole", "pdf changed", "file added", "unsafe name"],
)
def test_a_container(tmp_path: Path, change: Any, verdict: str, sentence: str) -> None:
    made = containers.changed(containers.make(tmp_path), change).read_bytes()
    answer = ask(made, name="Lease.asice")
    heading, text = said(answer)
    assert heading == verdict
    assert sentence in text
    if verdict.startswith("Signed"):
        assert re.search(r"Anna Virtanen signed on .* confirmed by Time-stamping Unit\.", text)
        assert "CAdES B-LTA" in text
        assert "Covers Vuokrasopimus (åäö).pdf" in text
    told = ask(made, "json", name="Lease.asice")
    assert told.json()["format"] == "asice"
    assert "Lease - check.json" in told["Content-Disposition"].replace("%20", " ")
    pdf = ask(made, "pdf", name="Lease.asice")
    assert pdf.content.startswith(b"%PDF-")
    assert ask(made, "version-1", name="Lease.asice").status_code == 422
