"""Two organisations with envelopes in all stages, made through the product's use cases."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password

from tests.pdfs import make_pdf
from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Credential, Organization, User
from undersigned.delivery.models import Message, MessageAttempt
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.create_envelope import create_envelope
from undersigned.envelopes.decline import decline
from undersigned.envelopes.edit_envelope import set_order
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.models import Collection, Envelope
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.place_fields import FieldPlace, place_fields
from undersigned.envelopes.send import send
from undersigned.envelopes.supersede import supersede
from undersigned.files.models import File
from undersigned.files.store import copy_file, receive, store_pdf

PASSWORD = "correct horse battery staple"


@dataclass
class World:
    """`owner` is a member; `other` a member of the same organisation; `admin` its administrator; `stranger` administers another."""

    owner: User
    other: User
    admin: User
    stranger: User
    sent: Envelope
    draft: Envelope
    declined: Envelope
    superseded: Envelope
    key: Credential
    made: Envelope
    """A draft made in the console: one document, Ivy before Jon, a place for Ivy."""
    running: Envelope
    """The like, sent."""

    def users(self) -> dict[str, User]:
        return {"owner": self.owner, "other": self.other, "admin": self.admin, "stranger": self.stranger}


def user(
    organization: Organization, username: str, name: str, surname: str, role: str = User.Role.MEMBER
) -> User:
    return User.objects.create(
        organization=organization,
        username=username,
        password=_hashed(),
        name=name,
        surname=surname,
        email=f"{username}@{organization.slug}.example",
        role=role,
    )


@cache
def _hashed() -> str:
    """Once for all: hashing is slow on purpose."""
    return make_password(PASSWORD)


def draft(
    by: User, title: str, people: list[tuple[str, str]], credential: Credential | None = None
) -> Envelope:
    """A contract with one document and `people` (name, phone)."""
    actor = Actor(by.organization, by, credential, Credential.Reach.ACCOUNT)
    envelope = create_collection(actor, "signsquid", Collection.Kind.CONTRACT, title).envelopes.get()
    for name, phone in people:
        mail = name.lower().replace(" ", ".") + "@example.com"
        add_recipient(actor, envelope.pk, NewRecipient(name=name, email=mail, phone=phone or None))
    add_document(actor, envelope.pk, pdf(by, f"{title}.pdf"))
    return envelope


def pdf(by: User, name: str) -> File:
    """A stored PDF; only an organisation's first goes through intake, which takes half a second."""
    stored = File.objects.filter(organization=by.organization, kind=File.Kind.UPLOAD).first()
    if stored is not None:
        file = copy_file(stored, File.Kind.UPLOAD)
        file.name = name
        file.save()
        return file
    with receive(io.BytesIO(make_pdf(pages=2))) as received:
        return store_pdf(by.organization, received, name, user=by)


def sent(
    by: User, title: str, people: list[tuple[str, str]], credential: Credential | None = None
) -> Envelope:
    actor = Actor(by.organization, by, credential, Credential.Reach.ACCOUNT)
    return send(actor, draft(by, title, people, credential).pk)


def refuse(envelope: Envelope, reason: str) -> None:
    """The first signer opens the link, gives the code and refuses."""
    recipient = envelope.recipients.order_by("position")[0]
    sitting = open_sitting(links.token(recipient), "198.51.100.7", "Test").sitting
    enter_code(sitting, recipient.code or "")
    sitting.refresh_from_db()
    decline(sitting, reason)


def build() -> World:
    board = Organization.objects.create(slug="board", name="Board Oy", sandbox=True)
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere Ltd", sandbox=True)
    owner = user(board, "anna", "Anna", "Virtanen")
    other = user(board, "otto", "Otto", "Other")
    admin = user(board, "ada", "Ada", "Admin", User.Role.ADMIN)
    stranger = user(elsewhere, "sara", "Sara", "Stranger", User.Role.ADMIN)
    key, _secret = create_api_key(owner, "signsquid", "Booking system", "https://hooks.example.com/signsquid")
    waiting = sent(owner, "Lease of the boathouse", [("Bea Berg", "+358401234567"), ("Carl Coast", "")], key)
    open_sitting(links.token(waiting.recipients.order_by("position")[0]), "198.51.100.7", "Test")
    unsent = draft(owner, "Draft of the statutes", [("Dora Dahl", "")])
    no = sent(owner, "Loan agreement", [("Eino Eskola", ""), ("Fia Fors", "")], key)
    refuse(no, "The interest is not what we agreed.")
    old = sent(owner, "Employment contract", [("Gun Grahn", "")], key)
    supersede(Actor(board, owner, key, Credential.Reach.ACCOUNT), old.collection_id or 0)
    invitation = Message.objects.filter(envelope_id=waiting.pk, purpose="invitation").order_by("pk")[0]
    Message.objects.filter(pk=invitation.pk).update(
        state=Message.State.FAILED, transport="smtp", last_error="550 5.1.1 User unknown"
    )
    for answer, outcome in [
        ("451 4.7.1 Greylisted, try again later", "retry"),
        ("550 5.1.1 <bea.berg@example.com>: User unknown", "failed"),
    ]:
        MessageAttempt.objects.create(
            message=invitation, at=invitation.created_at, outcome=outcome, answer=answer, duration_ms=412
        )
    made, running = console_draft(owner, "Tenancy agreement"), console_draft(owner, "Parking space")
    send(Actor.from_user(owner), running.pk)
    for envelope in (waiting, unsent, no, old, made, running):
        envelope.refresh_from_db()
    return World(owner, other, admin, stranger, waiting, unsent, no, old, key, made, running)


def console_draft(by: User, title: str) -> Envelope:
    actor = Actor.from_user(by)
    envelope = create_envelope(actor, "console", title)
    document = add_document(actor, envelope.pk, pdf(by, f"{title}.pdf"))
    for name, code in (("Ivy Ives", "none"), ("Jon Jung", "sender")):
        mail = f"{name.split()[0].lower()}@example.com"
        add_recipient(actor, envelope.pk, NewRecipient(name, mail, code=code))  # type: ignore[arg-type]
    ivy = envelope.recipients.order_by("position")[0]
    place_fields(envelope.pk, document.pk, [FieldPlace(ivy.pk, 1, 10, 80, 30, 7.5)])
    set_order(envelope.pk, ordered=True)
    return envelope
