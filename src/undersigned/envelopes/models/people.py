"""People in an envelope."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import User
from undersigned.base.vault import EncryptedTextField
from undersigned.identity.expected import Expected
from undersigned.identity.policy import IdentityPolicy, Method

from .containers import Envelope


class Forward(models.Model):
    """One person handed their part on to another: who, to whom, and whether they keep a part of their own."""

    class Mode(models.TextChoices):
        SOMEONE_ELSE = "someone_else"
        BOTH = "both"

    original = models.ForeignKey("Recipient", on_delete=models.PROTECT, related_name="forwards")
    recipient = models.OneToOneField("Recipient", on_delete=models.PROTECT, related_name="forwarded_by")
    mode = models.CharField(max_length=12, choices=Mode.choices)
    at = models.DateTimeField()


class RecipientState(models.TextChoices):
    ACTIVE = "active"
    DONE = "done"
    DECLINED = "declined"
    EXPIRED = "expired"
    FORWARDED = "forwarded"
    REMOVED = "removed"


class Recipient(models.Model):
    """A person in an envelope, with their own state, language, channels and way to prove themselves."""

    class Kind(models.TextChoices):
        SIGNER = "signer"
        VIEWER = "viewer"
        COPY = "copy"

    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, related_name="recipients", db_index=False
    )
    key = models.CharField(max_length=100, help_text="The dialect's key, else generated.")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SIGNER)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=500, null=True)  # noqa: DJ001 - unknown until the person tells it
    surname = models.CharField(max_length=500, blank=True)
    email = models.CharField(max_length=320, null=True)  # noqa: DJ001 - some APIs invite without an address
    phone = models.CharField(max_length=20, blank=True, help_text="E.164.")
    phone_as_given = models.CharField(max_length=60, null=True)  # noqa: DJ001 - echoed as it came
    national_id = EncryptedTextField(null=True)
    claims = EncryptedTextField(
        null=True,
        help_text="`identity.expected.Expected` as JSON: what a provider must say, and hints for it.",
    )
    language = models.CharField(max_length=16, default="en")
    role_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=RecipientState.choices, default=RecipientState.ACTIVE)
    opened_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    invited_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    channels = models.JSONField(default=list)
    identity_policy = models.JSONField(default=dict, help_text="`identity.policy.IdentityPolicy`.")
    sign_text = models.TextField(blank=True)
    dialog_title = models.CharField(max_length=500, blank=True)
    dialog_message = models.TextField(blank=True)
    return_url_done = models.CharField(max_length=2000, blank=True)
    return_url_declined = models.CharField(max_length=2000, blank=True)
    return_url_later = models.CharField(max_length=2000, blank=True)
    code = EncryptedTextField(null=True)
    code_failures = models.PositiveIntegerField(default=0)
    code_locked_until = models.DateTimeField(null=True)
    link_version = models.PositiveIntegerField(default=1)
    wire = models.JSONField(default=dict)
    wire_sealed = EncryptedTextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["envelope", "key"], name="recipient_key")]
        indexes = [
            models.Index(fields=["user", "envelope"], name="recipient_user"),
            models.Index(fields=["email", "envelope"], name="recipient_email"),
            # Those who can still run out of time; who has acted stays with their date, for ever.
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, state="active"),
                name="recipient_expires",
            ),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="recipient_remind"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def identity(self) -> IdentityPolicy:
        """How this person must prove who they are."""
        return IdentityPolicy.model_validate(self.identity_policy)

    @property
    def expected(self) -> Expected:
        """What the sender said that a provider must say of this person, and hints for it."""
        return Expected.model_validate_json(self.claims) if self.claims else Expected()

    @property
    def methods(self) -> tuple[Method, ...]:
        """What they must pass, in order."""
        return self.identity.methods

    @property
    def code_by_sms(self) -> bool:
        """Their code travels by SMS; otherwise the sender hands it over."""
        return bool(self.phone) and self.identity.code_by == "sms"

    @property
    def full_name(self) -> str:
        """Name and surname; empty when the name is not known."""
        return f"{self.name or ''} {self.surname}".strip()
