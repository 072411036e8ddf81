"""Links for people without an account, and grants for users."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import Group, User
from undersigned.base.vault import EncryptedTextField

from .containers import Collection, Envelope
from .people import Recipient
from .steps import Assignment


class AccessLink(models.Model):
    """A secret address. Kept as a keyed hash; the value only where an API must show it again."""

    class Purpose(models.TextChoices):
        INVITE = "invite"
        TICKET = "ticket"
        ARTIFACT = "artifact"

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="links")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    lookup_hash = models.BinaryField(max_length=32, unique=True)
    value = EncryptedTextField(null=True)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()


class Grant(models.Model):
    """Who else may see, own or get copies. `raw` is kept as sent; it grants nothing until it is resolved."""

    class Right(models.TextChoices):
        OWNER = "owner"
        SEE = "see"
        COPY = "copy"

    envelope = models.ForeignKey(Envelope, null=True, on_delete=models.CASCADE, related_name="grants")
    collection = models.ForeignKey(Collection, null=True, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE)
    raw = models.CharField(max_length=320, blank=True)
    right = models.CharField(max_length=5, choices=Right.choices)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(envelope__isnull=False, collection__isnull=True)
                | Q(envelope__isnull=True, collection__isnull=False),
                name="grant_on_one",
            )
        ]
