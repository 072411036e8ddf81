"""Signed documents of several people, put together into one sealed file."""

from __future__ import annotations

from django.db import models

from undersigned.files.models import File

from .containers import Envelope
from .steps import Assignment


class Package(models.Model):
    """What is to be built once all its assignments are done; `failed` when one of them never can be, or the building gave up."""

    class State(models.TextChoices):
        CREATED = "created"
        COMPLETED = "completed"
        FAILED = "failed"

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="packages", db_index=False)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=100, help_text="The dialect's.")
    method = models.CharField(max_length=20, default="pades")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATED)
    queued_at = models.DateTimeField(null=True, help_text="When all its assignments were done.")
    settled_at = models.DateTimeField(null=True)
    to_archive = models.BooleanField(default=False)
    file = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
    wire = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["envelope", "key"], name="package_key")]


class PackageItem(models.Model):
    """A document of a package, as one person's assignment left it."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="items", db_index=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="package_items")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["package", "assignment"], name="package_item_once")]
