"""The commit half of the job that seals what one person has signed, as soon as they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from undersigned.base.clock import now
from undersigned.files import archive
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt, new_file

from . import audit
from .errors import NotFound
from .locks import lock_envelope
from .models import Assignment, DocumentVersion, Recipient, Signature
from .ports import dialect


def without_result(recipient: Recipient) -> list[Signature]:
    """A person's last live signature on each document that has no sealed copy yet, in the documents' order."""
    last: dict[int, Signature] = {}
    found = (
        Signature.objects.filter(
            assignment__recipient=recipient, voided_at=None, assignment__document__removed_at=None
        )
        .select_related("assignment__document", "version_after__file__blob")
        .order_by("assignment__document__position", "version_after__seq")
    )
    for signature in found:
        last[signature.assignment.document_id] = signature
    done = set(
        DocumentVersion.objects.filter(
            kind=DocumentVersion.Kind.RESULT,
            parent__in=[s.version_after_id for s in last.values()],
            voided_at=None,
        ).values_list("parent_id", flat=True)
    )
    return [s for s in last.values() if s.version_after_id not in done]


def results_of(assignments: Sequence[Assignment]) -> dict[int, DocumentVersion]:
    """By id of the assignment to sign, the sealed copy of what the person's last signature on its document made; three queries."""
    signed = Signature.objects.filter(
        assignment__recipient__in={a.recipient_id for a in assignments},
        assignment__document__in={a.document_id for a in assignments},
        voided_at=None,
    ).order_by("version_after__seq")
    last = {
        (recipient, document): version
        for recipient, document, version in signed.values_list(
            "assignment__recipient", "assignment__document", "version_after"
        )
    }
    copies = {
        v.parent_id: v
        for v in DocumentVersion.objects.filter(
            parent__in=list(last.values()),
            kind__in=[DocumentVersion.Kind.RESULT, DocumentVersion.Kind.SEALED],
            voided_at=None,
        )
        .select_related("file__blob")
        .order_by("-seq")  # the result was there before the whole was sealed, and stays what is handed out
    }
    found = {a.pk: copies.get(last.get((a.recipient_id, a.document_id))) for a in assignments}
    return {pk: version for pk, version in found.items() if version is not None}


def adopt_results(
    recipient_id: int, envelope_id: int, results: Mapping[int, StagedBlob], evidence: StagedBlob | None
) -> None:
    """Make staged sealed copies (by id of the version that a signature made) results, beside the chain: no head moves.

    Those whose sender wants it go to the archive, with the staged evidence. Caller holds the transaction; no effect the second time, nor
    on what was erased or voided meanwhile.
    """
    try:
        envelope = lock_envelope(envelope_id)
    except NotFound:
        return
    if envelope.content_erased_at is not None:
        return
    at = now(envelope.organization.clock_offset)
    port = dialect(envelope.dialect)
    recipient = Recipient.objects.get(pk=recipient_id)
    archived = set(
        Assignment.objects.filter(recipient=recipient, round=envelope.round, to_archive=True).values_list(
            "document", flat=True
        )
    )
    for signature in without_result(recipient):
        staged, document = results.get(signature.version_after_id), signature.assignment.document
        if staged is None:
            continue
        file = new_file(
            adopt(staged),
            File.Kind.VERSION,
            document.signed_name,
            media_type=document.signed_type,
            pages=signature.version_after.file.pages,
            pub=port.new_public_id("file", at),
        )
        DocumentVersion.objects.create(
            document=document,
            seq=document.next_seq(),
            kind=DocumentVersion.Kind.RESULT,
            parent=signature.version_after,
            file=file,
            sha256=staged.sha256,
            created_at=at,
        )
        audit.append(
            envelope,
            "sealed",
            at,
            by=None,
            recipient=recipient,
            document_id=document.pk,
            sha256=staged.sha256,
            level="B-LTA",
        )
        if document.pk in archived:
            archive.keep(
                file,
                at,
                origin=envelope.pub or str(envelope.pk),
                user=envelope.owner_user,
                client=envelope.created_by_credential,
                evidence=adopt(evidence) if evidence else None,
            )
    envelope.needs_attention = ""
    envelope.save(update_fields=["needs_attention", "updated_at"])
