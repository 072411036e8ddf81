"""Documents, their versions, and fields."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.base.vault import EncryptedTextField
from undersigned.files.models import File

from .containers import Envelope


class Document(models.Model):
    """A file in an envelope, in order. `epoch` grows with every change of the head, and never goes back (ABA)."""

    class Format(models.TextChoices):
        PADES = "pades"
        CADES = "cades"
        ASIC = "asic"

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="documents")
    position = models.PositiveIntegerField()
    wire_no = models.IntegerField(null=True)
    title = models.CharField(max_length=1000)
    description = models.TextField(blank=True)
    format = models.CharField(max_length=8, choices=Format.choices, default=Format.PADES)
    original = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    head = models.ForeignKey("DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+")
    epoch = models.PositiveBigIntegerField(default=0)
    reserved_by = models.ForeignKey("Sitting", null=True, on_delete=models.SET_NULL, related_name="+")
    reserved_until = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    source_url = models.CharField(max_length=2000, blank=True)
    error = models.CharField(max_length=500, blank=True)
    wire = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["envelope", "position"],
                condition=Q(removed_at__isnull=True),
                name="document_position",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def original_sha256(self) -> str:
        """SHA-256 (hex) of the bytes that came in; names this document's fields in the PDF."""
        return self.versions.get(kind=DocumentVersion.Kind.ORIGINAL).sha256


class DocumentVersion(models.Model):
    """One immutable state of a document: original, prepared (page content final), signed, result, sealed."""

    class Kind(models.TextChoices):
        ORIGINAL = "original"
        PREPARED = "prepared"
        SIGNED = "signed"
        RESULT = "result"
        SEALED = "sealed"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    voided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["document", "seq"], name="version_seq")]


class Field(models.Model):
    """A place on a page, in percent of it: signature, text, clause, form field."""

    class Kind(models.TextChoices):
        SIGNATURE = "signature"
        TEXT = "text"
        CLAUSE = "clause"
        ACROFORM = "acroform"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="fields")
    recipient = models.ForeignKey("Recipient", null=True, on_delete=models.PROTECT, related_name="fields")
    assignment = models.ForeignKey("Assignment", null=True, on_delete=models.PROTECT, related_name="fields")
    key = models.CharField(max_length=100, help_text="Name of the form field or signature field in the PDF.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    page = models.PositiveIntegerField(null=True)
    x = models.FloatField(null=True)
    y = models.FloatField(null=True)
    w = models.FloatField(null=True)
    h = models.FloatField(null=True)
    required = models.BooleanField(default=True)
    invisible = models.BooleanField(default=False)
    value = EncryptedTextField(null=True)
    filled_at = models.DateTimeField(null=True)
    wire = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="field_key")]
