"""The graph: steps are nodes, edges join steps, an assignment belongs to one step."""

from __future__ import annotations

from django.db import models

from .containers import Envelope
from .documents import Document
from .people import Recipient


class Step(models.Model):
    """A gate: opens when all its predecessors are passed (`envelopes.graph`)."""

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=200, blank=True)
    opens_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    wire = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]


class StepEdge(models.Model):
    """`step` opens only after `depends_on` is passed."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="edges", db_index=False)
    depends_on = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "depends_on"], name="edge_pair")]


class AssignmentState(models.TextChoices):
    PLANNED = "planned"
    OPEN = "open"
    DONE = "done"
    WAIVED = "waived"
    REFUSED = "refused"
    LAPSED = "lapsed"
    VOID = "void"


SATISFIED = frozenset({AssignmentState.DONE, AssignmentState.WAIVED, AssignmentState.VOID})
LIVE = frozenset({AssignmentState.PLANNED, AssignmentState.OPEN})


class Assignment(models.Model):
    """One thing that one recipient must do with one document in a step."""

    class Action(models.TextChoices):
        UPLOAD = "upload"
        FILL = "fill"
        VIEW = "view"
        SIGN = "sign"

    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="assignments")
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="assignments")
    key = models.CharField(
        max_length=100, default="sign", help_text="Names what is asked; the dialect's, or a word."
    )
    place = models.PositiveIntegerField(
        default=1, help_text="Of a signature that goes to several places: which of them."
    )
    action = models.CharField(max_length=8, choices=Action.choices, default=Action.SIGN)
    state = models.CharField(max_length=8, choices=AssignmentState.choices, default=AssignmentState.PLANNED)
    on_decline = models.CharField(max_length=8, blank=True)
    decline_allowed = models.BooleanField(default=True)
    reason = models.TextField(blank=True)
    profile = models.CharField(max_length=40, blank=True)
    with_timestamp = models.BooleanField(default=True)
    caption = models.CharField(
        max_length=500, blank=True, help_text="What the person is told the document is."
    )
    sign_text = models.TextField(blank=True, help_text="The line about this document in what is agreed to.")
    to_archive = models.BooleanField(default=False)
    return_url = models.CharField(max_length=2000, blank=True)
    return_mode = models.CharField(max_length=20, blank=True)
    round = models.PositiveIntegerField(default=1)
    settled_at = models.DateTimeField(null=True)
    wire = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "document", "key", "place", "action", "round"], name="assignment_key"
            )
        ]
        indexes = [models.Index(fields=["envelope", "state"], name="assignment_state")]
