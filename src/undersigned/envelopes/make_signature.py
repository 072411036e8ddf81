"""The bytes of one signature, made outside any lock: a PDF with one more, or a CAdES signature apart from its PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from undersigned.files.models import Blob, File
from undersigned.files.storage import local_path, temporary_file
from undersigned.files.store import StagedBlob, adopt, new_file, stage
from undersigned.sealing.asic import manifest
from undersigned.sealing.sign import SignResult, sign_detached, sign_pdf

from . import detached
from .appearance import drawn_for
from .errors import Conflict
from .models import Assignment, DocumentVersion, Sitting
from .signing_request import signature_request


@dataclass(frozen=True)
class Made:
    """A signature whose bytes are in the store. `own_key`: as `Signature.own_key`."""

    staged: StagedBlob
    result: SignResult
    own_key: str


def make_signature(
    sitting: Sitting, assignment: Assignment, before: DocumentVersion, former: Made | None, at: datetime
) -> Made:
    """Make the signature that `assignment` asks for on `before`, or on what the `former` one on the document made.

    Raises Conflict (erased; identity: the key that they chose can be used no more), TimestampUnavailable.
    """
    own_key = sitting.identity.provider if sitting.identity is not None else ""
    organization = assignment.envelope.organization_id
    apart = assignment.document.detached
    blob = before.file.blob if apart or former is None else Blob.objects.get(pk=former.staged.blob_id)
    if blob is None:
        raise Conflict("erased")
    if apart:  # over the digest of the prepared PDF; nothing is drawn
        content = detached.to_be_signed(assignment, before)
        with temporary_file(".p7s") as target:
            result = sign_detached(content, target, signature_request(sitting, assignment, None, at))
            return Made(stage(organization, target, media_type=manifest.SIGNATURE), result, own_key)
    with (
        local_path(blob) as source,
        temporary_file(".pdf") as target,
        drawn_for(sitting) as appearance,
    ):
        result = sign_pdf(source, target, signature_request(sitting, assignment, appearance, at))
        return Made(stage(organization, target), result, own_key)


def signature_file(assignment: Assignment, made: Made, pages: int | None) -> File:
    """A handle on a signature's bytes, in the caller's transaction; `pages` of the document."""
    document, blob = assignment.document, adopt(made.staged)
    if document.detached:
        name = detached.signature_name(assignment)
        return new_file(blob, File.Kind.VERSION, name, media_type=manifest.SIGNATURE)
    return new_file(blob, File.Kind.VERSION, document.signed_name, media_type=manifest.PDF, pages=pages)
