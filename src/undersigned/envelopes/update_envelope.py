"""Change what an envelope says around its documents and people, before or after it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages, search
from .actor import Actor
from .compose import faults_of_words
from .create_envelope import checked_title
from .errors import Conflict, Invalid
from .grants import NewGrant, set_owners
from .locks import lock_envelope
from .models import Envelope, EnvelopeState, Recipient
from .policy import Policy
from .ports import dialect
from .remind import remindable


@dataclass(frozen=True)
class Changes:
    """What is None stays as it is. `due_at`: a pair, so that (None,) takes the date away. `policy`: values to set."""

    title: str | None = None
    description: str | None = None
    language: str | None = None
    due_at: tuple[datetime | None] | None = None
    creator_name: str | None = None
    company_name: str | None = None
    reference: str | None = None
    policy: Mapping[str, object] = field(default_factory=dict)
    owners: tuple[NewGrant, ...] | None = None
    wire: Mapping[str, Any] = field(default_factory=dict)
    sealed: str | None = None

    def faults(self) -> dict[str, list[str]]:
        """All that is wrong, by the core's names."""
        faults: dict[str, list[str]] = {}
        if self.title is not None:
            try:
                checked_title(self.title)
            except Invalid as e:
                faults |= e.faults
        return faults | faults_of_words(
            self.description or "", self.creator_name or "", self.company_name or "", self.reference or ""
        )


def update_envelope(actor: Actor, envelope_id: int, changes: Changes) -> Envelope:
    """Set what is given. Messages that are on their way keep their words; who can sign again thanks to a new date is asked again.

    Raises Invalid, Conflict: not_allowed (the API has no word for it), or the state that does not allow it (sealing, completed…); NotFound.
    """
    if faults := changes.faults():
        raise Invalid(faults)
    with atomic():
        envelope = lock_envelope(envelope_id)
        if "update_envelope" not in dialect(envelope.dialect).use_cases:
            raise Conflict("not_allowed")
        if envelope.state not in (
            EnvelopeState.DRAFT,
            EnvelopeState.SENT,
            EnvelopeState.ON_HOLD,
            EnvelopeState.CANCELLED,
        ):
            raise Conflict(envelope.state)
        at = now(envelope.organization.clock_offset)
        could = {r.pk for r in remindable(envelope, at)}
        before = _said(envelope)
        _apply(envelope, changes)
        if changes.owners is not None:
            own = NewGrant("", user=envelope.owner_user)
            set_owners(envelope, [own, *(g for g in changes.owners if g.user != envelope.owner_user)])
            audit.append(envelope, "owners_set", at, by=actor, owners=[g.raw for g in changes.owners])
        envelope.save()
        if (after := _said(envelope)) != before:
            names = [name for name in after if after[name] != before[name]]
            audit.append(envelope, "changed", at, by=actor, changed=names)
        if before["title"] != envelope.title:
            search.rebuild(envelope)
        for person in remindable(envelope, at):
            if person.pk not in could:
                messages.invite(envelope, person, at, again=messages.again(at))
    return envelope


def _said(envelope: Envelope) -> dict[str, object]:
    return {
        "title": envelope.title,
        "description": envelope.description,
        "language": envelope.language,
        "due_at": envelope.due_at,
        "creator_name": envelope.creator_name,
        "company_name": envelope.company_name,
        "reference": envelope.reference,
        "policy": envelope.policy,
    }


def _apply(envelope: Envelope, changes: Changes) -> None:
    if changes.title is not None:
        envelope.title = checked_title(changes.title)
    if changes.description is not None:
        envelope.description = changes.description.strip()
    if changes.language is not None:
        envelope.language = changes.language
        Recipient.objects.filter(envelope=envelope).update(language=changes.language)
    if changes.due_at is not None:
        (envelope.due_at,) = changes.due_at
    if changes.creator_name is not None:
        envelope.creator_name = changes.creator_name.strip() or envelope.owner_user.full_name[:200]
    if changes.company_name is not None:
        envelope.company_name = changes.company_name.strip() or envelope.organization.name
    if changes.reference is not None:
        envelope.reference = changes.reference.strip()
    policy = Policy.model_validate(envelope.policy | dict(changes.policy))
    envelope.policy = policy.model_dump(mode="json")
    envelope.wire = {**envelope.wire, **changes.wire}
    if changes.sealed is not None:
        envelope.wire_sealed = changes.sealed
