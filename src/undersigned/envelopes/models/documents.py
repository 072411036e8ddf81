"""Documents, their versions, and fields."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q

from undersigned.base.vault import EncryptedTextField
from undersigned.files.models import Blob, File
from undersigned.sealing.asic import manifest

from .containers import Envelope


class Document(models.Model):
    """A file in an envelope, in order. `epoch` grows with every change of the head, and never goes back (ABA).

    `original` is null until the person who is asked to bring the file has done so, and always for a declaration: the page that is
    written here, names one person's other documents by their digests, and is signed once for all of them.
    """

    class Format(models.TextChoices):
        PADES = "pades"
        CADES = "cades"
        ASIC = "asic"
        STATEMENT = "statement"
        DECLARATION = "declaration"

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="documents")
    position = models.PositiveIntegerField()
    wire_no = models.IntegerField(null=True)
    title = models.CharField(max_length=1000)
    description = models.TextField(blank=True)
    format = models.CharField(max_length=11, choices=Format.choices, default=Format.PADES)
    original = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
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
    def brought(self) -> File:
        """The original, of a document that has one from the start. Raises ValueError otherwise."""
        if self.original is None:
            raise ValueError("nobody has brought this file")
        return self.original

    @property
    def source(self) -> Blob | None:
        """The bytes that came in; None where there are none, yet or any more."""
        return self.original.blob if self.original is not None else None

    @property
    def by_statement(self) -> bool:
        """Signed by a page about the file, which stays as it came."""
        return self.format == Document.Format.STATEMENT

    @property
    def detached(self) -> bool:
        """Signed by CAdES signatures apart from the PDF, which stays as it was prepared; both are delivered in one container."""
        return self.format == Document.Format.CADES

    @property
    def pdf_name(self) -> str:
        """What the prepared PDF is called; a page about a file must not pass for the file."""
        if self.by_statement:
            return f"{self.title} - signatures.pdf"
        return self.title if self.title.lower().endswith(".pdf") else f"{self.title}.pdf"

    @property
    def signed_name(self) -> str:
        """What the sealed file is called: the PDF with the signatures, or the container with both."""
        return self.pdf_name[: -len(".pdf")] + manifest.ENDING if self.detached else self.pdf_name

    @property
    def signed_type(self) -> str:
        """Media type of the sealed file."""
        return manifest.MEDIA_TYPE if self.detached else manifest.PDF

    @property
    def original_sha256(self) -> str:
        """SHA-256 (hex) of the bytes that came in; names this document's fields in the PDF."""
        return self.versions.get(kind=DocumentVersion.Kind.ORIGINAL).sha256

    @property
    def mark(self) -> str:
        """SHA-256 (hex) that names this document's signature fields: of the original; of a page that is written here, of the row's id."""
        if self.format == Document.Format.DECLARATION:
            return hashlib.sha256(f"declaration {self.pk}".encode()).hexdigest()
        return self.original_sha256

    def next_seq(self) -> int:
        """Of the next version. Not the head's number plus one: results lie beside the chain, and a head may go back."""
        last = self.versions.order_by("-seq").values_list("seq", flat=True).first()
        return (last or 0) + 1


class DocumentVersion(models.Model):
    """One immutable state of a document: original, prepared (page content final), signed, result, sealed."""

    class Kind(models.TextChoices):
        ORIGINAL = "original"
        PREPARED = "prepared"
        SIGNED = "signed"
        RESULT = "result"
        SEALED = "sealed"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions", db_index=False)
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

    @property
    def pictured(self) -> DocumentVersion:
        """The version whose pages are shown for this one: a container is read in the PDF that it was made from."""
        made_from = (
            self.parent if self.document.detached and self.kind == DocumentVersion.Kind.SEALED else None
        )
        return made_from or self


class Field(models.Model):
    """A place on a page, in percent of it: signature, text, clause, form field."""

    class Kind(models.TextChoices):
        SIGNATURE = "signature"
        TEXT = "text"
        CLAUSE = "clause"
        ACROFORM = "acroform"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="fields", db_index=False)
    recipient = models.ForeignKey("Recipient", null=True, on_delete=models.PROTECT, related_name="fields")
    assignment = models.ForeignKey("Assignment", null=True, on_delete=models.PROTECT, related_name="fields")
    key = models.CharField(max_length=500, help_text="Name of the form field or signature field in the PDF.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    page = models.PositiveIntegerField(null=True)
    x = models.FloatField(null=True)
    y = models.FloatField(null=True)
    w = models.FloatField(null=True)
    h = models.FloatField(null=True)
    required = models.BooleanField(default=True)
    invisible = models.BooleanField(default=False)
    label = models.TextField(blank=True, help_text="What a clause says; what a text field is called.")
    form = models.JSONField(
        default=dict, help_text="Of a form field, what the PDF says of it: `files.forms.FormField`."
    )
    value = EncryptedTextField(null=True)
    filled_at = models.DateTimeField(null=True)
    wire = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="field_key")]
