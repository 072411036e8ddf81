"""Send a draft: compile it into steps and assignments, issue links, queue invitations and codes."""

from __future__ import annotations

from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.jobs.queue import enqueue
from undersigned.sealing.prepare import signature_field

from . import audit, links, messages
from .actor import Actor
from .errors import Conflict, Invalid
from .graph import recompute
from .locks import lock_envelope
from .models import Assignment, Document, Envelope, EnvelopeState, Field, Phase, Recipient, Step
from .policy import Policy


def send(actor: Actor, envelope_id: int) -> Envelope:
    """Invite everybody. The documents' pages are made final by a job of the same transaction (`lifecycle.prepare`).

    Raises Invalid (recipients required, documents required), Conflict (already_sent, superseded), NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.superseded_at is not None:
            raise Conflict("superseded")
        if envelope.state != EnvelopeState.DRAFT:
            raise Conflict("already_sent")
        recipients = list(envelope.recipients.all())
        documents = list(envelope.documents.filter(removed_at=None))
        faults = {}
        if not any(r.kind == Recipient.Kind.SIGNER for r in recipients):
            faults["recipients"] = ["required"]
        if not documents:
            faults["documents"] = ["required"]
        if faults:
            raise Invalid(faults)
        at = now(envelope.organization.clock_offset)
        _compile(envelope, recipients, documents)
        envelope.state = EnvelopeState.SENT
        envelope.phase = Phase.PREPARE
        envelope.sent_at = at
        envelope.signer_count = sum(r.kind == Recipient.Kind.SIGNER for r in recipients)
        recompute(envelope, at)
        envelope.save()
        audit.append(envelope, "sent", at, by=actor)
        _invite(envelope, recipients, at)
        enqueue("prepare", {"envelope": envelope.pk}, unique_key=f"prepare:{envelope.pk}:{envelope.round}")
    return envelope


def _compile(envelope: Envelope, recipients: list[Recipient], documents: list[Document]) -> None:
    """One step a signer, no edges; one sign assignment and one signature field for each document."""
    for recipient in recipients:
        if recipient.kind != Recipient.Kind.SIGNER:
            continue
        step = Step.objects.create(envelope=envelope, position=recipient.position)
        for document in documents:
            assignment = Assignment.objects.create(
                envelope=envelope,
                step=step,
                recipient=recipient,
                document=document,
                on_decline=Policy.model_validate(envelope.policy).on_decline,
            )
            Field.objects.create(
                document=document,
                recipient=recipient,
                assignment=assignment,
                key=signature_field(recipient.position, document.original_sha256),
                kind=Field.Kind.SIGNATURE,
            )


def _invite(envelope: Envelope, recipients: list[Recipient], at: datetime) -> None:
    policy = Policy.model_validate(envelope.policy)
    for recipient in recipients:
        links.issue(recipient, at)
        if policy.invitation:
            messages.invite(envelope, recipient, at)
            if "code" in policy.identity and recipient.phone:
                messages.send_code(envelope, recipient, at)
            recipient.invited_at = at
            recipient.save(update_fields=["invited_at"])
