"""A contract at each stage, made through the use cases."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.pdfs import make_pdf
from undersigned.accounts.models import Credential, User
from undersigned.envelopes import ports
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.models import Assignment, Collection, Envelope, Package, Recipient
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import WebhookDraft
from undersigned.envelopes.send import send
from undersigned.files.models import File
from undersigned.files.store import receive, store_pdf


@dataclass
class PlainDialect:
    """A dialect with the strictest policies, for tests of the core alone."""

    name: str = "plain"
    policy: Policy = field(
        default_factory=lambda: Policy(
            on_decline="fatal",
            past_due="refuse",
            unique_names=True,
            identity=("link", "code"),
            secret_known_to_sender=True,
            due_months=1,
            retention_months=36,
        )
    )
    names_files: bool = False
    use_cases: frozenset[str] = frozenset()
    count: int = 0

    def new_public_id(self, kind: str, at: datetime) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def webhooks(
        self,
        envelope: Envelope,
        event: str,
        recipient: Recipient | None,
        at: datetime,
        assignments: Sequence[Assignment] = (),
    ) -> list[WebhookDraft]:
        self.count += 1
        return (
            [WebhookDraft(f"event-{self.count}", "", event, event.encode())]
            if event in ("signed", "agreed")
            else []
        )

    def notification_url(
        self, address: str, envelope: Envelope, recipient: Recipient | None, package: Package | None
    ) -> str:
        return address

    def variables(self, envelope: Envelope, recipient: Recipient | None) -> dict[str, str]:
        return {"orderId": envelope.pub or "", "taskId": recipient.key if recipient else ""}


@pytest.fixture(autouse=True)
def plain() -> PlainDialect:
    dialect = PlainDialect()
    ports.register(dialect)
    return dialect


@pytest.fixture
def actor(user: User) -> Actor:
    return Actor(user.organization, user, None, Credential.Reach.ACCOUNT)


@pytest.fixture
def pdf(user: User) -> Callable[..., File]:
    def make(name: str = "contract.pdf", pages: int = 1) -> File:
        with receive(io.BytesIO(make_pdf(pages=pages, text=name))) as received:
            return store_pdf(user.organization, received, name, user=user)

    return make


@pytest.fixture
def draft(actor: Actor) -> Envelope:
    return create_collection(actor, "plain", Collection.Kind.CONTRACT, "Lease").envelopes.get()


@pytest.fixture
def sent(actor: Actor, draft: Envelope, pdf: Callable[..., File]) -> Envelope:
    add_recipient(actor, draft.pk, NewRecipient("John Doe", "john@example.com"))
    add_recipient(actor, draft.pk, NewRecipient("Åsa Öberg", "asa@example.com", phone="+358401234567"))
    add_document(actor, draft.pk, pdf())
    return send(actor, draft.pk)
