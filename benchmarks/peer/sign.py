"""One signature: the file's path is the library's (`sealing.sign.sign_pdf`), the rows are the same; none of what stands around them
(checks of what was shown, chain of the audit, epochs, locks)."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from undersigned.base.vault import keyed_hash
from undersigned.delivery.models import WebhookEvent
from undersigned.envelopes.models import (
    Assignment,
    Consent,
    DocumentVersion,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
)
from undersigned.files.models import Blob, File
from undersigned.sealing.appearance import Appearance
from undersigned.sealing.authority import Subject
from undersigned.sealing.sign import SignRequest, sign_pdf

from .contracts import audit

FILES = Path(settings.DATA_DIR) / "files"


def sign(request: HttpRequest, pub: str) -> HttpResponse:
    """Sign the one document of the sitting that the cookie opens."""
    sitting = Sitting.objects.select_related("recipient__envelope__organization").get(
        pub=pub, secret_hash=keyed_hash(request.COOKIES["room"], "sitting")
    )
    assignment = Assignment.objects.select_related("document__head__file__blob").get(
        recipient=sitting.recipient, state="open"
    )
    look = json.loads(sitting.appearance or "")
    head = assignment.document.head
    assert head is not None
    assert head.file.blob is not None
    with tempfile.TemporaryDirectory(dir=FILES) as folder:
        target = Path(folder, "signed.pdf")
        certificate = _sign(FILES / head.file.blob.storage_key, target, sitting.recipient, assignment, look)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        key = f"{head.file.blob.organization_id}/{digest[:2]}/{digest}"
        (FILES / key).parent.mkdir(parents=True, exist_ok=True)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        size = target.stat().st_size
        target.rename(FILES / key)
    _record(sitting, assignment, request, digest, size, key, certificate)
    return HttpResponseRedirect(f"/room/{pub}/done")


def _sign(
    source: Path, target: Path, recipient: Recipient, assignment: Assignment, look: dict[str, str]
) -> bytes:
    request = SignRequest(
        field=assignment.fields.get().key,
        subject=Subject(recipient.full_name, reference=str(recipient.pk), identified_by="sender-code"),
        not_after=timezone.now() + timedelta(days=90),
        appearance=Appearance("typed", name=look["name"], hand=look["hand"]),
        caption=(recipient.full_name, "22 November 2026, 12:00 UTC"),
    )
    return sign_pdf(source, target, request).certificate


def _record(
    sitting: Sitting,
    assignment: Assignment,
    request: HttpRequest,
    digest: str,
    size: int,
    key: str,
    certificate: bytes,
) -> None:
    at = timezone.now()
    recipient, document = sitting.recipient, assignment.document
    envelope, head = recipient.envelope, document.head
    with transaction.atomic():
        blob = Blob.objects.create(
            organization=envelope.organization,
            sha256=digest,
            size=size,
            storage_key=key,
            media_type="application/pdf",
            staged_at=at,
        )
        consent = Consent.objects.create(
            sitting=sitting,
            recipient=recipient,
            text="I agree.",
            language="en",
            shown=[request.POST["revision"]],
            at=at,
            digest=digest,
        )
        file = File.objects.create(
            organization=envelope.organization, blob=blob, kind="version", name=document.title
        )
        version = DocumentVersion.objects.create(
            document=document,
            seq=head.seq + 1 if head else 1,
            kind="signed",
            parent=head,
            file=file,
            sha256=digest,
            created_at=at,
        )
        Signature.objects.create(
            assignment=assignment,
            consent=consent,
            proof=IdentityProof.objects.filter(sitting=sitting).last(),
            version_before_id=head.pk if head else None,
            version_after=version,
            certificate=certificate,
            level="B-T",
            at=at,
            request_key=request.POST["request_key"],
        )
        document.head = version
        document.epoch += 1
        document.save(update_fields=["head", "epoch"])
        assignment.state, assignment.settled_at = "done", at
        assignment.save(update_fields=["state", "settled_at"])
        recipient.state, recipient.settled_at = "done", at
        recipient.save(update_fields=["state", "settled_at"])
        audit(envelope, "signed", at, {"name": recipient.full_name}, "recipient", recipient.pk)
        WebhookEvent.objects.create(
            organization=envelope.organization,
            owner_user=envelope.owner_user,
            dialect="signsquid",
            pub=secrets.token_hex(16),
            private_id=secrets.token_hex(16),
            kind="SomeoneSigned",
            body=b"{}",
            envelope_id=envelope.pk,
            at=at,
        )
        envelope.signed_count += 1
        envelope.save(update_fields=["signed_count", "updated_at"])
