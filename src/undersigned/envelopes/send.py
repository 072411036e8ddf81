"""Send a draft: have its plan compiled, issue links, queue invitations and codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, clocks, inbox, links, messages, notify, packages, phases, preparing
from .actor import Actor
from .compile_groups import compile_groups
from .compile_plan import compile_plan
from .drafts import digest
from .errors import Conflict, Invalid
from .graph import recompute
from .invitations import invite
from .locks import lock_envelope
from .messages import tell_readers
from .models import (
    Document,
    Envelope,
    EnvelopeState,
    NotificationPlan,
    Recipient,
    RecipientState,
)
from .packages import NewPackage
from .plan import plan_of
from .plan_notifications import NewNotification, plan_notifications
from .policy import Policy


def send(actor: Actor, envelope_id: int, seen: str | None = None) -> Envelope:
    """Invite those whose turn it is. The documents' pages are made final by a job of the same transaction (`lifecycle.prepare`).

    `seen`: the `drafts.digest` of what was checked. Raises Invalid (recipients required, documents required, due_at past, expires_at past), Conflict
    (already_sent, superseded, moved: the draft is not what was checked), NotFound.
    """
    with atomic():
        envelope = lock_envelope(envelope_id)
        if envelope.superseded_at is not None:
            raise Conflict("superseded")
        if envelope.state != EnvelopeState.DRAFT:
            raise Conflict("already_sent")
        if seen is not None and seen != digest(envelope):
            raise Conflict("moved")
        send_draft(actor, envelope, now(envelope.organization.clock_offset))
    return envelope


def send_draft(
    actor: Actor,
    envelope: Envelope,
    at: datetime,
    new_packages: Sequence[NewPackage] = (),
    notifications: Sequence[NewNotification] = (),
) -> None:
    """Send a draft that the caller holds the lock of. Raises Invalid as `send`, `compile_plan`, `compile_groups`, `packages.plan` and `plan_notifications`."""
    documents = list(envelope.documents.filter(removed_at=None).select_related("original__blob"))
    plan = plan_of(envelope)
    if plan.documents is not None:
        compile_groups(actor, envelope, plan, documents, at)
    recipients = list(envelope.recipients.all())
    _refuse_incomplete(envelope, recipients, documents, at)
    if plan.documents is None:
        compile_plan(envelope, recipients, documents, at)
    planned = packages.plan(envelope, new_packages, at)
    plan_notifications(envelope, notifications)
    envelope.state = EnvelopeState.SENT
    envelope.sent_at = at
    envelope.signer_count = sum(r.kind == Recipient.Kind.SIGNER for r in recipients)
    clocks.wind(envelope, at)
    for recipient in recipients:
        links.issue(recipient, at)
    audit.append(envelope, "sent", at, by=actor)
    messages.announce_event(envelope, "sent", None, at)
    inbox.tell(envelope, "sent", inbox.concerned(envelope).values_list("pk", flat=True), at)
    begin_round(envelope, at)
    for package in planned:
        notify.happened(envelope, NotificationPlan.Trigger.CREATED, at, package=package)
    invite(envelope, turn(envelope), at, first=True)
    tell_readers(envelope, at)


def begin_round(envelope: Envelope, at: datetime) -> None:
    """Open the first steps and, where pages are not final, have that done. Caller holds the lock; saved here."""
    preparing.ask(envelope, first=True)
    outcome = recompute(envelope, at)
    for person in outcome.turn_of:
        notify.happened(envelope, NotificationPlan.Trigger.CREATED, at, recipient=person)
    envelope.save()
    phases.opened(envelope, outcome.opened, at)


def turn(envelope: Envelope) -> QuerySet[Recipient]:
    """Those who have not acted and whose step is open."""
    return envelope.recipients.filter(
        state=RecipientState.ACTIVE, assignments__step__opened_at__isnull=False
    ).distinct()


def _refuse_incomplete(
    envelope: Envelope, recipients: list[Recipient], documents: list[Document], at: datetime
) -> None:
    faults = {}
    if not any(r.kind == Recipient.Kind.SIGNER for r in recipients):
        faults["recipients"] = ["required"]
    if not documents:
        faults["documents"] = ["required"]
    policy = Policy.model_validate(envelope.policy)
    # Where it was counted from the creation, nobody chose it.
    chosen = policy.due_months is None and not policy.due_may_be_past
    if chosen and envelope.due_at is not None and envelope.due_at <= at:
        faults["due_at"] = ["past"]
    ends = envelope.expires_at if policy.past_expires == "envelope_expires" else None
    if ends is not None and ends <= at:
        faults["expires_at"] = ["past"]
    if faults:
        raise Invalid(faults)
