"""What proves a signature: the sitting, how the person was identified, what they agreed to, the cryptographic result."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.base.vault import EncryptedTextField
from undersigned.sealing.models import SigningIdentity

from .people import Recipient
from .steps import Assignment


class Sitting(models.Model):
    """One browser's visit of one recipient; several documents. Found by the hash of its cookie."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="sittings")
    pub = models.CharField(max_length=32, unique=True, help_text="Names the sitting in the room's addresses.")
    secret_hash = models.BinaryField(max_length=32, unique=True)
    started_at = models.DateTimeField()
    last_seen = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=500, blank=True)
    identified_at = models.DateTimeField(null=True)
    chosen_way = models.CharField(  # noqa: DJ001 - "" is the way without a name
        max_length=100,
        null=True,
        help_text="Of the ways to prove oneself that are offered now, by `SignWay.asked_as`.",
    )
    focus = models.ForeignKey(
        Assignment,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Where each thing is dealt with by itself: the one that is on the table.",
    )
    identity = models.ForeignKey(
        SigningIdentity,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The person's own key, if they chose to sign with one.",
    )
    appearance = EncryptedTextField(
        null=True, help_text="The look of the signature, kept until the sitting ends."
    )
    pages_seen = models.JSONField(default=dict, help_text="Document id to page numbers that were shown.")
    pad_number = models.PositiveIntegerField(
        default=0, help_text="Pads on a phone so far; names the last one."
    )
    pad_hash = models.BinaryField(
        max_length=32,
        null=True,
        unique=True,
        help_text="Of the address of a phone that may draw; see phone_pad.",
    )
    pad_device_hash = models.BinaryField(max_length=32, null=True, help_text="Of the phone's cookie.")
    pad_ends_at = models.DateTimeField(null=True)


class IdentityProof(models.Model):
    """How a recipient proved who they are. Append-only."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="proofs")
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="proofs")
    method = models.CharField(max_length=40)
    provider = models.CharField(max_length=100, blank=True)
    level = models.CharField(max_length=40, blank=True)
    known_to_sender = models.BooleanField(
        default=False, help_text="The sender could read the link or code, and so sign in the person's place."
    )
    moment = models.CharField(
        max_length=4, default="open", help_text='"open": before reading; "sign": as part of signing.'
    )
    asked_as = models.CharField(
        max_length=100, blank=True, help_text="The name by which the sender asked for this method."
    )
    at = models.DateTimeField()
    claims = EncryptedTextField(null=True)
    nonce_hash = models.BinaryField(max_length=32, null=True)
    token_hash = models.BinaryField(
        max_length=32, null=True, help_text="SHA-256 of the provider's ID token, as it came."
    )


class Consent(models.Model):
    """What the person was shown and agreed to. Append-only; one covers many signatures."""

    sitting = models.ForeignKey(Sitting, null=True, on_delete=models.PROTECT, related_name="consents")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="consents")
    text = models.TextField()
    language = models.CharField(max_length=16)
    shown = models.JSONField(help_text="List of {document, version, title, sha256}.")
    pages_seen = models.JSONField(default=dict)
    at = models.DateTimeField()
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the canonical JSON of text, language, shown, pages_seen, at."
    )
    automatic = models.BooleanField(default=False)


class Signature(models.Model):
    """The cryptographic result with the versions before and after. Only `voided_*` may change."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="signatures")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="signatures")
    proof = models.ForeignKey(IdentityProof, null=True, on_delete=models.PROTECT, related_name="signatures")
    version_before = models.ForeignKey("DocumentVersion", on_delete=models.PROTECT, related_name="+")
    version_after = models.OneToOneField("DocumentVersion", on_delete=models.PROTECT, related_name="made_by")
    certificate = models.BinaryField()
    serial = models.CharField(max_length=64)
    own_key = models.CharField(
        max_length=10,
        blank=True,
        help_text="Where the signer's own key lies (`SigningIdentity.Provider`); empty: a key made for this signature alone.",
    )
    level = models.CharField(max_length=8)
    at = models.DateTimeField()
    request_key = models.CharField(
        max_length=64,
        blank=True,
        help_text="Made when the page was built; a repeated request is answered with this signature.",
    )
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(voided_at__isnull=True), name="signature_live"
            )
        ]
