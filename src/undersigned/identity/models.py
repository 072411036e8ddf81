"""Providers of strong identification, sign-ins under way, and one-time codes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import Organization
from undersigned.base.vault import EncryptedTextField


class Provider(models.Model):
    """An OpenID Connect provider as signers may choose it. Without an organisation it serves all of them."""

    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="identity_providers", db_index=False
    )
    key = models.SlugField(max_length=40, help_text="How interfaces name it: ftn, nbid…")
    name = models.CharField(max_length=100, help_text="In full, as on the signer's button.")
    logo = models.BinaryField(null=True, help_text="PNG.")
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=200)
    client_secret = EncryptedTextField(null=True, help_text="Null for a public client.")
    scope = models.CharField(max_length=200, default="openid profile")
    acr_values = models.CharField(max_length=200, blank=True)
    prompt = models.CharField(max_length=40, default="login")
    claims = models.JSONField(
        default=dict,
        help_text="Ours (name, given_name, family_name, national_id, birthdate, email, phone) to the provider's names.",
    )
    level = models.CharField(max_length=40, default="strong")
    asked_as = models.JSONField(
        default=list, help_text="Names by which APIs ask for it, beside its key: nbid-sign, nbid-mobil…"
    )
    position = models.PositiveIntegerField(default=0)
    demo = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="identity_provider_key"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(organization__isnull=True), name="identity_provider_of_all"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignIn(models.Model):
    """An authorization request on its way (OpenID Connect Core 3.1.2.1), good for ten minutes, once. `subject_*`: whose sign-in it is, in a higher room."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    asked_as = models.CharField(
        max_length=100, blank=True, help_text="The name by which the sender asked for the provider."
    )
    moment = models.CharField(
        max_length=4, default="open", help_text='As `IdentityProof.moment`: "open", "sign".'
    )
    state_hash = models.BinaryField(max_length=32, unique=True)
    nonce = models.CharField(max_length=64)
    verifier = EncryptedTextField(help_text="PKCE code verifier (RFC 7636).")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class OneTimeCode(models.Model):
    """A code that was sent to somebody: good for ten minutes, once, five tries. It is derived from `seed` and the master key, and stored nowhere."""

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    channel = models.CharField(max_length=5, choices=Channel.choices)
    seed = models.BinaryField(max_length=16)
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "-id"], name="one_time_code_subject")]
