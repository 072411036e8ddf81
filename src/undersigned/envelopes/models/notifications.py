"""Messages that the sender planned, in the sender's own words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.base.vault import EncryptedTextField

from .containers import Envelope
from .packages import Package
from .people import Recipient


class NotificationPlan(models.Model):
    """One message to one address, when something happens to what owns it (a recipient, a package, else the envelope), perhaps later.

    `due_at` is set when the trigger happens: then plus the delay, by the organisation's clock. A delayed one is sent only if its owner
    still stands where the trigger left it. `settled_at`: handed to the outbox, or no longer wanted.
    """

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"
        URL = "url"

    class Trigger(models.TextChoices):
        CREATED = "created"
        STARTED = "started"
        COMPLETED = "completed"
        REJECTED = "rejected"
        EXPIRED = "expired"
        FORWARDED = "forwarded"

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="notification_plans")
    recipient = models.ForeignKey(
        Recipient, null=True, on_delete=models.PROTECT, related_name="notification_plans"
    )
    package = models.ForeignKey(
        Package, null=True, on_delete=models.PROTECT, related_name="notification_plans"
    )
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=100, help_text="The dialect's.")
    channel = models.CharField(max_length=5, choices=Channel.choices)
    address = EncryptedTextField(help_text="Mail address, phone number or URL, as the sender wrote it.")
    sender = models.CharField(max_length=320, blank=True)
    subject = EncryptedTextField(null=True)
    body = EncryptedTextField()
    style = models.JSONField(default=dict, help_text="`delivery.params.Style`.")
    trigger = models.CharField(max_length=9, choices=Trigger.choices)
    delay_seconds = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False, settled_at__isnull=True),
                name="notification_due",
            ),
        ]
