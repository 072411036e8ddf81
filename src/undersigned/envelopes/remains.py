"""What goes when an envelope, or its content alone, is erased, row by row. Callers hold the locks, and write the audit event before.

What stays names nobody: dates, ids, states, the audit chain's hashes, and of each person a row that says nothing of them, so that their
link can still say that the document has been removed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from undersigned.delivery import outbox
from undersigned.files.models import File
from undersigned.files.store import delete_after_commit, erase_file
from undersigned.identity.models import OneTimeCode, SignIn
from undersigned.jobs.models import Job

from . import search
from .models import (
    AccessLink,
    Assignment,
    AuditDetail,
    Comment,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    Field,
    Forward,
    Grant,
    IdentityProof,
    MetadataValue,
    NotificationPlan,
    Package,
    Recipient,
    SearchWord,
    Signature,
    Sitting,
    Step,
    StepEdge,
)
from .policy import Policy

_WORK = ("prepare", "seal")


def take_content(envelope: Envelope, at: datetime) -> None:
    """Files, people, what they said and what was sent to them go; title, dates and owners stay."""
    _take_children(envelope, at)
    envelope.content_erased_at, envelope.content_erase_at = envelope.content_erased_at or at, None
    envelope.description, envelope.plan, envelope.return_url = "", None, ""
    envelope.needs_attention = envelope.error = ""
    envelope.evidence = envelope.evidence_json = envelope.metadata_template = None
    envelope.save()
    search.rebuild(envelope)


def take_all(envelope: Envelope, at: datetime) -> None:
    """Everything personal goes; a tombstone stays, and says for as long as the policy wants that the envelope was there."""
    days = Policy.model_validate(envelope.policy).tombstone_days
    _take_children(envelope, at)
    Grant.objects.filter(envelope=envelope).delete()
    SearchWord.objects.filter(envelope=envelope).delete()
    Envelope.objects.filter(pk=envelope.pk).update(
        title="", description="", creator_name="", company_name="", reference="", plan=None, wire={}, wire_sealed=None,
        evidence=None, evidence_json=None, metadata_template=None, erased_at=at, content_erase_at=None, erase_at=None,
        content_erased_at=envelope.content_erased_at or at, needs_attention="", error="", return_url="",
        tombstone_until=at + timedelta(days=days) if days else None,
    )  # fmt: skip


def _take_children(envelope: Envelope, at: datetime) -> None:
    """In one order, leaves first."""
    people = list(Recipient.objects.filter(envelope=envelope).values_list("pk", flat=True))
    sittings = list(Sitting.objects.filter(recipient__in=people).values_list("pk", flat=True))
    files = set(DocumentVersion.objects.filter(document__envelope=envelope).values_list("file_id", flat=True))
    files |= set(Document.objects.filter(envelope=envelope).values_list("original_id", flat=True))
    files |= set(
        Package.objects.filter(envelope=envelope).exclude(file=None).values_list("file_id", flat=True)
    )
    files |= {f for f in (envelope.evidence_id, envelope.evidence_json_id) if f is not None}
    Document.objects.filter(envelope=envelope).update(head=None, reserved_by=None)
    Comment.objects.filter(Q(envelope=envelope) | Q(recipient__in=people)).delete()
    MetadataValue.objects.filter(envelope=envelope).delete()
    Signature.objects.filter(assignment__envelope=envelope).delete()
    Consent.objects.filter(recipient__in=people).delete()
    IdentityProof.objects.filter(recipient__in=people).delete()
    Field.objects.filter(document__envelope=envelope).delete()
    NotificationPlan.objects.filter(envelope=envelope).delete()
    packages = list(Package.objects.filter(envelope=envelope).values_list("pk", flat=True))
    Package.objects.filter(envelope=envelope).delete()
    Forward.objects.filter(recipient__in=people).delete()
    AccessLink.objects.filter(recipient__in=people).update(assignment=None, value=None)
    Assignment.objects.filter(envelope=envelope).delete()
    StepEdge.objects.filter(step__envelope=envelope).delete()
    Step.objects.filter(envelope=envelope).delete()
    for kind, ids in (("recipient", people), ("sitting", sittings)):
        SignIn.objects.filter(subject_kind=kind, subject_id__in=ids).delete()
        OneTimeCode.objects.filter(subject_kind=kind, subject_id__in=ids).delete()
    Sitting.objects.filter(pk__in=sittings).delete()
    for version in DocumentVersion.objects.filter(document__envelope=envelope).order_by("document", "-seq"):
        version.delete()
    Envelope.objects.filter(pk=envelope.pk).update(evidence=None, evidence_json=None)
    Document.objects.filter(envelope=envelope).delete()
    Recipient.objects.filter(pk__in=people).update(
        user=None, name=None, surname="", email=None, phone="", phone_as_given=None, national_id=None, claims=None,
        role_name="", reason="", channels=[], identity_policy={}, sign_text="", dialog_title="", dialog_message="",
        return_url_done="", return_url_declined="", return_url_later="", code=None, wire={}, wire_sealed=None,
        expires_at=None, remind_at=None,
    )  # fmt: skip
    _take_files(files, at)
    outbox.erase(envelope.pk)
    AuditDetail.objects.filter(event__envelope=envelope).delete()
    # What an error says may be taken from a file or an address.
    rounds = range(1, envelope.round + 1)
    keys = [f"{kind}:{envelope.pk}:{n}" for kind in _WORK for n in rounds]
    keys += [f"result:{person}:{n}" for person in people for n in rounds]
    keys += [f"package:{package}" for package in packages]
    again = Q(unique_key__startswith=f"prepare:{envelope.pk}:")
    Job.objects.filter(again | Q(unique_key__in=keys)).update(error="")


def _take_files(ids: set[int], at: datetime) -> None:
    """Handles that no other envelope uses; their bytes after the commit, unless another handle has them too."""
    used = set(Document.objects.filter(original__in=ids).values_list("original_id", flat=True))
    used |= set(DocumentVersion.objects.filter(file__in=ids).values_list("file_id", flat=True))
    blobs = set()
    for file in File.objects.filter(pk__in=ids - used, erased_at=None):
        if file.blob_id is not None:
            blobs.add(file.blob_id)
        erase_file(file, at)
    delete_after_commit(blobs)
