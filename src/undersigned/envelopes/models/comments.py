"""What the parties write to each other."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import User
from undersigned.base.vault import EncryptedTextField

from .containers import Collection, Envelope
from .people import Recipient


class Comment(models.Model):
    """A message in an envelope or in the collection that holds it: a space's discussion, notes. By a user or by a recipient."""

    collection = models.ForeignKey(Collection, null=True, on_delete=models.PROTECT, related_name="comments")
    envelope = models.ForeignKey(Envelope, null=True, on_delete=models.PROTECT, related_name="comments")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Recipient, null=True, on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(envelope__isnull=False, collection__isnull=True)
                | Q(envelope__isnull=True, collection__isnull=False),
                name="comment_on_one",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(recipient__isnull=True), name="comment_by_one"
            ),
        ]
