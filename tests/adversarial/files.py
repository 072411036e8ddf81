"""A sealed contract, made once for the session, and what attackers do to it. Each function takes the file's bytes and gives its own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from asn1crypto import x509 as asn1
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.db import transaction
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.pdfs import make_pdf
from tests.sealing import conftest as making
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.sign import sign_pdf

Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Sealed:
    """Bytes of each stage, and the roots that the maker trusts."""

    prepared: bytes
    signed: bytes
    sealed: bytes
    roots: list[bytes]


def make(folder: Path) -> Sealed:
    """Prepare, sign and seal a file that has a form field of its own. The database is left as it was."""
    with transaction.atomic():
        prepared = making.prepare(folder, ["Anna Virtanen"], with_text_field(make_pdf(pages=2, text="Lease")))
        signed = folder / "signed.pdf"
        sign_pdf(prepared, signed, making.request(prepared, 1, "Anna Virtanen"))
        sealed = making.seal(signed)
        made = Sealed(*(p.read_bytes() for p in (prepared, signed, sealed)), root_certificates())
        transaction.set_rollback(True)
    return made


def with_text_field(data: bytes) -> bytes:
    """A field "rent" on the first page, to be filled by anybody."""
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as pdf:
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T=pikepdf.String("rent"),
                Rect=pikepdf.Array([50, 50, 200, 70]),
                P=pdf.pages[0].obj,
                DA=pikepdf.String("/Helv 12 Tf 0 g"),
            )
        )
        pdf.pages[0].obj.Annots = pikepdf.Array([field])
        pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array([field])))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


# --- changes in an incremental update ----------------------------------------------------------------
def update(data: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """`data` and an incremental update that `change` makes."""
    buffer = io.BytesIO(data)
    writer = IncrementalPdfFileWriter(buffer, strict=False)
    change(writer)
    writer.write_in_place()
    return buffer.getvalue()


def page_replaced(data: bytes) -> bytes:
    """Incremental saving attack: another first page over the signed one."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        stream = generic.StreamObject(stream_data=b"BT /F1 40 Tf 50 700 Td (PAY ME) Tj ET")
        page[pdf_name("/Contents")] = writer.add_object(stream)
        writer.update_container(page)

    return update(data, change)


def pages_turned(data: bytes) -> bytes:
    """Shadow attack, replace: the page tree shows what is in the file in another order."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        pages[pdf_name("/Kids")] = generic.ArrayObject([pages.raw_get("/Kids")[1], pages.raw_get("/Kids")[0]])
        writer.update_container(pages)

    return update(data, change)


def field_filled(data: bytes) -> bytes:
    """Shadow attack, replace through a form: text in a field that the signed file left empty."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        for reference in writer.root["/AcroForm"]["/Fields"]:
            field = reference.get_object()
            if field["/T"] == "rent":
                field[pdf_name("/V")] = generic.pdf_string("9,000 euros")
                writer.update_container(field)

    return update(data, change)


def note_laid_over(data: bytes) -> bytes:
    """Evil annotation: a note that covers the page's text."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        note = writer.add_object(
            generic.DictionaryObject(
                {
                    pdf_name("/Type"): pdf_name("/Annot"),
                    pdf_name("/Subtype"): pdf_name("/FreeText"),
                    pdf_name("/Rect"): generic.ArrayObject(
                        generic.NumberObject(n) for n in (50, 600, 500, 800)
                    ),
                    pdf_name("/Contents"): generic.pdf_string("The rent is 9,000 euros"),
                    pdf_name("/DA"): generic.pdf_string("/Helv 20 Tf 1 0 0 rg"),
                }
            )
        )
        annotations = generic.ArrayObject(page["/Annots"]) if "/Annots" in page else generic.ArrayObject()
        annotations = generic.ArrayObject([*annotations, note])
        page[pdf_name("/Annots")] = annotations
        writer.update_container(page)

    return update(data, change)


def signature_lent(data: bytes) -> bytes:
    """Spoofed signature object: a new field "Board" whose value is somebody else's signature."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        value = next(f.get_object().raw_get("/V") for f in form["/Fields"] if "/V" in f.get_object())
        field = generic.DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.pdf_string("Board"),
                pdf_name("/V"): value,
            }
        )
        form["/Fields"].append(writer.add_object(field))
        writer.update_container(form["/Fields"])
        writer.update_container(form)

    return update(data, change)


def signature_recycled(data: bytes) -> bytes:
    """A signed field is emptied and its signature object used for other content (pyHanko 0.36.2)."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        field = next(f.get_object() for f in form["/Fields"] if "/V" in f.get_object())
        del field["/V"]
        writer.update_container(field)

    return update(data, change)


def wrapped(data: bytes) -> bytes:
    """Signature wrapping: the signed end is copied behind other content, and the byte range leads there, so that the hash still fits."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    last = reader.embedded_signatures[-1]
    start, first, second, rest = (int(n) for n in last.byte_range)
    copied = data[second : second + rest]
    reference = last.sig_object.container_ref

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        page[pdf_name("/Contents")] = writer.add_object(
            generic.StreamObject(stream_data=b"BT (PAY ME) Tj ET")
        )
        writer.update_container(page)
        writer.add_object(generic.StreamObject(stream_data=copied))
        value = writer.get_object(generic.Reference(reference.idnum, reference.generation, writer))
        numbers = (start, first, 1111111111, rest)
        value[pdf_name("/ByteRange")] = generic.ArrayObject(generic.NumberObject(n) for n in numbers)
        writer.mark_update(generic.Reference(reference.idnum, reference.generation, writer))

    out = update(data, change)
    where = out.index(copied, len(data))
    return out.replace(b"1111111111", b"%010d" % where)


@cache
def stranger() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Somebody with a certificate that they made for themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anna Virtanen")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def signed_by_a_stranger(data: bytes) -> bytes:
    """Sneaky signature: a further signature, visible on the first page, by somebody with the same name and no known issuer."""
    return signed(data, *stranger())


def signed(
    data: bytes,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    chain: tuple[x509.Certificate, ...] = (),
) -> bytes:
    """PAdES B-B: a signature without a timestamp, in a field "Director"."""
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple(asn1.Certificate.load(c.public_bytes(Encoding.DER)) for c in chain)
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(field_name="Director", subfilter=SigSeedSubFilter.PADES),
        signers.SimpleSigner(
            signing_cert=asn1.Certificate.load(certificate.public_bytes(Encoding.DER)),
            signing_key=PrivateKeyInfo.load(plain),
            cert_registry=store,
        ),
        new_field_spec=SigFieldSpec("Director", on_page=0, box=(50, 600, 500, 800)),
    )
    out = io.BytesIO()
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data), strict=False), output=out)
    return out.getvalue()


# --- changes in place --------------------------------------------------------------------------------
def in_place(pattern: bytes, new: Callable[[re.Match[bytes]], bytes], *, last: bool = True) -> Change:
    """Replace the last (or first) match by something of the same length."""

    def change(data: bytes) -> bytes:
        found = list(re.finditer(pattern, data))[-1 if last else 0]
        text = new(found)
        assert len(text) == len(found.group())
        return data[: found.start()] + text + data[found.end() :]

    return change


BYTE_RANGE = rb"/ByteRange ?\[[0-9 ]+\]"
CONTENTS = rb"/Contents <[0-9A-Fa-f]{1000,}>"


def range_of(*numbers: int) -> Change:
    """Another byte range in the place of the last one."""
    text = b"/ByteRange [" + b" ".join(b"%d" % n for n in numbers) + b"]"
    return in_place(BYTE_RANGE, lambda m: text.ljust(len(m.group())))
