"""Envelopes of groups, document by document, where each signature is dealt with by itself."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.envelopes.conftest import PlainDialect
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.envelopes import add_document, appearance, focus, links, ports, shown
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.create_envelope import create_envelope
from undersigned.envelopes.models import AccessLink, Assignment, Envelope, Field, Recipient, Sitting
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.plan import (
    Plan,
    PlannedDocument,
    PlannedField,
    PlannedGroup,
    PlannedRequest,
    PlannedSigner,
)
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.files.models import File
from undersigned.files.store import receive, store_pdf

GROUPS = "groups"
POLICY = Policy(
    on_decline="waive",
    decline_scope="assignment",
    past_expires="envelope_expires",
    sitting="one",
    secret_known_to_sender=True,
    copy_to=("owner", "signers", "grants"),
    inbox=True,
    phases=True,
)


@dataclass
class GroupDialect(PlainDialect):
    """What is announced is kept, in order."""

    name: str = GROUPS
    policy: Policy = POLICY
    names_files: bool = True
    heard: list[str] = field(default_factory=list)

    def webhooks(self, envelope, event, recipient, at, assignments=()):  # type: ignore[no-untyped-def]
        keys = ",".join(a.key for a in assignments)
        self.heard.append(f"{event}:{keys}" if keys else event)
        return []


def register() -> GroupDialect:
    dialect = GroupDialect()
    ports.register(dialect)
    return dialect


def stored(user: User, name: str = "contract.pdf", pages: int = 1) -> File:
    with receive(io.BytesIO(make_pdf(pages=pages, text=name))) as received:
        return store_pdf(user.organization, received, name, user=user)


def person(key: str, name: str = "", **more: object) -> PlannedSigner:
    name = name or f"Person {key.upper()}"
    return PlannedSigner(key=key, name=name, email=f"{name.split()[-1].lower()}@example.com", **more)  # type: ignore[arg-type]


def asks(key: str, signer: str, **more: object) -> PlannedRequest:
    return PlannedRequest(key=key, signer=signer, **more)  # type: ignore[arg-type]


def text(key: str, signer: str, *, to_fill: bool = True, **more: object) -> PlannedField:
    place = {"page": 1, "x": 10, "y": 10, "w": 40, "h": 5} | more
    return PlannedField(key=key, kind="text", signer=signer, to_fill=to_fill, text=f"Field {key}", **place)  # type: ignore[arg-type]


def document(
    groups: Sequence[Sequence[PlannedSigner]],
    requests: Sequence[PlannedRequest],
    fields: Sequence[PlannedField] = (),
    number: int = 1,
) -> PlannedDocument:
    return PlannedDocument(
        document=number,
        groups=tuple(PlannedGroup(label=f"Group {n}", signers=tuple(g)) for n, g in enumerate(groups, 1)),
        requests=tuple(requests),
        fields=tuple(fields),
    )


def draft(user: User, *planned: PlannedDocument, pages: int = 1) -> Envelope:
    actor = Actor.from_user(user)
    envelope = create_envelope(actor, GROUPS, "Sale of a boat")
    at = now(user.organization.clock_offset)
    for number in range(1, len(planned) + 1):
        new = NewDocument(f"paper {number}.pdf", stored(user, f"paper {number}.pdf", pages))
        add_document.put_new(actor, envelope, new, [], at, number)
    envelope.plan = Plan(documents=tuple(planned)).model_dump(mode="json")
    envelope.save()
    return envelope


class Ticket:
    """Somebody with the ticket of one signature."""

    def __init__(self, envelope: Envelope, key: str, position: int = 1) -> None:
        link = AccessLink.objects.get(
            purpose=AccessLink.Purpose.TICKET,
            assignment__envelope=envelope,
            assignment__key=key,
            assignment__document__position=position,
        )
        self.sitting: Sitting = open_sitting(link.value or "", "192.0.2.7", "test").sitting

    def sign(self, consent: str = "I agree.", accepted: Sequence[Field] = (), key: str = "") -> None:
        sitting = self.sitting
        appearance.keep(sitting, appearance.Look("typed", name=sitting.recipient.full_name, hand="caveat"))
        seen = shown.current(sitting.recipient, focus.document_on_table(sitting))
        words = "\n".join([consent, *(f.label for f in accepted)])
        request = SignRequest(
            words,
            "en",
            seen.revision,
            seen.digest,
            key or secrets.token_urlsafe(24),
            frozenset(f.pk for f in accepted),
        )
        sign(again(sitting), request)


def sitting_of(recipient: Recipient) -> Sitting:
    return open_sitting(links.token(recipient), "192.0.2.7", "test").sitting


def states(envelope: Envelope) -> dict[str, str]:
    rows = Assignment.objects.filter(envelope=envelope).order_by("document__position", "pk")
    return {f"{a.document.position}.{a.action}.{a.key}.{a.place}": a.state for a in rows}
