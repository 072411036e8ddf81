"""The room on the real core: what happens when the ground moves between the look and the action."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from tests.envelopes.conftest import actor, draft, pdf, plain, sent
from tests.envelopes.signing import Signer, prepared
from tests.queries import Queries
from undersigned.envelopes import shown
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.graph import waiting_for
from undersigned.envelopes.models import Document, Envelope, Recipient, Signature, Sitting, Step, StepEdge
from undersigned.room import engine, gateway
from undersigned.sealing.appearance import HEIGHT, WIDTH
from undersigned.sealing.authority import ensure_authorities

__all__ = ["actor", "draft", "pdf", "plain", "sent"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Moving(engine.Engine):
    """Something happens right after each look."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self.happens = happens

    def find(self, visit: gateway.Visit) -> gateway.Room | None:
        room = super().find(visit)
        self.happens()
        return room


@pytest.fixture
def john(sent: Envelope, settings: LazySettings) -> Signer:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    prepared(sent)
    signer = Signer(sent.recipients.get(name="John Doe"))
    signer.ready()
    return signer


@pytest.fixture
def browser(john: Signer) -> Client:
    client = Client()
    client.cookies.load({"room": john.secret})
    return client


def _form(john: Signer) -> dict[str, str]:
    seen = shown.current(john.recipient)
    return {"agree": "on", "revision": seen.revision, "digest": seen.digest, "request_key": "k" * 32}


def _end(john: Signer) -> None:
    Sitting.objects.filter(pk=john.sitting.pk).update(last_seen=john.sitting.last_seen - timedelta(hours=1))


@pytest.mark.parametrize("page", ["sign", "refuse", "signature"])
@pytest.mark.parametrize("how", ["ends", "is erased"])
def test_what_ends_before_the_action_leads_home(
    john: Signer, browser: Client, monkeypatch: pytest.MonkeyPatch, page: str, how: str
) -> None:
    def happens() -> None:
        _end(john) if how == "ends" else erase_collection(john.recipient.envelope.collection_id or 0)

    monkeypatch.setattr(gateway, "_gateway", Moving(happens))
    form = _form(john) | {"reason": "no", "kind": "typed", "name": "John", "hand": "caveat"}
    answer = browser.post(f"/room/{john.sitting.pub}/{page}", form)
    assert (answer.status_code, answer["Location"]) == (303, f"/room/{john.sitting.pub}/")
    assert not Signature.objects.exists()
    monkeypatch.setattr(gateway, "_gateway", engine.Engine())
    assert browser.get(answer["Location"]).status_code == (200 if how == "ends" else 404)


def test_one_document_is_spoken_of_as_one(john: Signer, browser: Client) -> None:
    page = browser.get(f"/room/{john.sitting.pub}/sign").content.decode()
    assert "Sign 1 document" in page
    assert "I have read the document listed above and sign it electronically." in page


def test_the_last_button_reads_nothing_twice(john: Signer, browser: Client) -> None:
    ensure_authorities()
    with Queries(connection) as asked:
        assert browser.post(f"/room/{john.sitting.pub}/sign", _form(john)).status_code == 303
    assert len(asked) <= 40, "\n".join(q["sql"][:200] for q in asked)
    other = Signer(Recipient.objects.get(surname="", name="Åsa Öberg"))
    other.ready()
    browser.cookies.load({"room": other.secret})
    form = _form(other) | {"request_key": "j" * 32}
    with Queries(connection) as later:
        assert browser.post(f"/room/{other.sitting.pub}/sign", form).status_code == 303
    reads = [sum(q["sql"].startswith("SELECT") for q in queries) for queries in (asked, later)]
    assert reads[1] - reads[0] <= 12, "the last signature also has the envelope sealed and its people told"


@pytest.mark.parametrize("revision", ["9" * 30, "-".join(["1"] * 900), "१२", "1_0"])
def test_a_revision_that_no_page_showed_is_answered_in_words(
    john: Signer, browser: Client, revision: str
) -> None:
    answer = browser.post(f"/room/{john.sitting.pub}/sign", _form(john) | {"revision": revision})
    assert answer.status_code == 409
    assert not Signature.objects.exists()


def test_fields_stand_on_the_page_that_was_made_for_them(john: Signer, browser: Client) -> None:
    page = browser.get(f"/room/{john.sitting.pub}/read").content.decode()
    assert page.count('class="place kept"') == 1
    [places] = re.findall(r'href="(/room/[^"]+/fields-[^"]+\.css)"', page)
    rule = browser.get(places).content.decode()
    [left, top, width, height] = [float(n) for n in re.findall(r"([0-9.]+)%", rule)]
    assert width == pytest.approx(100 * WIDTH / 595.28, abs=0.1)
    assert height == pytest.approx(100 * HEIGHT / 841.89, abs=0.1)
    assert 5 < left < 15
    assert 20 < top < 40
    assert 'aria-label="Page 2 of 2"' in page
    assert page.index('id="p-1-2"') < page.index('id="place-1"')


def test_what_others_sign_is_no_news_but_another_version_is(john: Signer, browser: Client) -> None:
    asked = _form(john)
    state = f"/room/{john.sitting.pub}/state"
    Signer(Recipient.objects.get(surname="", name="Åsa Öberg")).sign()
    assert browser.get(state, asked).json()["news"] is None
    envelope = Envelope.objects.get(pk=john.recipient.envelope_id)
    Document.objects.filter(envelope=envelope).update(head=None)
    assert browser.get(state, asked).json()["news"]["heading"] == "The document has just changed"


def test_asking_how_things_stand_keeps_nobody_awake(john: Signer, browser: Client) -> None:
    at = john.sitting.last_seen - timedelta(minutes=10)
    Sitting.objects.filter(pk=john.sitting.pk).update(last_seen=at)
    left = browser.get(f"/room/{john.sitting.pub}/state").json()["left"]
    assert 1190 <= left <= 1200
    assert Sitting.objects.get(pk=john.sitting.pk).last_seen == at
    assert browser.post(f"/room/{john.sitting.pub}/stay").json()["left"] > 1790
    assert Sitting.objects.get(pk=john.sitting.pk).last_seen > at
    _end(john)
    assert browser.get(f"/room/{john.sitting.pub}/state").json()["left"] == 0


def test_pages_shown_are_counted_on_the_last_page(john: Signer, browser: Client) -> None:
    room = f"/room/{john.sitting.pub}"
    [picture] = re.findall(
        rf'src="({room}/page/[^"]+/1-1000\.jpg)"', browser.get(f"{room}/read").content.decode()
    )
    assert browser.get(picture).status_code == 200
    assert "1 shown to you" in browser.get(f"{room}/sign").content.decode()


def test_who_leaves_is_out_of_the_room(john: Signer, browser: Client) -> None:
    room = f"/room/{john.sitting.pub}"
    assert browser.get(f"{room}/later").status_code == 200
    answer = browser.post(f"{room}/later", {"what": "leave"})
    assert "You have left" in answer.content.decode()
    assert browser.get(f"{room}/read").status_code == 404


def test_how_many_sign_before_is_counted_over_the_steps(john: Signer) -> None:
    asa = Recipient.objects.get(name="Åsa Öberg")
    assert (waiting_for(asa), waiting_for(john.recipient)) == (0, 0)
    first, second = (Step.objects.get(assignments__recipient=r) for r in (john.recipient, asa))
    StepEdge.objects.create(step=second, depends_on=first)
    assert (waiting_for(asa), waiting_for(john.recipient)) == (1, 0)
    john.sign()
    assert waiting_for(asa) == 0
