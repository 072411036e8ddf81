"""Documents that are signed apart from their PDF (CAdES, `Document.Format.CADES`): what each signature is over, and its number.

Every signature covers the prepared PDF by its digest, and none of the others: the head stays the prepared version while people sign, so that
nobody waits for anybody, and `lifecycle.seal` puts all of it into one container (ASiC-E).
"""

from __future__ import annotations

from undersigned.files import storage
from undersigned.sealing.asic import manifest
from undersigned.sealing.asic.manifest import Reference

from . import focus
from .models import Assignment, Document, DocumentVersion, Signature, Sitting
from .models.steps import LIVE
from .shown import assignments_of


def draws_nothing(sitting: Sitting) -> bool:
    """Is all that the person can sign now signed apart from its PDF? Then nothing shows how the signature looks, and nobody need say so."""
    one = focus.one_at_a_time(sitting.recipient.envelope)
    mine = focus.on_table(sitting) if one else assignments_of(sitting.recipient)
    signing = [a for a in mine if a.action == Assignment.Action.SIGN and a.state in LIVE]
    return bool(signing) and all(a.document.detached for a in signing)


def reference_to(prepared: DocumentVersion) -> Reference:
    """The prepared PDF as manifests name it; the same as long as its version is there."""
    return Reference(manifest.file_name(prepared.file.name), manifest.PDF, prepared.sha256)


def number_of(assignment: Assignment) -> int:
    """Of its signature in the container, from 1: in the order in which signatures were asked for. Signatures that are left out leave a gap."""
    return _numbers(assignment.document_id)[assignment.pk]


def _numbers(document_id: int) -> dict[int, int]:
    asked = Assignment.objects.filter(document=document_id, action=Assignment.Action.SIGN).order_by("pk")
    return {pk: number for number, pk in enumerate(asked.values_list("pk", flat=True), start=1)}


def to_be_signed(assignment: Assignment, prepared: DocumentVersion) -> bytes:
    """The manifest that its signature covers."""
    return manifest.for_signature(number_of(assignment), reference_to(prepared))


def signature_name(assignment: Assignment) -> str:
    """What the file with its signature is called."""
    stem = assignment.document.pdf_name.rpartition(".")[0]
    return f"{stem} - signature {number_of(assignment)}.p7s"


def signatures_of(document: Document, version: DocumentVersion) -> tuple[DocumentVersion, dict[int, bytes]]:
    """The prepared PDF, and by number the live signatures over it (DER): all where `version` is the prepared one, else that which made it.

    Raises RuntimeError when the bytes of one are gone.
    """
    made = Signature.objects.filter(assignment__document=document, voided_at=None)
    if version.kind == DocumentVersion.Kind.SIGNED:
        made = made.filter(version_after=version)
    prepared = version.parent if version.kind == DocumentVersion.Kind.SIGNED else version
    assert prepared is not None  # a signature is made on something
    numbers, found = _numbers(document.pk), dict[int, bytes]()
    for signature in made.select_related("version_after__file__blob").order_by("pk"):
        blob = signature.version_after.file.blob
        if blob is None:
            raise RuntimeError("a signature without its bytes")
        with storage.local_path(blob) as path:
            found[numbers[signature.assignment_id]] = path.read_bytes()
    return prepared, found
