"""Templates of groups, and sheets for them, made through the use cases."""

from __future__ import annotations

from tests.envelopes import groups
from undersigned.accounts.models import User
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.offer import offer
from undersigned.envelopes.plan import PlannedDocument, PlannedSigner
from undersigned.files.sheets import Sheet

BUYER = PlannedSigner(key="1", label="Buyer", role="signer")
SELLER = PlannedSigner(key="2", role="Seller")


def parts(*fields: object) -> PlannedDocument:
    """Somebody signs as "Buyer", then somebody whose role is "Seller"; a text of the buyer's is called "Field price"."""
    return groups.document(
        [[BUYER], [SELLER]],
        [groups.asks("1", "1"), groups.asks("2", "2")],
        [groups.text("price", "1"), *fields],  # type: ignore[list-item]
    )


def draft(user: User, *planned: PlannedDocument, public: bool = False) -> Envelope:
    envelope = groups.draft(user, *(planned or (parts(),)))
    envelope.template, envelope.public = True, public
    envelope.save()
    return envelope


def offered(user: User, *planned: PlannedDocument, public: bool = False) -> Envelope:
    return offer(Actor.from_user(user), draft(user, *planned, public=public).pk)


HEAD = ("Buyer.name", "Buyer.surname", "buyer.email", "Seller.name", "Seller.email", "Field price", "title")


def row(number: int) -> tuple[str, ...]:
    return (
        "Maria", f"Rossi {number}", f"maria{number}@example.com", "Bo", f"bo{number}@example.com",
        f"{number},00 €", f"Sale {number}",
    )  # fmt: skip


def sheet(*rows: tuple[str, ...], head: tuple[str, ...] = HEAD) -> Sheet:
    return Sheet(head=head, rows=tuple(enumerate(rows, start=2)))
