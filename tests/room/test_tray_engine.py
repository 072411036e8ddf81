"""The room on the real core, where each thing is dealt with by itself: from the form to the last signature, tickets, keys of one's own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from tests.envelopes.conftest import actor, plain
from tests.envelopes.groups import asks, document, draft, person, register, states, text
from tests.jobs.testing import run_due
from undersigned.accounts.limits import LimitReached
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
    DocumentVersion,
    Envelope,
    EnvelopeState,
    IdentityProof,
    Recipient,
    Signature,
    Sitting,
)
from undersigned.envelopes.open_sitting import IDLE, open_sitting
from undersigned.envelopes.plan import PlannedField
from undersigned.envelopes.prove_password import TRIES, prove_password
from undersigned.envelopes.send import send
from undersigned.identity.policy import IdentityPolicy, SignWay
from undersigned.room.document_values import documents, final_pages, rows_of
from undersigned.sealing.identities import make_identity
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
    assert (
        b"#at-1-1{left:10.000%"
        in ada.client.get(re.findall(r'href="([^"]+form-[^"]+\.css)"', page)[0]).content
    )
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
PASSWORD = "correct horse battery"


def key_of(user: User, label: str = "Mine", days: int = 300) -> SigningIdentity:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{label} issuer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(now() - timedelta(days=900))
        .not_valid_after(now() + timedelta(days=days))
        .sign(private, hashes.SHA256())
    )
    return SigningIdentity.objects.create(
        user=user,
        provider=SigningIdentity.Provider.PKCS12,
        label=label,
        certificate=made.public_bytes(Encoding.DER),
        private_key=b"",
        not_after=now() + timedelta(days=days),
        created_at=now(),
    )


@pytest.fixture
def member(user: User) -> User:
    """Somebody with an account, a good key and one that has expired."""
    made = User.objects.create_user(
        user.organization, "mia", PASSWORD, name="Mia", surname="Member", email="mia@example.com"
    )
    key_of(made)
    key_of(made, "Old", days=-1)
    return made


@pytest.fixture
def mine(user: User, member: User) -> Envelope:
    """One paper that Mia signs."""
    mia = person("m", "Mia Member").model_copy(update={"user": member.pk})
    envelope = draft(user, document([[mia]], [asks("r1", "m")]))
    send(Actor.from_user(user), envelope.pk)
    run_due()
    return envelope


def sitting(envelope: Envelope) -> Sitting:
    link = AccessLink.objects.get(assignment__envelope=envelope)
    return open_sitting(link.value or "", "192.0.2.7", "test").sitting


def test_a_ticket_opens_no_key_and_the_password_does(mine: Envelope, member: User) -> None:
    mia = Visitor(ticket(mine, "r1"))
    mia.look()
    assert "Use a certificate of your own" in html(mia.get("/sign"))
    good, old = member.identities.all()
    page = html(mia.get("/wallet"))
    assert "Mine" not in page
    assert "mia@" not in page, "who has a link is not told the login"
    mia.post("/wallet", {"key": str(good.pub)})
    assert Sitting.objects.get().identity is None
    assert mia.post("/wallet", {"password": "wrong"}).status_code == 422
    assert mia.went(mia.post("/wallet", {"password": PASSWORD})) == "/wallet"
    page = html(mia.get("/wallet"))
    for words in ("Mine", "issued by Mine issuer", "Old", "It expired on"):
        assert words in page
    assert mia.post("/wallet", {"key": str(old.pub)}).status_code == 422
    assert mia.went(mia.post("/wallet", {"key": str(good.pub)})) == "/sign"
    assert Sitting.objects.get().identity == good
    assert "issued by Mine issuer" in html(mia.get("/sign"))
    assert [p.method for p in IdentityProof.objects.order_by("pk")] == ["link", "password"]
    kinds = list(AuditEvent.objects.filter(envelope=mine).order_by("seq").values_list("kind", flat=True))
    assert kinds[-2:] == ["password_wrong", "identified"]
    assert mia.went(mia.post("/wallet", {"key": ""})) == "/sign"
    assert Sitting.objects.get().identity is None


def test_the_chosen_key_signs_and_one_of_ours_is_renewed_for_it(mine: Envelope, member: User) -> None:
    ours = make_identity(member, "Made here")
    SigningIdentity.objects.filter(pk=ours.pk).update(not_after=now() - timedelta(days=1))
    mia = Visitor(ticket(mine, "r1"))
    mia.look()
    mia.post("/wallet", {"password": PASSWORD})
    page = html(mia.get("/wallet"))
    assert "It is renewed when you sign with it." in page
    assert page.count(" disabled") == 1, "only the one that was brought and has expired"
    mia.post("/wallet", {"key": str(ours.pub)})
    assert mia.went(mia.sign()) == "/"
    signature = Signature.objects.get()
    ours.refresh_from_db()
    assert bytes(signature.certificate) == bytes(ours.certificate)
    assert signature.proof is not None
    assert signature.proof.method == "password"


def test_nobody_elses_key_and_no_taken_one_is_used(mine: Envelope, member: User, user: User) -> None:
    here, foreign, good = sitting(mine), key_of(user), member.identities.first()
    assert good is not None
    with pytest.raises(NotFound):
        choose_identity(here, good.pub)
    prove_password(here, PASSWORD)
    with pytest.raises(NotFound):
        choose_identity(here, foreign.pub)
    with pytest.raises(Conflict, match="expired"):
        choose_identity(here, member.identities.get(label="Old").pub)
    choose_identity(here, good.pub)
    assert wallet.key_to_sign_with(here) == good
    SigningIdentity.objects.filter(pk=good.pk).update(removed_at=now())
    with pytest.raises(Conflict, match="identity"):
        wallet.key_to_sign_with(here)
    choose_identity(here, None)
    assert wallet.key_to_sign_with(here) is None


def test_after_a_pause_the_password_is_asked_anew(mine: Envelope, member: User) -> None:
    mia = Visitor(ticket(mine, "r1"))
    good = member.identities.first()
    assert good is not None
    mia.post("/wallet", {"password": PASSWORD})
    mia.post("/wallet", {"key": str(good.pub)})
    Sitting.objects.update(last_seen=now() - 2 * IDLE)
    assert heading(mia.get("/")) == "We closed the document"
    mia.post("/open")
    here = Sitting.objects.get()
    assert here.identity is None
    assert not wallet.is_open(here)
    Sitting.objects.update(identity=good)
    with pytest.raises(Conflict, match="identity"):
        wallet.key_to_sign_with(Sitting.objects.get())


def test_who_guesses_waits_and_the_right_one_fails_too(mine: Envelope) -> None:
    here = sitting(mine)
    for _ in range(TRIES):
        with pytest.raises(WrongPassword):
            prove_password(here, "wrong")
    with pytest.raises(LimitReached):
        prove_password(here, PASSWORD)


def test_only_a_user_who_can_log_in_has_a_wallet(mine: Envelope, member: User) -> None:
    here = sitting(mine)
    User.objects.filter(pk=member.pk).update(disabled_at=now())
    with pytest.raises(Conflict, match="no_wallet"):
        prove_password(Sitting.objects.get(pk=here.pk), PASSWORD)
    User.objects.filter(pk=member.pk).update(disabled_at=None)
    ways = IdentityPolicy(sign_ways=(SignWay(method="link"),)).model_dump(mode="json")
    Recipient.objects.filter(envelope=mine).update(identity_policy=ways)
    with pytest.raises(Conflict, match="no_wallet"):
        prove_password(Sitting.objects.get(pk=here.pk), PASSWORD)


def test_what_is_signed_apart_from_its_pdf(user: User) -> None:
    """The pages stay those of the PDF, before and after; what is handed out at the end is the container."""
    ada, ben = person("a", "Ada Buyer"), person("b", "Ben Seller")
    asked = [asks("r1", "a", profile="cades"), asks("r2", "b", profile="cades")]
    places = [PlannedField(key="s", kind="signature", request="r1", page=1, x=10, y=60, w=40, h=6)]
    envelope = draft(user, document([[ada, ben]], asked, places), pages=2)
    send(Actor.from_user(user), envelope.pk)
    run_due()
    both = [Visitor(by_link(envelope, number)) for number in (1, 2)]
    for visitor in both:
        visitor.went(visitor.get())
        page = html(visitor.get("/task/1"))
        assert 'id="place-1"' not in page, "no place on a page is signed"
        assert visitor.get("/signature")["Location"] == f"{visitor.room}/sign", "how it looks is not asked"
        assert "as <strong>" in html(visitor.get("/sign"))
        visitor.sign()
    assert Signature.objects.count() == 2
    run_due()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.COMPLETED
    visitor = both[0]
    page = html(visitor.get("/done"))
    assert "paper 1.asice" in page
    assert "A container (ASiC-E): the PDF, and the signatures beside it." in page
    assert f'href="{visitor.room}/file/1"' in page
    answer = visitor.get("/sealed/1")
    assert answer["Content-Type"] == "application/vnd.etsi.asic-e+zip"
    assert 'filename="paper 1.asice"' in answer["Content-Disposition"]
    assert b"".join(answer).startswith(b"PK\x03\x04")  # type: ignore[arg-type]
    assert b"".join(visitor.get("/file/1")).startswith(b"%PDF-")  # type: ignore[arg-type]
    version = DocumentVersion.objects.get(kind="prepared").sha256[:16]
    assert rooms_version(visitor) == version
    assert visitor.get(f"/page/1/{version}/1-600.jpg")["Content-Type"] == "image/jpeg"


def rooms_version(visitor: Visitor) -> str:
    """Whose pages the room shows."""
    sitting = Sitting.objects.get(pub=visitor.room.rpartition("/")[2])
    asked, rows = rows_of(sitting.recipient)
    (shown,) = documents(rows, asked, final_pages(rows), sitting.recipient, sitting)
    assert len(shown.pages) == 2
    return shown.version
