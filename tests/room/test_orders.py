"""The room on the real core: orders, in which each person has documents and things to do of their own."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from tests.envelopes.conftest import actor, plain
from tests.envelopes.orders import at, order, person, register, states, stored, task
from tests.forms import make_form
from tests.identity.test_one_time_code import last_code
from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.envelopes import artifacts, links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument, NewForm
from undersigned.envelopes.add_recipient import NewRecipient
from undersigned.envelopes.models import (
    AccessLink,
    Assignment,
    Consent,
    Document,
    DocumentVersion,
    Envelope,
    Recipient,
    Signature,
)
from undersigned.envelopes.plan import PlannedAssignment
from undersigned.files.models import File
from undersigned.files.store import receive, store_pdf
from undersigned.identity.policy import IdentityPolicy, SignWay

from .asking import heading, hidden, html

__all__ = ["actor", "plain"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]
BACK = "https://shop.example/{}?order=${{orderId}}&task=${{taskId}}&x=${{other}}"


@pytest.fixture(autouse=True)
def orders(settings: LazySettings) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    register()


def _form(user: User) -> File:
    with receive(io.BytesIO(make_form())) as received:
        return store_pdf(user.organization, received, "application.pdf", user=user)


def _tess(identity: IdentityPolicy | None = None, **more: object) -> NewRecipient:
    more = {"key": "tess & co", "nameless": True, "channels": (), "expires_at": at(30)} | more
    return NewRecipient("Tess Ting", "", identity=identity or IdentityPolicy(), **more)  # type: ignore[arg-type]


def _of_tess(document: int, action: str, caption: str = "", sign_text: str = "") -> PlannedAssignment:
    return task("tess & co", document, action).model_copy(update={"caption": caption, "sign_text": sign_text})


class Visitor:
    """A browser in the room of one person."""

    def __init__(self, envelope: Envelope, key: str = "tess & co") -> None:
        self.envelope, self.client = envelope, Client()
        self.recipient = Recipient.objects.get(envelope=envelope, key=key)
        self.room = self.client.post(f"/room/l/{links.token(self.recipient)}")["Location"].rstrip("/")

    def get(self, path: str = "/") -> HttpResponse:
        return self.client.get(self.room + path)

    def post(self, path: str, data: dict[str, object] | None = None) -> HttpResponse:
        return self.client.post(self.room + path, data or {})

    def went(self, answer: HttpResponse) -> str:
        """Where an answer leads, in the room."""
        assert answer.status_code == 303, html(answer)[:2000]
        return answer["Location"].removeprefix(self.room)

    def sign(self) -> HttpResponse:
        return self.post("/sign", hidden(self.get("/sign")) | {"agree": "on"})


@pytest.fixture
def three(actor: Actor, user: User) -> Visitor:
    """Terms to read, a form to fill in and sign, a contract to sign; and what is somebody else's."""
    documents = (
        NewDocument("terms.pdf", stored(user, "terms.pdf")),
        NewDocument("theirs.pdf", stored(user, "theirs.pdf")),
        NewDocument(
            "application.pdf", _form(user), form=NewForm(interactive=True, values={"remarks": "From us"})
        ),
        NewDocument("contract.pdf", stored(user, "contract.pdf")),
    )
    urls = {
        name: BACK.format(name) for name in ("return_url_done", "return_url_declined", "return_url_later")
    }
    tess = _tess(
        dialog_title="Welcome", dialog_message="Take your time.", sign_text="I, the undersigned:", **urls
    )
    envelope = order(
        actor,
        documents,
        (tess, person("other", name="Otto Other")),
        (
            _of_tess(1, "view", "The terms"),
            _of_tess(3, "fill", "Your application"),
            _of_tess(3, "sign", sign_text="apply for insurance"),
            _of_tess(4, "sign", sign_text="take it"),
            task("other", 2, "sign"),
        ),
    )
    return Visitor(envelope)


def test_three_documents_one_after_the_other(three: Visitor) -> None:
    tess = three
    run_due()
    assert tess.went(tess.get()) == "/message"
    assert heading(tess.get("/message")) == "Welcome"
    assert tess.went(tess.post("/message")) == "/"
    assert tess.went(tess.get()) == "/documents"
    overview = html(tess.get("/documents"))
    assert "3 documents for you" in overview
    assert "The terms" in overview
    assert "theirs.pdf" not in overview

    page = html(tess.get("/document/1"))
    [picture] = re.findall(rf'src="({tess.room}/page/[^"]+/1-1000\.jpg)"', page)
    assert tess.client.get(picture).status_code == 200
    assert tess.went(tess.post("/document/1")) == "/document/2"

    page = html(tess.get("/document/2"))
    assert "Your name" in page
    assert ">\nFrom us</textarea>" in page
    assert "secret" not in page, "what shows nowhere is the sender's"
    missing = tess.post("/document/2/form", {"f2": "Two dogs", "finish": "1"})
    assert (missing.status_code, html(missing).count("Enter Your name.")) == (422, 2)
    numbers = {name: f"f{n}" for n, name in enumerate(_names(tess), 1)}
    one = {numbers["person.name"]: "Tess Ting", "only": numbers["person.name"]}
    assert tess.post("/document/2/form", one).json()["left"] == 1
    wrong = {numbers["account"]: "1234567", "only": numbers["account"]}
    assert tess.post("/document/2/form", wrong).json()["error"] == "account can have 6 characters."
    wrong = {numbers["remarks"]: "A dog \U0001f415", "only": numbers["remarks"]}
    error = tess.post("/document/2/form", wrong).json()["error"]
    assert error == "remarks has a character that cannot be printed."
    rest = {
        numbers["person.name"]: "Tess Ting",
        numbers["remarks"]: "Two dogs",
        numbers["smoker"]: "Yes",
        numbers["cover"]: "large",
        numbers["country"]: "fi",
        numbers["extras"]: ["boat", "dog"],
        numbers["town"]: "Tromsø",
    }
    assert tess.went(tess.post("/document/2/form", rest | {"finish": "1"})) == "/document/3"
    assert heading(tess.get("/sign")) == "The documents are being prepared"
    assert "Being prepared" in html(tess.get("/documents"))
    run_due()

    assert tess.went(tess.get("/sign")) == "/signature"
    tess.post("/signature", {"kind": "typed", "name": "Tess Ting", "hand": "caveat"})
    page = html(tess.get("/sign"))
    assert "I, the undersigned:\napply for insurance\ntake it</span>" in page
    assert "terms.pdf" not in page
    done = tess.sign()
    pub = tess.envelope.pub
    assert (
        done["Location"]
        == f"https://shop.example/return_url_done?order={pub}&task=tess%20%26%20co&x=$%7Bother%7D"
    )
    assert Signature.objects.count() == 2
    assert Consent.objects.get().text == "I, the undersigned:\napply for insurance\ntake it"
    assert heading(tess.get("/done")) == "You have signed"
    values = {
        f.key: f.value for f in Document.objects.get(title="application.pdf").fields.filter(kind="acroform")
    }
    assert (values["extras"], values["town"], values["smoker"]) == ("boat\ndog", "Tromsø", "Yes")


def _names(visitor: Visitor) -> list[str]:
    document = Document.objects.get(envelope=visitor.envelope, title="application.pdf")
    return list(document.fields.filter(kind="acroform").order_by("pk").values_list("key", flat=True))


def test_what_is_somebody_elses_has_no_address(three: Visitor) -> None:
    run_due()
    tess = three
    tess.post("/message")
    theirs = DocumentVersion.objects.filter(document__title="theirs.pdf").latest("pk")
    for version in DocumentVersion.objects.filter(document=theirs.document):
        for address in (
            f"/page/2/{version.sha256[:16]}/1-1000.jpg",
            f"/text/2/{version.sha256[:16]}/1.json",
            f"/page/1/{version.sha256[:16]}/1-1000.jpg",
        ):
            assert tess.get(address).status_code == 404, address
    for address in (
        "/document/4",
        "/document/4/file",
        "/file/4",
        "/original/4",
        "/words/4",
        "/document/4/form-x.css",
    ):
        assert tess.get(address).status_code == 404, address
    for number in (1, 2, 3):
        assert "theirs" not in html(tess.get(f"/words/{number}"))
    assert tess.post("/document/4").status_code == 404
    assert tess.post("/document/4/form", {"finish": "1"}).status_code == 404
    mine = DocumentVersion.objects.filter(document__title="terms.pdf").latest("pk")
    assert tess.get(f"/page/1/{mine.sha256[:16]}/1-600.jpg").status_code == 200


def test_refusing_and_leaving_lead_back(three: Visitor) -> None:
    run_due()
    tess = three
    left = tess.post("/later", {"what": "leave"})
    assert left["Location"].startswith("https://shop.example/return_url_later?order=")
    again = Visitor(tess.envelope)
    assert "The others can go on" in html(again.get("/refuse"))
    refused = again.post("/refuse", {"reason": "Too dear"})
    assert refused["Location"].startswith("https://shop.example/return_url_declined?order=")
    assert states(tess.envelope) == {"tess & co": "declined", "other": "active"}
    assert heading(again.get()) == "You have refused"


def _asked_for_a_file(actor: Actor, user: User, *, signs: bool = False) -> Visitor:
    tasks = [_of_tess(1, "upload", "your payslip")] + ([_of_tess(1, "sign")] if signs else [])
    return Visitor(
        order(actor, (NewDocument("payslip"),), (_tess(return_url_done=BACK.format("done")),), tasks)
    )


def test_a_file_is_added_checked_and_shown(actor: Actor, user: User) -> None:
    tess = _asked_for_a_file(actor, user, signs=True)
    assert tess.went(tess.get("/document/1")) == "/document/1/file"
    assert heading(tess.get("/document/1/file")) == "Add your payslip"
    for content, words in (
        (b"PK\x03\x04", "This is not a PDF."),
        (b"%PDF-1.7 nothing", "The PDF is damaged"),
    ):
        answer = tess.post("/document/1/file", {"file": SimpleUploadedFile("a.pdf", content)})
        assert (answer.status_code, html(answer).count(words)) == (422, 2)
    assert Document.objects.get().original is None
    pdf = SimpleUploadedFile("pay.pdf", make_pdf(text="Pay"))
    assert tess.went(tess.post("/document/1/file", {"file": pdf})) == "/"
    assert heading(tess.get()) == "The documents are being prepared"
    run_due()
    assert "Next: read" in html(tess.get("/documents"))
    assert "/1-1000.jpg" in html(tess.get("/document/1"))
    tess.post("/signature", {"kind": "typed", "name": "Tess Ting", "hand": "caveat"})
    assert tess.sign()["Location"].startswith("https://shop.example/done?")


def test_a_picture_becomes_a_page_and_ends_it(actor: Actor, user: User) -> None:
    tess = _asked_for_a_file(actor, user)
    out = io.BytesIO()
    Image.new("RGB", (600, 900), "white").save(out, "JPEG")
    answer = tess.post("/document/1/file", {"picture": SimpleUploadedFile("photo.jpg", b"GIF89a")})
    assert (answer.status_code, "This picture cannot be read" in html(answer)) == (422, True)
    answer = tess.post("/document/1/file", {"picture": SimpleUploadedFile("photo.jpg", out.getvalue())})
    assert answer["Location"].startswith("https://shop.example/done?order=")
    assert states(tess.envelope) == {"tess & co": "done"}
    assert heading(tess.get("/done")) == "You are done"
    assert Document.objects.get().brought.name == "photo.pdf"


def test_handing_on(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    envelope = order(actor, (contract,), (_tess(),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    assert "Hand on to somebody else" in html(tess.get("/read"))
    wrong = {"who": "other", "name": "Jane Roe", "email": "jane@example.com", "phone": "123"}
    assert "Enter a mobile number" in html(tess.post("/forward", wrong))
    assert tess.went(tess.post("/forward", wrong | {"phone": "+47 400 00 000"})) == "/"
    assert heading(tess.get()) == "Handed on to Jane Roe"
    jane = Recipient.objects.get(name="Jane Roe")
    assert jane.phone == "+4740000000"
    hers = Visitor(envelope, jane.key)
    assert hers.went(hers.get()) == "/read"


def test_with_both_somebody_signs_afterwards(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    envelope = order(actor, (contract,), (_tess(),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    tess.post("/forward", {"who": "both", "name": "Jane Roe", "email": "jane@example.com"})
    assert "Jane Roe signs after you." in html(tess.get("/read"))
    tess.post("/signature", {"kind": "typed", "name": "Tess Ting", "hand": "caveat"})
    jane = Visitor(envelope, Recipient.objects.get(name="Jane Roe").key)
    assert heading(jane.get()) == "It is not your turn yet"
    assert tess.went(tess.sign()) == "/done"
    assert jane.went(jane.get()) == "/read"


@pytest.mark.parametrize("name", ["Tess Ting", ""])
def test_a_drawn_signature_is_asked_for_where_the_sender_says_so(actor: Actor, user: User, name: str) -> None:
    """Whom nobody named signs under the sender's word for them: a drawing says no name."""
    contract = NewDocument("contract.pdf", stored(user))
    ways = IdentityPolicy(sign_ways=(SignWay(method="link", drawn=True),))
    envelope = order(actor, (contract,), (person("tess & co", ways, name=name),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    assert tess.went(tess.get("/sign")) == "/signature"
    assert "I cannot draw" in html(tess.get("/signature"))
    assert tess.post("/signature", {"kind": "uploaded"}).status_code == 422
    tess.post("/signature", {"kind": "drawn", "path": "M0.0 0.0Q100 20.5 200 0L200 60C1 2 3 4 5.5 6Z"})
    assert tess.went(tess.sign()) == "/done"
    certificate = x509.load_der_x509_certificate(bytes(Signature.objects.get().certificate))
    [said] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert said.value == (name or "tess & co")


def test_by_a_code_the_look_is_the_name(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    ways = IdentityPolicy(sign_ways=(SignWay(asked_as="mail_code"), SignWay(method="link", drawn=True)))
    tess_mail = NewRecipient(
        "Tess Ting", "tess@example.com", key="tess & co", channels=(), identity=ways, expires_at=at(30)
    )
    envelope = order(actor, (contract,), (tess_mail,), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    assert tess.went(tess.get("/sign")) == "/identify"
    page = html(tess.get("/identify"))
    assert "How do you want to sign?" in page
    assert "A code by mail to t…@e….com" in page
    assert tess.went(tess.post("/identify", {"provider": "mail_code"})) == "/sign"
    assert tess.went(tess.get("/sign")) == "/one-time"
    assert "Choose another way" in html(tess.get("/one-time"))
    assert tess.went(tess.post("/identify", {"provider": ""})) == "/sign"
    assert tess.went(tess.get("/sign")) == "/signature"
    tess.post("/identify", {"provider": "mail_code"})
    assert tess.post("/one-time", {"code": last_code("email")}).status_code == 303
    page = html(tess.get("/sign"))
    assert "Tess Ting" in page
    assert "identified by code" in page
    assert f"{tess.room}/signature" not in page
    assert tess.went(tess.sign()) == "/done"


def test_where_no_way_can_be_used_nobody_signs(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    ways = IdentityPolicy(sign_ways=(SignWay(asked_as="nobodys-id"),))
    envelope = order(actor, (contract,), (_tess(ways),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    assert tess.went(tess.get("/sign")) == "/identify"
    assert heading(tess.get("/identify")) == "Not possible right now"


def test_an_artifact_that_is_used_or_over_is_told(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    tess = _tess(IdentityPolicy(artifact=True), return_url_later="https://shop.example/${taskId}")
    envelope = order(actor, (contract,), (tess,), (_of_tess(1, "sign"),))
    run_due()
    recipient = Recipient.objects.get()
    link = f"/room/l/{artifacts.token(recipient, artifacts.issue(recipient, at(0)))}"
    assert "asks you to sign" in heading(Client().get(link))
    assert Client().post(link).status_code == 303
    for answer in (
        Client().get(link),
        Client().post(link),
        Client().get(f"/room/l/{links.token(recipient)}"),
    ):
        assert heading(answer) == "This sign-in has run out"
        assert 'href="https://shop.example/tess%20%26%20co"' in html(answer)
        assert "contract" not in html(answer)
    fresh = f"/room/l/{artifacts.token(recipient, artifacts.issue(recipient, at(0)))}"
    AccessLink.objects.filter(purpose="artifact", used_at=None).update(
        expires_at=at(0) - timedelta(seconds=1)
    )
    assert heading(Client().post(fresh)) == "This sign-in has run out"
    assert heading(Client().get("/room/l/" + "x" * 43)) == "This link does not work"
    assert envelope.pub


def test_a_declaration_is_one_of_the_documents(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    ways = IdentityPolicy(sign_ways=(SignWay(method="link", statement=True),))
    envelope = order(actor, (contract,), (_tess(ways, sign_text="I agree."),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    page = html(tess.get("/read"))
    assert page.count('class="document"') == 2
    assert Assignment.objects.filter(action="sign").count() == 2
    assert heading(tess.get("/sign")) == "Sign 2 documents"
    assert tess.went(tess.sign()) == "/done"
    assert Signature.objects.count() == 2


def test_time_runs_out_for_one_alone(actor: Actor, user: User) -> None:
    contract = NewDocument("contract.pdf", stored(user))
    envelope = order(actor, (contract,), (_tess(),), (_of_tess(1, "sign"),))
    run_due()
    tess = Visitor(envelope)
    Recipient.objects.update(expires_at=at(0) - timedelta(seconds=1))
    assert heading(tess.get()) == "The time to sign has run out"
