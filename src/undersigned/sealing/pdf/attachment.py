"""The record inside an evidence PDF: an associated file (ISO 32000-2, 14.13). Runs in the bounded process."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pikepdf

from undersigned.base.bounded import Refusal

from .increments import lay_out
from .record import MAX_BYTES, NAME


def finish(source: str, record: str, target: str, description: str, field: str) -> dict[str, Any]:
    """Write `source` with the file `record` embedded as data, and an empty invisible signature field, to `target`."""
    with pikepdf.open(source) as pdf:
        spec = pikepdf.AttachedFileSpec(
            pdf,
            Path(record).read_bytes(),
            filename=NAME,
            description=description,
            mime_type="application/json",
            relationship=pikepdf.Name.Data,  # type: ignore[call-arg]  # missing in the stubs of 10.17
        )
        pdf.attachments[NAME] = spec
        pdf.Root.AF = pikepdf.Array([spec.obj])
        pdf.save(target + ".attached")
    try:
        return lay_out(target + ".attached", target, rewrite=False, page=None, widgets=[{"name": field}])
    finally:
        Path(target + ".attached").unlink(missing_ok=True)


def read(path: str) -> dict[str, str]:
    """The text of the embedded record, and the SHA-256 of its bytes. Raises Refusal: no_record, too_large."""
    try:
        with pikepdf.open(path) as pdf:
            if NAME not in pdf.attachments:
                raise Refusal("no_record")
            embedded = pdf.attachments[NAME].get_file()
            if embedded.size > MAX_BYTES:
                raise Refusal("too_large")
            data = embedded.read_bytes()
        text = data.decode()
    except (pikepdf.PdfError, UnicodeDecodeError) as e:
        raise Refusal("no_record", type(e).__name__) from e
    if len(data) > MAX_BYTES:
        raise Refusal("too_large")
    return {"text": text, "sha256": hashlib.sha256(data).hexdigest()}
