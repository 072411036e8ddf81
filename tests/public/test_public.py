"""Pages and endpoints without a login."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from django.test import Client

from tests.pdfs import make_pdf
from tests.sealing import conftest as making
from undersigned.files import storage
from undersigned.files.models import Blob, File
from undersigned.public import api_docs
from undersigned.public.verdict import Sentence, verdict
from undersigned.sealing import authority
from undersigned.sealing.sign import sign_pdf
from undersigned.sealing.verify import Name, Report, SignatureReport
from undersigned.sealing.verify import Verdict as VerdictCode

HTML = {"accept": "text/html"}
WHEN = datetime(2026, 5, 3, 11, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def static_folder(settings: Any) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


def test_front_leads_to_everything(client: Client) -> None:
    body = client.get("/", headers=HTML).content.decode()
    for address in ("/console/", "/verify", "/docs/signsquid"):
        assert f'href="{address}"' in body
        assert client.get(address, headers=HTML).status_code in (200, 302)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/enterprise/sign/x", "/auth/nothing"])
def test_unknown_api_paths_get_json(client: Client, path: str) -> None:
    response = client.get(path, headers=HTML)
    assert response.status_code in (401, 404)
    assert response["Content-Type"].startswith("application/json")


def test_unknown_pages_get_a_page_for_people_and_json_for_programs(client: Client) -> None:
    page = client.get("/nothing-here", headers=HTML)
    assert page.status_code == 404
    assert "This page does not exist" in page.content.decode()
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("application/json")


def test_docs_show_every_operation(client: Client) -> None:
    document = client.get("/docs/signsquid/openapi.json").json()
    body = client.get("/docs/signsquid", headers=HTML).content.decode()
    count = 0
    for path, item in document["paths"].items():
        for method in item:
            if method in ("get", "post", "put", "delete", "patch"):
                count += 1
                assert f"<code>{path}</code>" in body
    assert count > 5
    assert body.count('<article class="card operation') == count
    assert "http://" not in body.replace("http://testserver", "")
    assert client.get("/docs/nothing", headers=HTML).status_code == 404


def test_reader_follows_references_and_survives_cycles() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "kind": {"enum": ["a", "b"]}},
        "required": ["kind"],
    }
    document = {
        "components": {"schemas": {"Node": node}},
        "paths": {
            "/n": {
                "post": {
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}
                    }
                }
            }
        },
    }
    [group] = api_docs.Reader(document).groups()
    [body] = group.operations[0].bodies
    assert [(p.name, p.kind, p.required) for p in body.properties][:2] == [
        ("next", "Node", False),
        ("next.next", "Node", False),
    ]
    assert body.properties[-1].kind == '"a" | "b"'
    assert len(body.properties) < 20


@pytest.mark.django_db
def test_crl(client: Client) -> None:
    key = authority.ensure_authorities()["signers"]
    response = client.get(f"/crl/{key.name}.crl")
    assert response["Content-Type"] == "application/pkix-crl"
    crl = x509.load_der_x509_crl(response.content)
    assert crl.is_signature_valid(authority.certificate(key).public_key())  # type: ignore[arg-type]
    assert client.get("/crl/nothing.crl").status_code == 404


@pytest.mark.django_db
def test_ocsp_by_post_and_get(client: Client) -> None:
    keys = authority.ensure_authorities()
    subject, issuer = authority.certificate(keys["tsa"]), authority.certificate(keys["timestamps"])
    asked = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, hashes.SHA256()).build()
    from cryptography.hazmat.primitives.serialization import Encoding

    der = asked.public_bytes(Encoding.DER)
    posted = client.post("/ocsp", der, content_type="application/ocsp-request")
    got = client.get("/ocsp/" + base64.b64encode(der).decode().replace("/", "%2F").replace("+", "%2B"))
    for response in (posted, got):
        assert response["Content-Type"] == "application/ocsp-response"
        answer = ocsp.load_der_ocsp_response(response.content)
        assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert (
        ocsp.load_der_ocsp_response(client.get("/ocsp/!!").content).response_status
        == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    )
    assert client.post("/ocsp", b"0" * 20000, content_type="application/ocsp-request").status_code == 413


@pytest.mark.django_db
def test_tsa(client: Client, settings: Any) -> None:
    digest = hashlib.sha256(b"x").digest()
    asked = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": 7,
            "cert_req": True,
        }
    ).dump()
    response = client.post("/tsa", asked, content_type="application/timestamp-query")
    answer = tsp.TimeStampResp.load(response.content)
    assert answer["status"]["status"].native == "granted"
    info = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == digest
    assert info["nonce"].native == 7
    assert client.get("/tsa").status_code == 405
    refused = client.post("/tsa", b"junk", content_type="application/timestamp-query")
    assert refused.status_code == 200
    assert tsp.PKIStatusInfo.load(refused.content[2:])["status"].native == "rejection"
    settings.TIMESTAMP_AUTHORITY = "https://tsa.example"
    assert client.post("/tsa", asked, content_type="application/timestamp-query").status_code == 404


def upload(client: Client, content: bytes, evidence: bytes | None = None) -> Any:
    files = {"file": io.BytesIO(content)} | (
        {"evidence": io.BytesIO(evidence)} if evidence is not None else {}
    )
    for name, stream in files.items():
        stream.name = f"{name}.pdf"
    return client.post("/verify", files)


def test_a_sealed_file_and_what_becomes_of_it(tmp_path: Path, db: None) -> None:
    """The whole engine: sealed, altered, another record, no record."""
    prepared = making.prepare(tmp_path, ["Anna Virtanen"])
    signed = tmp_path / "signed.pdf"
    sign_pdf(prepared, signed, making.request(prepared, 1, "Anna Virtanen"))
    content = making.seal(signed).read_bytes()
    strict = Client(enforce_csrf_checks=True)

    response = upload(strict, content)
    body = response.content.decode()
    assert response.status_code == 200
    assert 'data-verdict="valid"' in body
    assert "Signed, and unchanged since" in body
    assert "Anna Virtanen signed on" in body
    assert "Board Oy sealed it on" in body
    assert hashlib.sha256(content).hexdigest() in body
    assert "no-store" in response["Cache-Control"]

    middle = content.index(b"stream") + 20  # in the first page
    altered = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    assert "The signature does not fit this file" in upload(strict, altered).content.decode()
    assert "This is not an evidence file" in upload(strict, content, b"{}").content.decode()


@pytest.mark.django_db
def test_files_without_a_signature(client: Client) -> None:
    assert "There is no signature in this file" in upload(client, make_pdf()).content.decode()
    assert "This is not a PDF" in upload(client, b"hello").content.decode()


@pytest.mark.django_db
def test_nothing_is_kept(client: Client) -> None:
    folder = storage.new_temporary().parent
    before = set(folder.iterdir())
    rows = (Blob.objects.count(), File.objects.count())
    upload(client, make_pdf(text="secret words"), b"{}")
    assert set(folder.iterdir()) == before
    assert (Blob.objects.count(), File.objects.count()) == rows


@pytest.mark.django_db
def test_uploads_that_are_refused(client: Client, settings: Any) -> None:
    assert client.post("/verify", {}).status_code == 422
    assert upload(client, b"").status_code == 422
    settings.MAX_UPLOAD_BYTES = 100
    response = upload(client, b"x" * 101)
    assert response.status_code == 413
    assert "too large" in response.content.decode()


@pytest.mark.django_db
def test_checks_are_limited_by_address(client: Client) -> None:
    for _ in range(20):
        client.post("/verify", {})
    refused = upload(client, b"x")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


@pytest.mark.parametrize("code", get_args(VerdictCode))
def test_every_verdict_has_words_and_the_right_tone(code: str) -> None:
    seen = SignatureReport(
        field="a", kind="signature", verdict=code, signer=Name(name="Bea Berg"), root_sha256="ab" * 32
    )
    good = SignatureReport(
        field="b", kind="signature", verdict="valid", signer=Name(name="Anna Virtanen"), claimed_at=WHEN
    )
    found = verdict(Report(verdict=code, sha256="", size=1, worst_field="a", signatures=(good, seen)))
    assert found.heading
    assert (found.tone == "ok") == (code == "valid")
    assert found.signatures[0] == Sentence(
        "Anna Virtanen signed; by their own word on 3 May 2026, 11:02 (UTC).", "ok"
    )
    assert (found.worst == "Bea Berg") == (code != "valid")
    assert found.fingerprint.startswith("ABAB ABAB") == (code == "unknown_issuer")
    assert found.text
