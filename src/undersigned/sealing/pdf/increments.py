"""What happens inside a PDF when it is prepared, signed and closed. Runs in the bounded process: no key and no secret comes here.

Functions take and give JSON-able values. Those that begin a signature leave reserved bytes in the target and say where
(ISO 32000-2, 12.8.1); `reserved` hashes the rest and puts the CMS there without parsing.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle

from undersigned.sealing.leaves import leaves

from . import placing

CHUNK = 1 << 20
IncrementalPdfFileWriter.IO_CHUNK_SIZE = CHUNK


def lay_out(
    source: str, target: str, rewrite: bool, page: str | None, widgets: list[dict[str, Any]]
) -> dict[str, Any]:
    """Put a page at the end and empty signature fields in place; gives the number of pages.

    `widgets`: name, page (0-based) and either `place` (left, top, right, bottom in percent of the page as shown) or `box` (points from
    the lower left, on a page of ours), or neither for an invisible field. With `rewrite` the file is normalised first; never for one
    that is signed already.
    """
    if rewrite:
        pikepdf.settings.set_qpdf_limits(
            flate_max_memory=64 << 20, max_stream_filters=4, parser_max_nesting=100
        )
        with pikepdf.open(source) as pdf:
            for widget in widgets:
                if "place" in widget:
                    # A widget on a turned page would be shown turned with it; so the turn goes into the page's content.
                    pdf.pages[widget["page"]].flatten_rotation()
                    widget["box"] = placing.box(pdf.pages[widget["page"]], widget["place"])
            if page is not None:
                with pikepdf.open(page) as extra:
                    pdf.pages.extend(extra.pages)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
    else:
        shutil.copyfile(source, target)
    with Path(target).open("r+b") as file:
        writer = IncrementalPdfFileWriter(file, strict=False)
        pages = int(writer.root["/Pages"]["/Count"])
        for widget in widgets:
            box = tuple(round(v) for v in widget["box"]) if widget.get("box") else None
            spec = SigFieldSpec(
                widget["name"],
                on_page=widget.get("page", 0) if box else 0,
                box=box,
                empty_field_appearance=box is not None,
                invis_sig_settings=InvisSigSettings(set_hidden_flag=False),
            )
            append_signature_field(writer, spec)
        if widgets:
            writer.write_in_place()
    return {"pages": pages}


def begin_signature(
    source: str,
    target: str,
    field: str,
    stamp: str | None,
    name: str,
    reason: str,
    location: str,
    digits: int,
    *,
    may_add: bool = False,
    to_close: bool = False,
) -> dict[str, Any]:
    """Fill the signature field `field` with everything but the CMS, for which `digits` hexadecimal digits are kept free.

    `may_add`: a field that is missing is added, without a place on any page. `to_close`: with the certificates (DER as hex) of the
    signatures that were there before, for `begin_closing`.
    """
    shutil.copyfile(source, target)
    style = StaticStampStyle.from_pdf_file(stamp, border_width=0) if stamp else None
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=name,
        reason=reason or None,
        location=location or None,
    )
    nobody = ExternalSigner(signing_cert=None, cert_registry=None, signature_value=72)
    with Path(target).open("r+b") as file:
        writer = IncrementalPdfFileWriter(file, strict=False)
        signer = PdfSigner(metadata, nobody, stamp_style=style)
        prepared, _, _ = asyncio.run(
            signer.async_digest_doc_for_signing(
                writer,
                existing_fields_only=not may_add,
                bytes_reserved=digits,
                in_place=True,
                chunk_size=CHUNK,
            )
        )
    return _region(prepared) | ({"certificates": _certificates(source)} if to_close else {})


def begin_closing(
    source: str,
    target: str,
    field: str,
    certificates: list[str],
    crls: list[str],
    ocsps: list[str],
    digits: int,
) -> dict[str, Any]:
    """Add validation data and a document timestamp without its token, in one revision (EN 319 142-1 clause 5.4). DER as hex."""
    shutil.copyfile(source, target)
    with Path(target).open("r+b") as file:
        writer = IncrementalPdfFileWriter(file, strict=False)
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=[x509.Certificate.load(bytes.fromhex(c)) for c in certificates],
            crls=[crl.CertificateList.load(bytes.fromhex(c)) for c in crls],
            ocsps=[ocsp.OCSPResponse.load(bytes.fromhex(o)) for o in ocsps],
        )
        steps = PdfCMSEmbedder().write_cms(field, writer)
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=digits)))
        prepared, _ = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True, chunk_size=CHUNK))
    return _region(prepared)


def _certificates(path: str) -> list[str]:
    """DER (hex) of the certificate of each signature and of each timestamp in it.

    Read by qpdf: pyHanko reads the reserved bytes digit by digit, 10 ms for each signature.
    """
    with pikepdf.open(path) as pdf:
        form: Any = pdf.Root.get("/AcroForm", pikepdf.Dictionary())
        signed = _contents(form.get("/Fields", ()), set())
        return list(dict.fromkeys(leaf.hex() for contents in signed for leaf in leaves(contents)))


def _contents(fields: Any, seen: set[tuple[int, int]], *, signatures: bool = False) -> Iterator[bytes]:
    """What the signature fields hold that are signed; `signatures`: whether the field above is one."""
    for field in fields:
        if field.is_indirect and field.objgen in seen:
            continue
        seen.add(field.objgen)
        is_one = field.FT == "/Sig" if "/FT" in field else signatures
        if is_one and "/V" in field:
            yield bytes(field.V.Contents)
        yield from _contents(field.get("/Kids", ()), seen, signatures=is_one)


def _region(prepared: Any) -> dict[str, Any]:
    return {
        "start": prepared.reserved_region_start,
        "end": prepared.reserved_region_end,
    }
