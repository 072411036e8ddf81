"""Words by which envelopes are found."""

from __future__ import annotations

from django.db import models

from undersigned.accounts.models import Organization

from .containers import Envelope


class SearchWord(models.Model):
    """One word of an envelope's title, people or id (`envelopes.search`). Goes with the envelope's content."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="+")
    envelope = models.ForeignKey(
        Envelope, on_delete=models.CASCADE, db_index=False, related_name="search_words"
    )
    word = models.BinaryField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["envelope", "word"], name="search_word_once")]
        indexes = [models.Index(fields=["organization", "word", "envelope"], name="search_word")]
