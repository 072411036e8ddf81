"""The audit trail: append-only, numbered and hash-chained per envelope. Triggers refuse update and delete."""

from __future__ import annotations

from django.db import models

from undersigned.base.vault import EncryptedTextField

from .containers import Envelope


class AuditEvent(models.Model):
    """One fact. Holds no personal data: names, addresses and sentences are in `AuditDetail`, of which it keeps a salted digest."""

    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, related_name="audit_events", db_index=False
    )
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    recipient_id = models.BigIntegerField(null=True)
    document_id = models.BigIntegerField(null=True)
    assignment_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=12)
    actor_ref = models.BigIntegerField(null=True)
    credential_id = models.BigIntegerField(null=True)
    detail_digest = models.CharField(max_length=64)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["envelope", "seq"]
        constraints = [models.UniqueConstraint(fields=["envelope", "seq"], name="audit_seq")]


class AuditDetail(models.Model):
    """The erasable part of an event."""

    event = models.OneToOneField(
        AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="detail"
    )
    salt = models.CharField(max_length=64)
    payload = EncryptedTextField()
