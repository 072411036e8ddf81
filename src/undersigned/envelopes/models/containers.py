"""Collections and envelopes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from undersigned.accounts.models import Credential, Organization, User
from undersigned.base.vault import EncryptedTextField


class Collection(models.Model):
    """What holds several envelopes: a contract and its versions, a conversation, a batch.

    No index begins with the organisation alone: PostgreSQL would read it whole for a list of one account (a bitmap of the organisation's
    rows, to intersect), which then costs by the size of the organisation.
    """

    class Kind(models.TextChoices):
        CONTRACT = "contract"
        CONVERSATION = "conversation"
        BATCH = "batch"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, db_index=False)
    dialect = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    pub = models.CharField(max_length=100, help_text="Public id in the dialect's format.")
    title = models.CharField(max_length=1000)
    owner_user = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False)
    created_by_credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL)
    retention_signed_months = models.PositiveIntegerField(null=True)
    retention_unsigned_months = models.PositiveIntegerField(null=True)
    retention_other_months = models.PositiveIntegerField(null=True)
    marked_deleted_at = models.DateTimeField(null=True)
    delete_after = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    wire = models.JSONField(
        default=dict, help_text="The dialect's own; never read by the core, no personal data."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialect", "kind", "pub"], name="collection_pub")]
        indexes = [
            models.Index(fields=["owner_user", "dialect", "-created_at", "-id"], name="collection_owner"),
            models.Index(
                fields=["organization", "-created_at", "-id"],
                condition=Q(kind="batch"),
                name="collection_batches",
            ),
            models.Index(fields=["erase_at"], condition=Q(erase_at__isnull=False), name="collection_erase"),
            # What goes next of one organisation.
            models.Index(
                fields=["organization", "erase_at", "id"],
                condition=Q(erase_at__isnull=False),
                name="collection_goes",
            ),
            models.Index(
                fields=["organization", "delete_after", "id"],
                condition=Q(delete_after__isnull=False),
                name="collection_removed",
            ),
            models.Index(
                fields=["delete_after"], condition=Q(delete_after__isnull=False), name="collection_delete"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class EnvelopeState(models.TextChoices):
    """Where one signing process stands. `sealing`: all have agreed, the job that seals is on its way."""

    DRAFT = "draft"
    OFFERED = "offered"
    FETCHING = "fetching"
    SENT = "sent"
    SEALING = "sealing"
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"
    FAILED = "failed"


class Phase(models.TextChoices):
    """Of an envelope that is sent: what it waits for. `fill`: for people who fill in; `prepare`: for pages to be made final."""

    NONE = "none"
    FILL = "fill"
    PREPARE = "prepare"
    SIGN = "sign"


class Envelope(models.Model):
    """One signing process. Facts beside the state: superseded_at, due_at in the past, needs_attention."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, db_index=False)
    dialect = models.CharField(max_length=20)
    pub = models.CharField(max_length=100, null=True)  # noqa: DJ001 - NULL where the dialect gives envelopes no id of their own
    collection = models.ForeignKey(
        Collection, null=True, on_delete=models.PROTECT, related_name="envelopes", db_index=False
    )
    position = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=1000)
    description = models.TextField(blank=True)
    language = models.CharField(max_length=16, default="en")
    state = models.CharField(max_length=12, choices=EnvelopeState.choices, default=EnvelopeState.DRAFT)
    phase = models.CharField(max_length=8, choices=Phase.choices, default=Phase.NONE)
    owner_user = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False)
    created_by_credential = models.ForeignKey(
        Credential, null=True, on_delete=models.SET_NULL, db_index=False
    )
    policy = models.JSONField(default=dict, help_text="`envelopes.policy.Policy`.")
    plan = models.JSONField(null=True, help_text="Typed draft; compiled at send.")
    send_when_ready = models.BooleanField(default=False)
    template = models.BooleanField(
        default=False, help_text="Others are made from it; it is offered, never sent."
    )
    public = models.BooleanField(
        default=False, help_text="A template that everybody in the organisation may use."
    )
    signer_count = models.PositiveIntegerField(default=0)
    signed_count = models.PositiveIntegerField(default=0)
    round = models.PositiveIntegerField(default=1)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    superseded_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    retention_signed_months = models.PositiveIntegerField(null=True)
    retention_unsigned_months = models.PositiveIntegerField(null=True)
    retention_other_months = models.PositiveIntegerField(null=True)
    content_erase_at = models.DateTimeField(null=True)
    content_erased_at = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    tombstone_until = models.DateTimeField(null=True)
    needs_attention = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=500, blank=True)
    urgent = models.BooleanField(default=False)
    return_url = models.CharField(max_length=2000, blank=True)
    return_mode = models.CharField(max_length=20, blank=True)
    creator_name = models.CharField(max_length=200, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    metadata_template = models.ForeignKey(
        "MetadataTemplate", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)
    audit_seq = models.PositiveIntegerField(default=0)
    audit_head = models.CharField(max_length=64, blank=True)
    evidence = models.ForeignKey(
        "files.File", null=True, on_delete=models.PROTECT, related_name="+", help_text="Sealed PDF."
    )
    evidence_json = models.ForeignKey("files.File", null=True, on_delete=models.PROTECT, related_name="+")
    wire = models.JSONField(
        default=dict, help_text="The dialect's own; never read by the core, no personal data."
    )
    wire_sealed = EncryptedTextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dialect", "pub"], name="envelope_pub"),
            models.UniqueConstraint(fields=["collection", "position"], name="envelope_position"),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(deleted_at__isnull=True), name="envelope_replaces"
            ),
        ]
        indexes = [
            # Lists, newest first or oldest first, and each filter that is worth an index of its own.
            models.Index(fields=["organization", "created_at", "id"], name="envelope_newest"),
            models.Index(fields=["organization", "state", "created_at", "id"], name="envelope_list"),
            models.Index(
                fields=["organization", "sent_at", "id"], condition=Q(state="sent"), name="envelope_waiting"
            ),
            models.Index(
                fields=["organization", "-completed_at", "-id"],
                condition=Q(state="completed"),
                name="envelope_completed",
            ),
            models.Index(fields=["owner_user", "created_at", "id"], name="envelope_owner"),
            models.Index(fields=["created_by_credential", "created_at", "id"], name="envelope_client"),
            models.Index(
                fields=["organization", "due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="envelope_due",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="envelope_expires"
            ),
            models.Index(
                fields=["content_erase_at"],
                condition=Q(content_erase_at__isnull=False),
                name="envelope_content_erase",
            ),
            models.Index(fields=["erase_at"], condition=Q(erase_at__isnull=False), name="envelope_erase"),
            models.Index(
                fields=["organization", "content_erase_at", "id"],
                condition=Q(content_erase_at__isnull=False),
                name="envelope_content_goes",
            ),
            models.Index(
                fields=["organization", "erase_at", "id"],
                condition=Q(erase_at__isnull=False),
                name="envelope_goes",
            ),
            models.Index(
                fields=["tombstone_until"],
                condition=Q(tombstone_until__isnull=False),
                name="envelope_tombstone",
            ),
            models.Index(
                fields=["metadata_template", "created_at", "id"],
                condition=Q(metadata_template__isnull=False),
                name="envelope_metadata",
            ),
            models.Index(
                fields=["organization", "id"], condition=~Q(needs_attention=""), name="envelope_attention"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class EnvelopeTag(models.Model):
    """A word that the sender put on an envelope, to find it again."""

    envelope = models.ForeignKey(Envelope, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.CharField(max_length=200)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["envelope", "tag"], name="envelope_tag_once")]
        indexes = [models.Index(fields=["tag", "envelope"], name="envelope_tag")]


class InboxItem(models.Model):
    """Something happened to an envelope that a user should hear of, until they have (`consumed_at`)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="inbox")
    envelope = models.ForeignKey(Envelope, on_delete=models.CASCADE, related_name="inbox_items")
    event = models.CharField(max_length=40, help_text="An audit kind, or what is asked: fill, sign.")
    at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(consumed_at__isnull=True), name="inbox_waiting")
        ]
