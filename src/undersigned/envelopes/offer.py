"""Offer a template: from now on others are made from it, and it is changed no more."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit
from .actor import Actor
from .compile_groups import faults_of
from .drafts import locked_draft
from .errors import Conflict, Invalid
from .models import Envelope, EnvelopeState
from .plan import plan_of
from .policy import Policy
from .roles import with_anybody


def offer(actor: Actor, envelope_id: int) -> Envelope:
    """Check all that it plans, as if it were sent but for parts that are nobody's yet, and offer it.

    Raises Invalid (`compile_groups.faults_of`), Conflict: not_template, already_sent (also when it is offered already); NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        offer_draft(actor, envelope)
    return envelope


def offer_draft(actor: Actor, envelope: Envelope) -> None:
    """As `offer`, for a draft that the caller holds the lock of."""
    if not envelope.template:
        raise Conflict("not_template")
    documents = list(envelope.documents.filter(removed_at=None).select_related("original__blob"))
    plan = plan_of(envelope)
    played = plan.model_copy(update={"documents": with_anybody(plan.documents or ())})
    if faults := faults_of(played, documents, Policy.model_validate(envelope.policy)):
        raise Invalid(faults)
    envelope.state = EnvelopeState.OFFERED
    envelope.sent_at = now(envelope.organization.clock_offset)
    envelope.save(update_fields=["state", "sent_at", "updated_at"])
    audit.append(envelope, "offered", envelope.sent_at, by=actor)
