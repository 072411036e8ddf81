"""What is taken, what is refused, and that neither costs the server anything."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.files import hostile
from tests.pdfs import make_pdf
from undersigned.files import intake
from undersigned.files.intake import PdfFacts, Refused


@pytest.fixture
def check(tmp_path: Path) -> Callable[[bytes], PdfFacts]:
    def run(content: bytes) -> PdfFacts:
        path = tmp_path / "x.pdf"
        path.write_bytes(content)
        return intake.check(path)

    return run


def test_facts_of_an_ordinary_file(check) -> None:
    facts = check(make_pdf(3))
    assert facts.pages == 3
    assert facts.sizes[0] == pytest.approx((595.28, 841.89), abs=0.001)
    assert not facts.signed
    assert {facts.has_form, facts.scripts, facts.layers, facts.hidden_layers} == {False}
    assert facts.attachments == 0
    assert facts.certification is None


def test_sizes_are_of_the_page_as_shown(check) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /CropBox [50 0 200 300] /Rotate 90 /Resources << >> >>"
    facts = check(hostile.with_tree({2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page}))
    assert (facts.sizes, facts.rotations) == ([(300.0, 150.0)], [90])


def test_a_signed_and_certified_file_is_taken_and_said_to_be(check) -> None:
    facts = check(signed_pdf())
    assert (facts.signed, facts.signatures, facts.signature_fields) == (True, 1, 2)
    assert facts.certification == 2


def signed_pdf() -> bytes:
    """Certified by a self-signed key, with an empty field beside."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from pyhanko.keys.internal import (
        translate_pyca_cryptography_cert_to_asn1,
        translate_pyca_cryptography_key_to_asn1,
    )
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key = ec.generate_private_key(ec.SECP256R1())
    signer = signers.SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(self_signed(key)),
        signing_key=translate_pyca_cryptography_key_to_asn1(key),
        cert_registry=SimpleCertificateStore(),
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(make_pdf()))
    fields.append_signature_field(writer, fields.SigFieldSpec("Empty", box=(10, 10, 90, 40)))
    meta = signers.PdfSignatureMetadata(
        field_name="Filled", certify=True, docmdp_permissions=fields.MDPPerm.FILL_FORMS
    )
    return signers.sign_pdf(writer, meta, signer).getvalue()


def self_signed(key):
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())


def test_layers_attachments_and_clickable_scripts_are_reported(check) -> None:
    assert check(hostile.with_hidden_layer()).hidden_layers
    assert check(hostile.with_attachment()).attachments == 1
    assert check(hostile.with_annotation("A", "JavaScript")).scripts
    assert not check(hostile.with_annotation("A", "URI")).scripts
    assert check(hostile.with_open_action("GoTo")).pages == 1


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "not_pdf"),
    "text file": (lambda: b"Dear customer, ...", "not_pdf"),
    "another type with a PDF inside": (lambda: b"GIF89a" + make_pdf(), "not_pdf"),
    "header only": (lambda: b"%PDF-1.7\n", "broken"),
    "truncated": (lambda: make_pdf(3)[:700], "broken"),
    "no page": (lambda: hostile.with_tree({2: b"<< /Type /Pages /Kids [] /Count 0 >>"}), "broken"),
    "password to open": (lambda: hostile.encrypted(user="secret"), "encrypted"),
    "password to change": (lambda: hostile.encrypted(user=""), "encrypted"),
    "page tree 50,000 deep": (hostile.deep_page_tree, "broken"),
    "page tree loop": (hostile.page_tree_loop, "broken"),
    "two thousand million pages": (hostile.lying_count, "broken"),
    "one page too few in the count": (lambda: hostile.lying_count(0), "broken"),
    "arrays 5,000 deep": (hostile.deep_nesting, "broken"),
    "form field loop": (hostile.field_loop, "broken"),
    "too many pages": (lambda: many_pages(intake.MAX_PAGES + 1), "too_many_pages"),
    "too many objects": (lambda: hostile.many_objects(intake.MAX_OBJECTS + 1), "too_complex"),
    "200 MiB of page content": (hostile.flate_bomb_in_page, "too_complex"),
    "bomb in the object stream": (lambda: hostile.catalog_in_object_stream(200), "broken"),
    "doubly compressed bomb": (lambda: hostile.catalog_in_object_stream(200, twice=True), "broken"),
    "XFA": (hostile.with_xfa, "xfa"),
    "script on opening": (lambda: hostile.with_open_action("JavaScript"), "active_content"),
    "program on opening": (lambda: hostile.with_open_action("Launch"), "active_content"),
    "layers switched on opening": (lambda: hostile.with_open_action("SetOCGState"), "active_content"),
    "script chained to a page turn": (hostile.with_chained_action, "active_content"),
    "script in the name tree": (hostile.with_named_script, "active_content"),
    "script when an annotation comes into view": (
        lambda: hostile.with_annotation("PV", "JavaScript"),
        "active_content",
    ),
    "field hidden when the page opens": (hostile.with_page_event, "active_content"),
    "program on a click": (lambda: hostile.with_annotation("A", "Launch"), "active_content"),
    "program in the outline": (hostile.with_outline_launch, "active_content"),
}


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % n for n in range(3, count + 3))
    pages = dict.fromkeys(range(3, count + 3), hostile.PAGE)
    return hostile.with_tree({2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)} | pages)


@pytest.mark.adversarial
@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, check) -> None:
    make, code = REFUSED[case]
    content = make()
    before = memory(reset=True)
    with pytest.raises(Refused) as caught:
        check(content)
    assert caught.value.code == code, caught.value.detail
    assert caught.value.sentence.endswith(".")
    assert memory() - before < 16 << 10, "this process parsed something itself"


def memory(*, reset: bool = False) -> int:
    """Highest resident size of this process since the last reset, in KiB (proc_pid_clear_refs(5), value 5)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.adversarial
def test_what_is_odd_but_within_bounds_is_taken(check) -> None:
    assert check(hostile.catalog_in_object_stream(1)).pages == 1
    assert check(hostile.catalog_in_object_stream(0, twice=True)).pages == 1
    assert check(many_pages(intake.MAX_PAGES)).pages == intake.MAX_PAGES


@pytest.mark.adversarial
def test_a_file_over_the_limit_is_not_even_opened(tmp_path: Path, settings) -> None:
    path = tmp_path / "big.pdf"
    with path.open("wb") as file:
        file.truncate(settings.MAX_UPLOAD_BYTES + 1)
    with pytest.raises(Refused) as caught:
        intake.check(path)
    assert caught.value.code == "too_large"


@pytest.mark.adversarial
def test_time_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(many_pages(intake.MAX_PAGES))  # so that it cannot be done when one first looks
    intake.check(path)
    monkeypatch.setattr(intake, "LIMITS", intake.bounded.Limits(wall=0.001))
    with pytest.raises(Refused) as caught:
        intake.check(path)
    assert caught.value.code == "timeout"
