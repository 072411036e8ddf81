"""Providers, honest and not, and a request that asks for identification."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings

from tests.envelopes.conftest import PlainDialect, actor, pdf, plain
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.models import Collection, Recipient, Sitting
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.send import send
from undersigned.files.models import File
from undersigned.identity import discovery
from undersigned.identity.policy import IdentityPolicy

from .liar import Liar, lying

__all__ = ["PlainDialect", "actor", "pdf", "plain"]
Make = Callable[..., Recipient]


@pytest.fixture
def liar(settings: LazySettings) -> Iterator[Liar]:
    settings.PROVIDERS_MAY_BE_PRIVATE = True
    with lying() as it:
        yield it
        discovery.forget(it.url)  # another may get the same port


@pytest.fixture
def asked(actor: Actor, pdf: Callable[..., File]) -> Make:
    """A person of a request that was sent, who must prove what the policy says."""

    def make(policy: IdentityPolicy, **of: object) -> Recipient:
        contract = create_collection(actor, "plain", Collection.Kind.CONTRACT, "Secret merger")
        envelope = contract.envelopes.get()
        add_document(actor, envelope.pk, pdf("merger.pdf"))
        person = {"name": "Matti Meikäläinen", "email": "matti@example.com", "phone": "+358401234567"} | of
        recipient = add_recipient(actor, envelope.pk, NewRecipient(**person, identity=policy))  # type: ignore[arg-type]
        send(actor, envelope.pk)
        recipient.refresh_from_db()
        return recipient

    return make


def opened(recipient: Recipient) -> Sitting:
    """Somebody opens the person's link."""
    return open_sitting(links.token(recipient), "192.0.2.7", "test").sitting
