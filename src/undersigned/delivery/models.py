"""What is to be sent, what was sent, and every attempt in between."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from undersigned.accounts.models import Credential, Organization, User
from undersigned.base.vault import EncryptedTextField


class WebhookEvent(models.Model):
    """An event as a dialect words it. The body is posted, and read back by its id, byte for byte; a trigger refuses updates."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="webhook_events")
    owner_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="webhook_events")
    dialect = models.CharField(max_length=20)
    pub = models.CharField(
        max_length=64, help_text="Public id, in the dialect's format; also the Standard Webhooks id."
    )
    private_id = models.CharField(
        max_length=64, blank=True, help_text="Known to sender and receiver only; never an address."
    )
    kind = models.CharField(max_length=64)
    body = models.BinaryField()
    envelope_id = models.BigIntegerField(
        null=True, help_text="No foreign key: envelopes lie above this room."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialect", "pub"], name="webhook_event_pub")]
        indexes = [models.Index(fields=["envelope_id"], name="webhook_event_envelope")]


class Message(models.Model):
    """One thing to be sent to one address: the outbox. Links and codes are not in it; they are rendered at sending."""

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"
        PUSH = "push"
        WEBHOOK = "webhook"
        URL = "url"

    class State(models.TextChoices):
        """`dropped`: no longer wanted when its turn came (guard refused, credential disabled, no URL)."""

        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    class Transport(models.TextChoices):
        """What took the message. `outbox`: demo mode, and nothing is configured for the channel; people read it in the console."""

        SMTP = "smtp"
        SMS = "sms"
        PUSH = "push"
        HTTP = "http"
        OUTBOX = "outbox"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="messages")
    envelope_id = models.BigIntegerField(
        null=True, help_text="No foreign key: envelopes lie above this room."
    )
    recipient_id = models.BigIntegerField(null=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="messages")
    webhook_event = models.ForeignKey(
        WebhookEvent, on_delete=models.PROTECT, null=True, related_name="messages"
    )
    credential = models.ForeignKey(
        Credential,
        on_delete=models.PROTECT,
        null=True,
        related_name="messages",
        help_text="Its URL is read at each attempt. A webhook without one goes to the endpoint that the event's owner configured.",
    )
    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = EncryptedTextField(
        null=True,
        help_text="Mail address, E.164 number, or id of one of the user's devices; null for webhooks.",
    )
    params = EncryptedTextField(help_text="`params.Params` as JSON.")
    language = models.CharField(max_length=16, default="en")
    dedup_key = models.CharField(max_length=200, unique=True)
    not_before = models.DateTimeField(null=True)
    still_if = models.CharField(
        max_length=200, blank=True, help_text="Condition for the guard; empty: always wanted."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    transport = models.CharField(max_length=10, choices=Transport.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = EncryptedTextField(
        null=True, help_text="Encrypted, since servers repeat addresses in their answers."
    )
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["envelope_id"], name="message_envelope"),
            models.Index(
                fields=["next_attempt_at"], name="message_waiting", condition=models.Q(state="queued")
            ),
            models.Index(
                fields=["organization", "id"], name="message_failed", condition=models.Q(state="failed")
            ),
        ]


class MessageAttempt(models.Model):
    """One try to send a message, for the console."""

    class Outcome(models.TextChoices):
        SENT = "sent"
        RETRY = "retry"
        FAILED = "failed"
        DROPPED = "dropped"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries", db_index=False)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    answer = EncryptedTextField(help_text="The server's own words, at most 500 characters.")
    duration_ms = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["message", "at"], name="message_attempt_time")]
