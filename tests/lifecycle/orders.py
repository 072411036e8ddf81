"""Orders as a dialect gives them to the core: who does what with which document."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from datetime import datetime

from tests.envelopes.conftest import PlainDialect
from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.envelopes import appearance, fill, links, ports, shown
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument, NewForm
from undersigned.envelopes.add_recipient import NewRecipient
from undersigned.envelopes.compose import NewEnvelope, compose
from undersigned.envelopes.models import Assignment, AssignmentState, Document, Envelope
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.packages import NewPackage
from undersigned.envelopes.plan import PlannedAssignment
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.envelopes.view import view
from undersigned.files.models import File
from undersigned.files.store import receive, store_file
from undersigned.identity.policy import IdentityPolicy, SignWay

POLICY = Policy(
    on_decline="isolate",
    past_expires="recipient_lapses",
    sealed_unit="people",
    invitation=False,
    identity=("link",),
    copy_to=(),
    not_pdf="statement",
)
Does = PlannedAssignment


class OrderDialect(PlainDialect):
    def new_public_id(self, kind: str, at: datetime) -> str:
        return f"{kind}{secrets.token_hex(20)}"


def dialect() -> PlainDialect:
    """Registered under its own name."""
    port = OrderDialect(name="orders", policy=POLICY, use_cases=frozenset({"delete_envelope"}))
    ports.register(port)
    return port


def stored(user: User, data: bytes, name: str) -> File:
    with receive(io.BytesIO(data)) as received:
        return store_file(user.organization, received, name, user=user)


def text_pdf(user: User, text: str) -> NewDocument:
    return NewDocument(f"{text}.pdf", stored(user, make_pdf(text=text), f"{text}.pdf"))


def form(user: User, data: bytes, *, interactive: bool, values: Mapping[str, str]) -> NewDocument:
    return NewDocument("form.pdf", stored(user, data, "form.pdf"), form=NewForm(interactive, dict(values)))


def order(
    actor: Actor,
    people: Mapping[str, bool],
    documents: tuple[NewDocument, ...],
    does: tuple[PlannedAssignment, ...],
    packages: tuple[NewPackage, ...] = (),
) -> Envelope:
    """Sent. `people`: key to whether they sign by a statement."""
    dialect()
    made = tuple(
        NewRecipient(
            key.capitalize(),
            f"{key}@example.com",
            key=key,
            channels=(),
            sign_text="I have read it all.",
            identity=IdentityPolicy(
                sign_ways=(SignWay(method="link", statement=statement),) if statement else ()
            ),
        )
        for key, statement in people.items()
    )
    new = NewEnvelope("Order", made, documents, assignments=does, packages=packages)
    envelope = compose(actor, "orders", new)
    run_due()
    envelope.refresh_from_db()
    return envelope


class Person:
    """At work through the use cases."""

    def __init__(self, envelope: Envelope, key: str) -> None:
        self.recipient = envelope.recipients.get(key=key)
        self.sitting = open_sitting(links.token(self.recipient), "192.0.2.7", "test").sitting

    def open(self, action: str) -> list[Assignment]:
        mine = Assignment.objects.filter(recipient=self.recipient, action=action, state=AssignmentState.OPEN)
        return list(mine.order_by("document__position", "pk"))

    def view(self) -> None:
        view(self.sitting, [a.pk for a in self.open("view")])

    def fill(self, document: Document, values: Mapping[str, str]) -> None:
        fill.save(self.sitting, document.pk, values)
        fill.finish(self.sitting, document.pk)

    def sign(self) -> None:
        run_due()
        self.recipient.refresh_from_db()
        self.sitting.refresh_from_db()
        name = self.recipient.full_name
        appearance.keep(self.sitting, appearance.Look("typed", name=name, hand="caveat"))
        seen = shown.current(self.recipient)
        request = SignRequest("I agree.", "en", seen.revision, seen.digest, secrets.token_hex(12))
        sign(again(self.sitting), request)
