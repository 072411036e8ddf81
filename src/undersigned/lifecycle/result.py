"""Seal what one person has signed as soon as they are done, whatever the others do."""

from __future__ import annotations

from undersigned.base.db import atomic
from undersigned.envelopes.adopt_results import adopt_results, without_result
from undersigned.envelopes.models import Assignment, Recipient
from undersigned.files.store import StagedBlob
from undersigned.jobs.registry import GiveUp
from undersigned.jobs.run import Run

from .sealing import seal_document, seal_evidence


def result(recipient_id: int, run: Run) -> None:
    """Make sealed copies outside any lock, then adopt all in one transaction. Repeatable; what was erased is left alone."""
    recipient = (
        Recipient.objects.filter(
            pk=recipient_id,
            envelope__content_erased_at=None,
            envelope__erased_at=None,
            envelope__deleted_at=None,
        )
        .select_related("envelope__organization", "envelope__owner_user", "envelope__collection")
        .first()
    )
    if recipient is None:
        return
    envelope = recipient.envelope
    copies: dict[int, StagedBlob] = {}
    by_document: dict[int, str] = {}
    unproven: set[str] = set()
    for signature in without_result(recipient):
        version, document = signature.version_after, signature.assignment.document
        if version.file.blob is None:
            raise GiveUp("the file was erased")
        sealed = seal_document(envelope, document, version, version.file.blob)
        copies[version.pk] = sealed.staged
        unproven.update(sealed.unproven)
        by_document[document.pk] = copies[version.pk].sha256
        run.check()
    to_archive = Assignment.objects.filter(recipient=recipient, round=envelope.round, to_archive=True)
    evidence = seal_evidence(envelope, by_document, unproven)[0] if copies and to_archive.exists() else None
    with atomic():
        adopt_results(recipient_id, envelope.pk, copies, evidence)
        run.finish()
