"""Change what a draft says about the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import search
from .create_envelope import checked_title
from .drafts import locked_draft
from .errors import Invalid
from .models import Envelope
from .plan import REMIND_DAYS_MAX, plan_of
from .policy import Policy

MESSAGE_MAX = 5000


@dataclass(frozen=True)
class Letter:
    """Title, message to the people, until when, what happens then, and reminders every so many days."""

    title: str
    message: str = ""
    due_at: datetime | None = None
    refuse_past_due: bool = False
    remind_days: int | None = None


def edit_letter(envelope_id: int, letter: Letter) -> Envelope:
    """Set them; the last write wins. Raises Invalid (title, message too_long, due_at past, remind_days invalid), Conflict (already_sent), NotFound."""
    title = checked_title(letter.title)
    faults: dict[str, list[str]] = {}
    if len(letter.message) > MESSAGE_MAX:
        faults["message"] = ["too_long"]
    if letter.remind_days is not None and not 1 <= letter.remind_days <= REMIND_DAYS_MAX:
        faults["remind_days"] = ["invalid"]
    with atomic():
        envelope = locked_draft(envelope_id)
        if letter.due_at is not None and letter.due_at <= now(envelope.organization.clock_offset):
            faults["due_at"] = ["past"]
        if faults:
            raise Invalid(faults)
        past_due = "refuse" if letter.refuse_past_due and letter.due_at else "allow"
        policy = Policy.model_validate(envelope.policy | {"past_due": past_due})
        plan = plan_of(envelope).model_copy(update={"remind_days": letter.remind_days})
        envelope.title, envelope.description, envelope.due_at = title, letter.message.strip(), letter.due_at
        envelope.policy, envelope.plan = policy.model_dump(mode="json"), plan.model_dump()
        envelope.save(update_fields=["title", "description", "due_at", "policy", "plan", "updated_at"])
        search.rebuild(envelope)
    return envelope


def set_order(envelope_id: int, *, ordered: bool) -> None:
    """Do people sign one after the other, or all at once? Raises Conflict (already_sent), NotFound."""
    with atomic():
        envelope = locked_draft(envelope_id)
        envelope.plan = plan_of(envelope).model_copy(update={"ordered": ordered}).model_dump()
        envelope.save(update_fields=["plan", "updated_at"])
