"""The room's pages of identification on the real core, with a provider of the tests' own: who is asked what, and what is shown before."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.envelopes.signing import prepared
from tests.identity.conftest import Make, PlainDialect, actor, asked, liar, pdf, plain
from tests.identity.liar import LIISA, MATTI, Liar
from tests.identity.test_one_time_code import last_code, other
from undersigned.accounts.models import Organization
from undersigned.envelopes import links
from undersigned.envelopes.models import Recipient, Signature, Sitting
from undersigned.identity.oidc import Answer
from undersigned.identity.policy import IdentityPolicy

__all__ = ["PlainDialect", "actor", "asked", "liar", "pdf", "plain"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]

SECRETS = (
    "Secret merger",
    "merger.pdf",
    "Matti",
    "Meikäläinen",
    "Anna",
    "Virtanen",
    "anna@",
    "matti@",
    "999R",
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture(autouse=True)
def bank(liar: Liar, organization: Organization, settings: LazySettings) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    liar.provider(organization, logo=PNG)


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, person: Recipient) -> None:
        self.client = Client()
        prepared(person.envelope)
        self.link = f"/room/l/{links.token(person)}"
        self.page = ""
        self.at = ""

    def get(self, address: str) -> int:
        return self._follow(self.client.get(address))

    def post(self, address: str, **data: str) -> int:
        return self._follow(self.client.post(address, data))

    def _follow(self, answer) -> int:
        self.at = answer.request["PATH_INFO"]
        while answer.status_code in (302, 303):
            self.at = answer["Location"].partition("?")[0]
            answer = self.client.get(answer["Location"])
        self.page = html.unescape(answer.content.decode())
        return int(answer.status_code)

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.DOTALL)
        assert found, self.page
        return found[1].strip()

    def open(self) -> None:
        assert self.get(self.link) == 200
        assert self.post(self.link) == 200
        self.room = f"/room/{Sitting.objects.latest('pk').pub}"

    def leave(self) -> str:
        """To the provider; its address."""
        assert self.post(f"{self.room}/identify", provider="bank") == 200
        assert self.heading == "Continue at Great Bank"
        found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)"', self.page)
        assert found
        assert f'href="{found[1]}"' in self.page
        return found[1]

    def come_back(self, answer: Answer) -> int:
        said = {"state": answer.state, "code": answer.code, "error": answer.error}
        return self.get(f"/identified?{urlencode({k: v for k, v in said.items() if v})}")

    def types(self) -> int:
        self.post(f"{self.room}/signature", kind="typed", name="Matti", hand="caveat")
        fields = dict(re.findall(r'name="(revision|digest|request_key)" value="([^"]*)"', self.page))
        return self.post(f"{self.room}/sign", agree="on", **fields)

    def knows_nothing(self) -> None:
        for word in SECRETS:
            assert word not in self.page, word


def test_of_a_protected_request_nothing_is_shown_before_the_right_person_has_come(
    asked: Make, liar: Liar
) -> None:
    person = asked(
        IdentityPolicy(methods=("link", "strong"), compare=("national_id", "name")), national_id="010170-999R"
    )
    visitor = Visitor(person)
    visitor.get(visitor.link)
    assert visitor.heading == "Board Oy has a document for you"
    visitor.knows_nothing()
    visitor.open()
    assert visitor.heading == "Prove who you are"
    assert "Great Bank" in visitor.page
    visitor.knows_nothing()
    for page in (
        "read",
        "signature",
        "sign",
        "refuse",
        "later",
        "done",
        "code",
        "one-time",
        "phone",
        "state",
    ):
        visitor.get(f"{visitor.room}/{page}")
        visitor.knows_nothing()
    for page in ("file/1", "words/1", "sealed/1", "kept", f"page/1/{'0' * 16}/1-600.jpg"):
        visitor.get(f"{visitor.room}/{page}")
        assert visitor.heading == "Prove who you are"
    assert visitor.client.get(f"{visitor.room}/provider/bank.png").content == PNG

    liar.person = dict(LIISA)
    url = visitor.leave()
    visitor.knows_nothing()
    assert visitor.come_back(liar.visit(url)) == 403
    assert visitor.heading == "This document is for somebody else"
    assert "code=" not in visitor.at
    visitor.knows_nothing()
    for word in ("Liisa", "998S", "name does not", "number does not"):
        assert word not in visitor.page
    visitor.get(f"{visitor.room}/read")
    assert visitor.heading == "Prove who you are"
    assert visitor.post(f"{visitor.room}/sign", agree="on", revision="", digest="", request_key="k") == 200
    assert not Signature.objects.exists()

    liar.person = dict(MATTI)
    assert visitor.come_back(liar.visit(visitor.leave())) == 200
    assert visitor.heading == "Read the documents"
    assert "Secret merger" in visitor.page
    assert "identified by Great Bank" in visitor.page
    assert "999R" not in visitor.page
    assert visitor.types() == 200
    assert visitor.heading == "Everybody has signed"


def test_who_came_by_one_of_several_ways_is_told_which(asked: Make, liar: Liar) -> None:
    visitor = Visitor(asked(IdentityPolicy(any_of=("bank", "mail_code")), name="Matti Meikäläinen"))
    visitor.open()
    assert visitor.heading == "Prove who you are"
    assert visitor.come_back(liar.visit(visitor.leave())) == 200
    assert visitor.heading == "Read the documents"
    assert "identified by Great Bank" in visitor.page


def test_reading_is_free_where_proof_is_asked_at_signing(asked: Make, liar: Liar) -> None:
    visitor = Visitor(
        asked(IdentityPolicy(methods=("link", "sms_code", "strong"), moment="sign"), name="Typed Name")
    )
    visitor.get(visitor.link)
    assert "Secret merger" in visitor.page
    visitor.open()
    assert visitor.heading == "Read the documents"
    assert visitor.client.get(f"{visitor.room}/file/1").status_code == 200
    visitor.get(f"{visitor.room}/signature")
    assert visitor.heading == "We send you a code"
    assert "67" in visitor.page
    visitor.post(f"{visitor.room}/one-time/send")
    assert visitor.heading == "Check your phone"
    assert visitor.post(f"{visitor.room}/one-time", code="12345") == 422
    assert "6 digits" in visitor.page
    assert visitor.post(f"{visitor.room}/one-time", code=other(last_code("sms"))) == 422
    assert "4 tries left" in visitor.page
    visitor.post(f"{visitor.room}/one-time", code=last_code("sms"))
    assert visitor.heading == "Prove who you are"
    visitor.get(f"{visitor.room}/sign")
    assert visitor.heading == "Prove who you are"
    visitor.come_back(liar.visit(visitor.leave()))
    assert visitor.heading == "Your signature"
    assert "Matti Juhani Meikäläinen" in visitor.page, "the identified name stands on the signature"
    visitor.types()
    assert visitor.heading == "Everybody has signed"


def test_a_code_by_mail_is_on_its_way_when_it_is_asked_for(asked: Make) -> None:
    visitor = Visitor(asked(IdentityPolicy(methods=("link", "mail_code"))))
    visitor.open()
    assert visitor.heading == "Check your mail"
    assert "m…@e….com" in visitor.page
    assert "Secret merger" not in visitor.page
    visitor.post(f"{visitor.room}/one-time/send")
    assert "You can ask for a new code in" in visitor.page
    code = last_code()
    for left in (4, 3, 2, 1):
        assert visitor.post(f"{visitor.room}/one-time", code=other(code)) == 422
        assert f"{left} tr" in visitor.page
    assert visitor.post(f"{visitor.room}/one-time", code=other(code)) == 422
    assert "That code no longer works" in visitor.page
    assert visitor.heading == "We send you a code"
    assert visitor.post(f"{visitor.room}/one-time", code=code) == 422
    from tests.identity.test_one_time_code import age

    age(61)
    visitor.post(f"{visitor.room}/one-time/send")
    visitor.post(f"{visitor.room}/one-time", code=last_code())
    assert visitor.heading == "Read the documents"


def test_how_a_visit_to_the_provider_may_end(asked: Make, liar: Liar) -> None:
    visitor = Visitor(asked(IdentityPolicy(methods=("link", "strong"))))
    visitor.open()
    answer = liar.visit(visitor.leave(), code="", error="access_denied")
    visitor.come_back(answer)
    assert "You did not finish" in visitor.page
    visitor.come_back(answer)
    assert "used already" in visitor.page
    liar.claims = {"nonce": "of somebody else"}
    visitor.come_back(liar.visit(visitor.leave()))
    assert "We could not trust" in visitor.page
    answer = liar.visit(visitor.leave())
    liar.answer = lambda _path: (500, {})  # type: ignore[method-assign]
    visitor.come_back(answer)
    assert "did not answer" in visitor.page
    assert visitor.get(f"{visitor.room}/identify/anything") == 200
    assert visitor.heading == "Prove who you are"
    assert visitor.post(f"{visitor.room}/identify", provider="nonsense") == 422
    assert visitor.heading == "Prove who you are"


def test_the_answer_opens_nothing_in_another_browser(asked: Make, liar: Liar) -> None:
    person = asked(IdentityPolicy(methods=("link", "strong")))
    victim, thief = Visitor(person), Visitor(person)
    thief.open()
    victim.open()
    answer = liar.visit(victim.leave())
    assert thief.come_back(answer) == 404, "the cookie of the thief is another room's"
    stolen = f"{thief.room}/identified?{urlencode({'state': answer.state, 'code': answer.code})}"
    thief.get(stolen)
    assert "used already" in thief.page
    assert not liar.forms
    assert victim.come_back(answer) == 200
    assert victim.heading == "Read the documents"


@pytest.mark.parametrize("state", ["", "room", "room.x.y", "room.%s.short", "other.1." + "a" * 43])
def test_a_state_that_leads_nowhere(state: str) -> None:
    answer = Client().get("/identified", {"state": state.replace("%s", "0" * 24), "code": "x"})
    assert answer.status_code == 404
    assert "Location" not in answer


def test_too_many_wrong_persons_close_the_door_for_a_while(asked: Make, liar: Liar) -> None:
    for moment in ("open", "sign"):
        visitor = Visitor(
            asked(IdentityPolicy(methods=("link", "strong"), compare=("name",), moment=moment))  # type: ignore[arg-type]
        )
        visitor.open()
        liar.person = dict(LIISA)
        for _ in range(5):
            visitor.come_back(liar.visit(visitor.leave()))
        assert visitor.heading == "Too many attempts"
        visitor.post(f"{visitor.room}/identify", provider="bank")
        assert visitor.heading == "Too many attempts"


def test_no_provider_is_said(asked: Make) -> None:
    visitor = Visitor(asked(IdentityPolicy(methods=("link", "strong"), providers=("none",))))
    visitor.open()
    assert "No service can be used" in visitor.page
