"""The lease table: one row is one piece of work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Job(models.Model):
    """Work that waits, runs, is done or is dead.

    A running job is a waiting one whose `run_at` is the end of its lease and whose `token` its worker knows: when the worker dies, the
    row becomes due again by itself. Writes after the claim carry the token, so that a worker whose lease was lost changes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        DEAD = "dead"

    class Priority(models.IntegerChoices):
        """Few levels on purpose: a claim probes the index once a level, however long the backlog is."""

        HIGH = 1
        NORMAL = 0
        LOW = -1

    kind = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    run_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    error = models.TextField(blank=True)
    unique_key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 - NULL repeats, "" would not
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["priority", "run_at"], condition=Q(state="waiting"), name="job_waiting"),
            models.Index(fields=["finished_at"], condition=Q(state="done"), name="job_done"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="job_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
