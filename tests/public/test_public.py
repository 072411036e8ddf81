"""Pages and endpoints without a login."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from django.test import Client

from undersigned.files import storage
from undersigned.public import api_docs, checking
from undersigned.public.checking import Code, RecordSeen, Seen, SignatureSeen
from undersigned.public.verdict import verdict
from undersigned.sealing import authority

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
    settings.TIMESTAMP_AUTHORITY = "https://tsa.example"
    assert client.post("/tsa", asked, content_type="application/timestamp-query").status_code == 404


def signature(code: Code = Code.VALID, **other: Any) -> SignatureSeen:
    facts: dict[str, Any] = {
        "kind": "signature",
        "name": "Anna Virtanen",
        "at": WHEN,
        "time_confirmed_by": "TSA",
        "indication": "TOTAL-PASSED",
        "level": "PAdES-B-LTA",
        "issuer": "Some CA",
        "fingerprint": "ab" * 32,
        "covers_all": True,
    }
    return SignatureSeen(code=code, **facts | other)


@pytest.mark.parametrize(
    ("code", "heading"),
    [
        (Code.VALID, "Signed, and unchanged since"),
        (Code.UNKNOWN_ISSUER, "Unchanged, but the issuer is not known to us"),
        (Code.CHANGED, "Changed after it was signed"),
        (Code.BROKEN, "The signature does not fit this file"),
        (Code.FORGED, "Do not rely on this file"),
        (Code.NO_TIME, "We cannot tell when it was signed"),
        (Code.REVOKED, "Signed with a certificate that was withdrawn"),
        (Code.UNSIGNED, "There is no signature in this file"),
        (Code.NOT_PDF, "This is not a PDF"),
        (Code.PASSWORD, "The file has a password"),
        (Code.UNREADABLE, "We cannot read this file"),
    ],
)
def test_verdicts(code: Code, heading: str) -> None:
    found = verdict(Seen(code, "00" * 32, (signature(), signature(code, name="Bea Berg"))))
    assert found.heading == heading
    assert (found.tone == "ok") == (code == Code.VALID)
    assert found.signatures[0].text.startswith("Anna Virtanen signed on")


def test_the_verdict_names_the_worst_signature_and_its_issuer() -> None:
    found = verdict(
        Seen(
            Code.UNKNOWN_ISSUER,
            "",
            (signature(), signature(Code.UNKNOWN_ISSUER, name="Bea Berg", issuer="Odd CA")),
        )
    )
    assert "“Bea Berg” was certified by “Odd CA”" in found.text
    assert "ABAB ABAB" in found.text


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (RecordSeen(True, 23), "The record belongs to this file; 23 events, unbroken."),
        (RecordSeen(False, 23), "The record does not belong to this file."),
        (RecordSeen(True, 23, broken_at=14), "Event 14 does not follow from event 13."),
    ],
)
def test_record(record: RecordSeen, text: str) -> None:
    found = verdict(Seen(Code.VALID, "", (), record=record)).record
    assert found is not None
    assert found.text == text


class Checker:
    """Stands where the engine's check will be registered: notes the files that it was given."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.contents: list[bytes] = []

    def __call__(self, path: Path, evidence: Path | None) -> Seen:
        self.paths = [p for p in (path, evidence) if p]
        self.contents = [p.read_bytes() for p in self.paths]
        if self.contents[0] == b"slow":
            raise checking.Busy
        return Seen(Code.VALID, hashlib.sha256(self.contents[0]).hexdigest(), (signature(),))


@pytest.fixture
def checker() -> Iterator[Checker]:
    made = Checker()
    former = checking.register(made)
    yield made
    checking.register(former)


def upload(client: Client, content: bytes = b"%PDF-1.7", **more: bytes) -> Any:
    files = {"file": io.BytesIO(content), **{k: io.BytesIO(v) for k, v in more.items()}}
    for name, stream in files.items():
        stream.name = f"{name}.pdf"
    return client.post("/verify", files)


@pytest.mark.django_db
def test_the_file_is_not_kept(checker: Checker) -> None:
    response = upload(Client(enforce_csrf_checks=True), b"%PDF-1.7 hello", evidence=b"{}")
    body = response.content.decode()
    assert response.status_code == 200
    assert "Signed, and unchanged since" in body
    assert checker.contents == [b"%PDF-1.7 hello", b"{}"]
    assert not any(p.exists() for p in checker.paths)
    assert "no-store" in response["Cache-Control"]
    folder = storage.new_temporary().parent
    assert not [p for p in folder.iterdir() if p.stat().st_size]


@pytest.mark.django_db
def test_uploads_that_are_refused(client: Client, checker: Checker, settings: Any) -> None:
    assert client.post("/verify", {}).status_code == 422
    assert upload(client, b"").status_code == 422
    assert upload(client, b"slow").status_code == 503
    settings.MAX_UPLOAD_BYTES = 100
    assert upload(client, b"x" * 101).status_code == 413
    assert not any(p.exists() for p in checker.paths)


@pytest.mark.django_db
def test_checks_are_limited_by_address(client: Client, checker: Checker) -> None:
    for _ in range(20):
        assert upload(client).status_code == 200
    refused = upload(client)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_without_an_engine_the_page_says_so(client: Client) -> None:
    former = checking.register(None)
    try:
        assert "Checking is not available" in client.get("/verify").content.decode()
        assert client.post("/verify", {}).status_code == 503
    finally:
        checking.register(former)
