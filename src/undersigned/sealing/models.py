"""The keys of this installation."""

from __future__ import annotations

import uuid

from django.db import models

from undersigned.accounts.models import User
from undersigned.files.models import File


class Key(models.Model):
    """A private key with its certificate. A replaced key stays: CRLs and OCSP answers about what it issued go on."""

    class Purpose(models.TextChoices):
        ROOT = "root"
        SIGNER_CA = "signers", "issuing authority for signers and seals"
        TIMESTAMP_CA = "timestamps", "issuing authority for time-stamping"
        SIGNER_OCSP = "signers-ocsp"
        TIMESTAMP_OCSP = "timestamps-ocsp"
        TSA = "tsa", "time-stamping unit"
        SEAL = "seal", "an organisation's seal"

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    owner = models.CharField(
        max_length=64, blank=True, help_text="Organisation's id for seals, empty otherwise."
    )
    name = models.CharField(max_length=80, unique=True, help_text="Word in addresses: /crl/<name>.crl")
    certificate = models.BinaryField(help_text="DER")
    private_key = models.BinaryField(help_text="PKCS#8 DER, encrypted by the vault for context sealing.key")
    issuer = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="issued")
    created_at = models.DateTimeField()
    not_after = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, help_text="Replaced: signs nothing new.")
    revoked_at = models.DateTimeField(null=True, help_text="On the CRL since.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "owner"], condition=models.Q(retired_at=None), name="one_key_in_use"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SigningIdentity(models.Model):
    """A user's own key and certificate, kept here: made by the built-in authority, or brought as PKCS#12."""

    class Provider(models.TextChoices):
        SERVER = "server", "made here"
        PKCS12 = "pkcs12", "brought as a PKCS#12 file"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    pub = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    label = models.CharField(max_length=200)
    certificate = models.BinaryField(help_text="DER")
    chain = models.JSONField(default=list, help_text="Further certificates, PEM, issuer first.")
    private_key = models.BinaryField(
        help_text="PKCS#8 DER, encrypted by the vault for context sealing.identity"
    )
    appearance = models.ForeignKey(
        File,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Shown in the visible signature.",
    )
    not_after = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.label
