"""Erase a collection when its time is over: people, documents and messages go, tombstones with dates and the audit chain's hashes stay.

Of a person a row without anything personal stays, so that their link can still say that the document has been removed.
"""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.delivery import outbox
from undersigned.files.models import File
from undersigned.files.store import erase_file

from . import audit
from .errors import NotFound
from .locks import lock_collection
from .models import (
    AccessLink,
    Assignment,
    AuditDetail,
    Collection,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    Field,
    Grant,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
    Step,
    StepEdge,
)


def erase_collection(collection_id: int) -> None:
    """Erase all envelopes of a collection. A repetition has no effect."""
    with atomic():
        try:
            collection = lock_collection(collection_id)
        except NotFound:
            return
        at = now(collection.organization.clock_offset)
        for envelope in (
            Envelope.objects.select_for_update(of=("self",))
            .filter(collection=collection, erased_at=None)
            .order_by("pk")
        ):
            _erase(envelope, at)
        Grant.objects.filter(collection=collection).delete()
        Collection.objects.filter(pk=collection.pk).update(
            title="", wire={}, erased_at=at, erase_at=None, delete_after=None
        )


def _erase(envelope: Envelope, at: datetime) -> None:
    """Children go in one order, leaves first; the envelope row stays as a tombstone."""
    audit.append(envelope, "erased", at, by=None)
    files = set(DocumentVersion.objects.filter(document__envelope=envelope).values_list("file_id", flat=True))
    files |= set(Document.objects.filter(envelope=envelope).values_list("original_id", flat=True))
    files |= {f for f in (envelope.evidence_id, envelope.evidence_json_id) if f is not None}
    Document.objects.filter(envelope=envelope).update(head=None, reserved_by=None)
    Signature.objects.filter(assignment__envelope=envelope).delete()
    Consent.objects.filter(recipient__envelope=envelope).delete()
    IdentityProof.objects.filter(recipient__envelope=envelope).delete()
    Field.objects.filter(document__envelope=envelope).delete()
    AccessLink.objects.filter(recipient__envelope=envelope).update(assignment=None, value=None)
    Grant.objects.filter(envelope=envelope).delete()
    Assignment.objects.filter(envelope=envelope).delete()
    StepEdge.objects.filter(step__envelope=envelope).delete()
    Step.objects.filter(envelope=envelope).delete()
    Sitting.objects.filter(recipient__envelope=envelope).delete()
    for version in DocumentVersion.objects.filter(document__envelope=envelope).order_by("document", "-seq"):
        version.delete()
    Envelope.objects.filter(pk=envelope.pk).update(
        title="", description="", creator_name="", company_name="", reference="", plan=None, wire={}, wire_sealed=None,
        evidence=None, evidence_json=None, erased_at=at, content_erase_at=None, erase_at=None,
        needs_attention="", error="", return_url="",
    )  # fmt: skip
    Document.objects.filter(envelope=envelope).delete()
    Recipient.objects.filter(envelope=envelope).update(
        user=None, name=None, surname="", email=None, phone="", phone_as_given=None, national_id=None, claims=None,
        role_name="", reason="", channels=[], identity_policy={}, sign_text="", dialog_title="", dialog_message="",
        return_url_done="", return_url_declined="", return_url_later="", code=None, wire={}, wire_sealed=None,
        expires_at=None, remind_at=None,
    )  # fmt: skip
    for file in File.objects.filter(pk__in=files, erased_at=None):
        erase_file(file, at)
    outbox.erase(envelope.pk)
    AuditDetail.objects.filter(event__envelope=envelope).delete()
