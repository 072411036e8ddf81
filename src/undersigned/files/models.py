"""Bytes and the handles on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import Credential, Organization, User


class Blob(models.Model):
    """Immutable bytes of one organisation, named by their SHA-256. Only the scan columns and `staged_at` ever change.

    Two organisations that hold the same bytes hold two blobs, so that neither can learn what the other has.
    """

    class Scan(models.TextChoices):
        NONE = "none"
        CLEAN = "clean"
        INFECTED = "infected"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="blobs", db_index=False
    )
    sha256 = models.CharField(max_length=64, help_text="Hexadecimal, lower case.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    storage_key = models.CharField(max_length=200)
    media_type = models.CharField(
        max_length=200, help_text="As found by looking at the bytes, not as declared."
    )
    scan_status = models.CharField(max_length=10, choices=Scan.choices, default=Scan.NONE)
    scanned_at = models.DateTimeField(null=True, blank=True)
    staged_at = models.DateTimeField(
        help_text="When its bytes were last brought; the sweep spares a blob for a while after."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "sha256"], name="blob_content")]
        indexes = [models.Index(fields=["staged_at"], name="blob_staged")]

    def __str__(self) -> str:
        return self.sha256


class File(models.Model):
    """A handle on a blob: what has an id, a name, an owner and a lifetime. Many handles may share one blob."""

    class Kind(models.TextChoices):
        UPLOAD = "upload"
        SESSION = "session"
        RESOURCE = "resource"
        VERSION = "version"
        ARCHIVE = "archive"
        APPEARANCE = "appearance"
        EVIDENCE = "evidence"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="files")
    # Null where there is none, since it is unique.
    pub = models.CharField(max_length=100, null=True, blank=True, help_text="In its dialect's format.")  # noqa: DJ001
    kind = models.CharField(max_length=12, choices=Kind.choices)
    blob = models.ForeignKey(
        Blob,
        on_delete=models.PROTECT,
        related_name="files",
        null=True,
        db_index=False,
        help_text="Null once erased.",
    )
    name = models.CharField(max_length=255)
    title = models.CharField(max_length=255, blank=True)
    pages = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Counted by walking the page tree; null when it is no PDF that takes signatures.",
    )
    importance = models.CharField(max_length=20, blank=True)
    media_type = models.CharField(max_length=200, blank=True, help_text="As declared by whoever brought it.")
    created_by_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by_credential = models.ForeignKey(
        Credential, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    wire = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "pub"], condition=Q(pub__isnull=False), name="file_pub")
        ]
        indexes = [
            models.Index(fields=["blob"], name="file_blob"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="file_expiry"),
        ]

    def __str__(self) -> str:
        return self.name


class ArchiveEntry(models.Model):
    """A file that is kept for good, whatever becomes of the envelope it came from; with the evidence of how it came about."""

    file = models.OneToOneField(
        File, primary_key=True, on_delete=models.PROTECT, related_name="archive_entry"
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    evidence = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(
        max_length=200, help_text="Public id of the envelope; no foreign key, it may be gone."
    )
    renew_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
