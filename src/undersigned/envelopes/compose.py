"""Create an envelope with everything in it, in one transaction: people, documents, who does what with them and after whom, packages,
planned messages, owners, a collection around it, and send it if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line
from undersigned.files.forms import FormField

from . import add_document, add_recipient, audit, search
from .actor import Actor
from .add_document import NewDocument
from .add_recipient import NewRecipient
from .create_collection import new_collection
from .create_envelope import checked_title, new_draft
from .edit_envelope import MESSAGE_MAX
from .errors import Invalid
from .grants import NewGrant, grant
from .models import Collection, Envelope, Grant, Recipient
from .packages import NewPackage
from .plan import Plan, PlannedAssignment
from .plan_notifications import NewNotification
from .policy import Policy
from .ports import dialect
from .send import send_draft

if TYPE_CHECKING:
    from undersigned.files.forms import FormField

PEOPLE_MAX = 200
DOCUMENTS_MAX = 50


@dataclass(frozen=True)
class NewEnvelope:
    """Everything about an envelope. `policy`: values that differ from the API's own. `sealed`: JSON with what is personal in the dialect's own."""

    title: str
    people: tuple[NewRecipient, ...]
    documents: tuple[NewDocument, ...]
    description: str = ""
    language: str | None = None
    ordered: bool = False
    assignments: tuple[PlannedAssignment, ...] | None = None
    """Who does what; None: every signer signs every document."""
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Recipient's key to the keys of those who must be done before."""
    packages: tuple[NewPackage, ...] = ()
    notifications: tuple[NewNotification, ...] = ()
    due_at: datetime | None = None
    creator_name: str = ""
    company_name: str = ""
    reference: str = ""
    policy: Mapping[str, object] = field(default_factory=dict)
    owners: tuple[NewGrant, ...] = ()
    readers: tuple[NewGrant, ...] = ()
    wire: Mapping[str, Any] = field(default_factory=dict)
    sealed: str | None = None


def faults_of(new: NewEnvelope) -> dict[str, list[str]]:
    """All that is wrong, by the core's names; of a person "recipients.0.email". Empty when nothing is."""
    faults: dict[str, list[str]] = {}
    try:
        checked_title(new.title)
    except Invalid as e:
        faults |= e.faults
    faults |= faults_of_words(new.description, new.creator_name, new.company_name, new.reference)
    for number, person in enumerate(new.people):
        faults |= {
            f"recipients.{number}.{name}": found for name, found in add_recipient.faults_of(person).items()
        }
    if not any(person.kind == Recipient.Kind.SIGNER for person in new.people):
        faults["recipients"] = ["required"]
    elif len(new.people) > PEOPLE_MAX:
        faults["recipients"] = ["too_many"]
    if not new.documents:
        faults["documents"] = ["required"]
    elif len(new.documents) > DOCUMENTS_MAX:
        faults["documents"] = ["too_many"]
    return faults


def faults_of_words(
    description: str = "", creator_name: str = "", company_name: str = "", reference: str = ""
) -> dict[str, list[str]]:
    """What is wrong with the words around an envelope."""
    faults = {} if len(description) <= MESSAGE_MAX else {"description": ["too_long"]}
    lines = (
        ("creator_name", creator_name, 200),
        ("company_name", company_name, 200),
        ("reference", reference, 500),
    )
    for name, value, most in lines:  # fmt: skip
        if len(value) > most:
            faults[name] = ["too_long"]
        elif not is_one_line(value):
            faults[name] = ["invalid"]
    return faults


def compose(
    actor: Actor,
    dialect_name: str,
    new: NewEnvelope,
    *,
    collection: Collection.Kind | None = None,
    send: bool = True,
    forms: Mapping[int, Sequence[FormField]] | None = None,
) -> Envelope:
    """Make it, in a new `collection` if one is named, and send it unless it is to stay a draft. The actor's user is its first owner.

    `forms`: what `add_document.fields_of` found, by position of the document (from 1), of a caller that is in a transaction already, where
    no files should be read. Raises Invalid as `faults_of`, and what a use case on the way finds.
    """
    if faults := faults_of(new):
        raise Invalid(faults)
    title = checked_title(new.title)
    fields = _forms(new.documents)
    with atomic():
        at = now(actor.organization.clock_offset)
        around = new_collection(actor, dialect_name, collection, title, at) if collection else None
        envelope = new_draft(actor, dialect_name, title, at, around, named=True)
        _describe(envelope, new)
        people = [
            add_recipient.put(actor, envelope, person, at, number, person.key or str(number))
            for number, person in enumerate(new.people, start=1)
        ]
        search.add(envelope, people=people)
        for number, document in enumerate(new.documents, start=1):
            add_document.put_new(actor, envelope, document, fields[number], at, number)
        own = NewGrant("", user=actor.user)
        grant(envelope, Grant.Right.OWNER, [own, *(g for g in new.owners if g.user != actor.user)])
        grant(envelope, Grant.Right.SEE, new.readers)
        if new.owners or new.readers:
            named = [g.raw for g in new.owners]
            audit.append(envelope, "owners_set", at, by=actor, owners=named)
        if send:
            send_draft(actor, envelope, at, new.packages, new.notifications)
    return envelope


def _forms(documents: Sequence[NewDocument]) -> dict[int, list[FormField]]:
    """The fields of each document's form, by position. Raises Invalid (documents.N.form…, N from 0)."""
    faults: dict[str, list[str]] = {}
    found = {}
    for number, document in enumerate(documents):
        try:
            found[number + 1] = add_document.fields_of(document)
        except Invalid as e:
            faults |= {f"documents.{number}.{name}": said for name, said in e.faults.items()}
    if faults:
        raise Invalid(faults)
    return found


def _describe(envelope: Envelope, new: NewEnvelope) -> None:
    envelope.description, envelope.due_at = new.description.strip(), new.due_at
    envelope.language = new.language or envelope.language
    envelope.creator_name = new.creator_name.strip() or envelope.creator_name
    envelope.company_name = new.company_name.strip() or envelope.company_name
    envelope.reference = new.reference.strip()
    policy = Policy.model_validate(dialect(envelope.dialect).policy.model_dump() | dict(new.policy))
    envelope.policy = policy.model_dump(mode="json")
    envelope.plan = Plan(ordered=new.ordered, assignments=new.assignments, after=dict(new.after)).model_dump(
        mode="json"
    )
    envelope.wire, envelope.wire_sealed = dict(new.wire), new.sealed
    envelope.save()
