"""Random and half-right bytes at what anybody may ask: an answer of the protocol, never a crash."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.test import Client
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from undersigned.public.views import verify as view
from undersigned.sealing import authority

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
quick = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def static_folder(settings: Any) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """`sound` with some bytes changed, cut off or put in; or any bytes at all."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "insert"])):
            case "change" if data:
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + draw(st.integers(1, 20))]
            case _:
                data[at:at] = draw(st.binary(max_size=20))
    return bytes(data)


def test_ocsp(client: Client) -> None:
    keys = authority.ensure_authorities()
    subject, issuer = authority.certificate(keys["tsa"]), authority.certificate(keys["timestamps"])
    builder = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, hashes.SHA256())
    sound = (
        builder.add_extension(x509.OCSPNonce(b"12345678"), critical=False).build().public_bytes(Encoding.DER)
    )

    @quick
    @given(damaged(sound), st.booleans())
    def ask(data: bytes, by_get: bool) -> None:
        if by_get or not data:  # Django's client sends no content type without content
            path = "/ocsp/" + base64.b64encode(data).decode().replace("/", "%2F")
            response: Any = client.get(path) if data else client.get("/ocsp")
        else:
            response = client.post("/ocsp", data, content_type="application/ocsp-request")
        assert response.status_code == 200
        ocsp.load_der_ocsp_response(response.content)

    ask()


def test_tsa(client: Client) -> None:
    imprint: dict[str, Any] = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    sound = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 7, "cert_req": True}).dump()

    @quick
    @given(damaged(sound))
    @example(sound)
    @example(b"\x30\x03\x02\x01\x01")
    def ask(data: bytes) -> None:
        response = client.post("/tsa", data or b"x", content_type="application/timestamp-query")
        assert response.status_code == 200
        status = tsp.PKIStatusInfo.load(core.Sequence.load(response.content).contents)
        assert status["status"].native in ("granted", "rejection")

    ask()


@quick
@given(name=st.text(max_size=60))
def test_names_in_addresses(name: str) -> None:
    from urllib.parse import quote

    client = Client()
    for path in (
        f"/crl/{quote(name, safe='')}.crl",
        f"/docs/{quote(name, safe='')}",
        f"/room/l/{quote(name, safe='')}",
    ):
        assert client.get(path).status_code in (404, 400), path


def test_verify(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "CHECKS", 10_000)

    @quick
    @given(
        damaged(make_pdf()),
        st.none() | st.binary(max_size=60),
        st.sampled_from(["", "pdf", "json", "version-1", "x"]),
    )
    def ask(data: bytes, evidence: bytes | None, get: str) -> None:
        form: dict[str, Any] = {"file": io.BytesIO(data), "get": get}
        form["file"].name = "x.pdf"
        if evidence is not None:
            form["evidence"] = io.BytesIO(evidence)
        response = client.post("/verify", form)
        assert response.status_code in (200, 422)

    ask()
