"""The room on the real core, where each thing is dealt with by itself: from the form to the last signature, tickets, keys of one's own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from tests.envelopes.conftest import actor, plain
from tests.envelopes.groups import asks, document, draft, person, register, states, text
from tests.jobs.testing import run_due
from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.envelopes import links, wallet
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.choose_identity import choose_identity
from undersigned.envelopes.errors import Conflict, NotFound, WrongPassword
from undersigned.envelopes.models import (
    AccessLink,
    AuditEvent,
    Consent,
    Envelope,
    EnvelopeState,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
)
from undersigned.envelopes.open_sitting import IDLE, find_sitting, open_sitting
from undersigned.envelopes.plan import PlannedField
from undersigned.envelopes.prove_password import TRIES, prove_password
from undersigned.envelopes.send import send
from undersigned.accounts.limits import LimitReached
from undersigned.sealing.models import SigningIdentity

from .asking import heading, hidden, html

__all__ = ["actor", "plain"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]
CLAUSE = "The buyer bears the risk <from> delivery.  "


@pytest.fixture(autouse=True)
def groups(settings: LazySettings) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    register()


def clause(key: str, request: str, **more: object) -> PlannedField:
    place = {"page": 1, "x": 10, "y": 60, "w": 50, "h": 6} | more
    return PlannedField(key=key, kind="clause", request=request, text=CLAUSE, **place)  # type: ignore[arg-type]


class Visitor:
    """A browser in the room of one person: by their link, or by the ticket of a signature."""

    def __init__(self, address: str) -> None:
        self.client = Client()
        self.room = self.client.post(address)["Location"].rstrip("/")

    def get(self, path: str = "/") -> HttpResponse:
        return self.client.get(self.room + path)

    def post(self, path: str, data: dict[str, str] | None = None) -> HttpResponse:
        return self.client.post(self.room + path, data or {})

    def went(self, answer: HttpResponse) -> str:
        assert answer.status_code == 303, html(answer)[:2000]
        return answer["Location"].removeprefix(self.room)

    def look(self) -> None:
        self.post("/signature", {"kind": "typed", "name": "My Name", "hand": "caveat"})

    def sign(self, **ticks: str) -> HttpResponse:
        return self.post("/sign", hidden(self.get("/sign")) | {"agree": "on"} | ticks)


def ticket(envelope: Envelope, key: str, position: int = 1) -> str:
    link = AccessLink.objects.get(
        assignment__envelope=envelope, assignment__key=key, assignment__document__position=position
    )
    return f"/std/{link.value}/signature"


def by_link(envelope: Envelope, number: int) -> str:
    return f"/room/l/{links.token(envelope.recipients.get(position=number))}"


@pytest.fixture
def sale(user: User) -> Envelope:
    """Ada fills in and signs with a clause; Ben signs the same paper, and another one, which he may leave out."""
    ada, ben = person("a", "Ada Buyer"), person("b", "Ben Seller")
    envelope = draft(
        user,
        document(
            [[ada, ben]],
            [asks("r1", "a", caption="As the buyer"), asks("r2", "b", caption="As the seller")],
            [text("t1", "a"), text("t2", "a", to_fill=False, y=20, h=10), clause("c1", "r1")],
        ),
        document([[ben]], [asks("r1", "b", may_be_left_out=True)], number=2),
        pages=2,
    )
    send(Actor.from_user(user), envelope.pk)
    run_due()
    envelope.refresh_from_db()
    return envelope


def test_from_the_form_to_the_last_signature(sale: Envelope) -> None:
    ada = Visitor(by_link(sale, 1))
    assert ada.went(ada.get()) == "/document/1", "one thing can be done, and it is open"
    page = html(ada.get("/document/1"))
    for words in ("Field t1", "Field t2", "1 required field left", "Send what I filled in"):
        assert words in page
    assert '<textarea class="input" dir="auto" rows="4" id="id_f2"' in page, "room for several lines"
    assert b"#at-1-1{left:10.000%" in ada.client.get(re.findall(r'href="([^"]+form-[^"]+\.css)"', page)[0]).content
    assert ada.post("/document/1/form", {"f1": "", "f2": "", "finish": "1"}).status_code == 422
    assert ada.post("/document/1/form", {"f1": "x" * 2001, "only": "f1"}).json()["error"] != ""
    done = ada.post("/document/1/form", {"f1": "Turku", "f2": "two\nlines", "finish": "1"})
    assert ada.went(done) == "/tray?after=1"
    page = ada.get("/tray?after=1")
    assert heading(page) == "You have filled in your part"
    assert "The page goes on by itself." in html(page)
    run_due()
    assert heading(ada.get("/tray")) == "1 thing for you to do"

    assert ada.went(ada.post("/task/2")) == "/task/2"
    page = html(ada.get("/task/2"))
    assert 'id="place-1"' in page
    assert 'id="mark-1"' in page
    assert "The buyer bears the risk &lt;from&gt; delivery." in page
    ada.look()
    assert ada.sign().status_code == 422
    assert ada.went(ada.sign(clause_1="on")) == "/", "nothing else is asked of her"
    consent = Consent.objects.get()
    assert consent.text.endswith(f"I accept this clause (page 1):\n{CLAUSE}")
    assert [s["title"] for s in consent.shown] == ["paper 1.pdf"], "what was on the table, and nothing else"
    assert heading(ada.get("/done")) == "You have signed"

    ben = Visitor(ticket(sale, "r2"))
    assert ben.went(ben.get()) == "/task/1", "a ticket leads to its signature"
    ben.look()
    assert ben.went(ben.sign()) == "/task/2?after=1"
    page = html(ben.get("/task/2?after=1"))
    assert "Signed. Next: paper 2.pdf" in page
    assert "paper 1.pdf" not in page.split("<main")[1]
    refusal = hidden(ben.get("/refuse")) | {"reason": "Not needed"}
    assert ben.went(ben.post("/refuse", refusal)) == "/"
    assert states(sale) == {
        "1.fill.fill.1": "done",
        "1.sign.r1.1": "done",
        "1.sign.r2.1": "done",
        "2.sign.r1.1": "waived",
    }
    run_due()
    sale.refresh_from_db()
    assert sale.state == EnvelopeState.COMPLETED
    page = html(ben.get("/done"))
    assert "Left out" in page
    assert "Signed, " in page
    assert f"{ben.room}/sealed/1" in page
    assert ben.get("/sealed/1").status_code == 200
    for number in (1, 2):
        assert heading(Client().get(by_link(sale, number))) == "You have already signed"


def test_a_ticket_tells_of_its_own_document_alone(sale: Envelope) -> None:
    page = html(Client().get(ticket(sale, "r1", 2)))
    assert "paper 2.pdf" in page
    assert "paper 1.pdf" not in page
    before = AuditEvent.objects.count()
    for _ in range(3):
        Client().get(ticket(sale, "r1", 2))
    assert (AuditEvent.objects.count(), Sitting.objects.count()) == (before, 0)


def test_two_tickets_of_one_person_and_two_windows(sale: Envelope) -> None:
    """What was open in one window is not signed by a press in another."""
    ada = Visitor(by_link(sale, 1))
    ada.post("/document/1/form", {"f1": "Turku", "finish": "1"})
    run_due()
    ben = Visitor(ticket(sale, "r2"))
    ben.look()
    form = hidden(ben.get("/sign")) | {"agree": "on"}
    ben.post("/task/2")
    answer = ben.post("/sign", form)
    assert (answer.status_code, heading(answer)) == (409, "This is not what is open now")
    assert Signature.objects.count() == 0
    state = ben.client.get(ben.room + "/state", {"revision": form["revision"], "digest": form["digest"]})
    assert state.json()["news"] is None, "a page about one document asks about that one"
    state = ben.client.get(ben.room + "/state", {"revision": form["revision"], "digest": "0" * 64})
    assert state.json()["news"] is not None


def test_a_ticket_of_what_is_settled_leads_to_what_is_left(sale: Envelope) -> None:
    ada = Visitor(by_link(sale, 1))
    ada.post("/document/1/form", {"f1": "Turku", "finish": "1"})
    run_due()
    ben = Visitor(ticket(sale, "r2"))
    ben.look()
    ben.sign()
    again = Visitor(ticket(sale, "r2"))
    assert again.went(again.get()) == "/task/2", "the only thing that can be done"


def test_refusing_what_must_be_signed_ends_it(sale: Envelope) -> None:
    ada = Visitor(by_link(sale, 1))
    ada.post("/document/1/form", {"f1": "Turku", "finish": "1"})
    run_due()
    ada.post("/task/2")
    page = ada.get("/refuse")
    assert heading(page) == "Refuse to sign?"
    ada.post("/refuse", hidden(page) | {"reason": "Too dear"})
    assert heading(ada.get("/")) == "You have refused"
    ben = Visitor(ticket(sale, "r2"))
    assert heading(ben.get()) == "Signing has stopped"


def test_before_their_turn_people_see_what_will_be_asked(sale: Envelope) -> None:
    ben = Visitor(ticket(sale, "r2"))
    page = ben.get("/tray")
    assert heading(page) == "It is not your turn yet"
    assert html(page).count("Not your turn yet") == 2
    assert ben.went(ben.post("/task/1")) == "/tray"


# --- keys of one's own -------------------------------------------------------------------------------------
def key_of(user: User, label: str = "Mine", days: int = 300) -> SigningIdentity:
    from tests.sealing.testing_keys import self_signed  # noqa: PLC0415

    certificate, private = self_signed(label)
    return SigningIdentity.objects.create(
        user=user,
        provider="server",
        label=label,
        certificate=certificate,
        private_key=private,
        not_after=now() + timedelta(days=days),
        created_at=now(),
    )
