"""What an organisation wants to know of its envelopes: fields, templates that hold them, values."""

from __future__ import annotations

from django.db import models

from undersigned.accounts.models import Organization

from .containers import Envelope


class MetadataField(models.Model):
    """One thing to know, with its kind."""

    class Kind(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        PERSON = "person"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="metadata_fields", db_index=False
    )
    pub = models.CharField(max_length=100, unique=True, help_text="24 hexadecimal digits.")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TEXT)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="metadata_field_name"),
        ]

    def __str__(self) -> str:
        return self.name


class MetadataTemplate(models.Model):
    """A set of fields that an envelope is described with."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="metadata_templates", db_index=False
    )
    pub = models.CharField(max_length=100, unique=True, help_text="24 hexadecimal digits.")
    name = models.CharField(max_length=200)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="metadata_template_name"),
        ]

    def __str__(self) -> str:
        return self.name


class MetadataTemplateField(models.Model):
    """A field's place in a template."""

    template = models.ForeignKey(
        MetadataTemplate, on_delete=models.CASCADE, related_name="places", db_index=False
    )
    field = models.ForeignKey(MetadataField, on_delete=models.PROTECT, related_name="places")
    position = models.PositiveIntegerField()
    required = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["template", "field"], name="metadata_field_once"),
        ]


class MetadataValue(models.Model):
    """What an envelope says for a field. Goes with the envelope's content."""

    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, related_name="metadata_values", db_index=False
    )
    field = models.ForeignKey(MetadataField, on_delete=models.PROTECT, related_name="+")
    value = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["envelope", "field"], name="metadata_value_once"),
        ]
