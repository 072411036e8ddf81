"""The page "Ask {sender}", and files that are read outside of the room: on the core without a browser, and in one, script off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.axe import findings
from tests.envelopes.conftest import PlainDialect, actor, draft, pdf, plain, sent
from tests.envelopes.signing import Signer, prepared
from undersigned.accounts.models import User
from undersigned.envelopes import discussion
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.comment import add_comment
from undersigned.envelopes.models import Comment, Envelope
from undersigned.room import talk
from undersigned.room.documents import Original
from undersigned.room.gateway import State, Visit
from undersigned.room.talk import Remark

from .browsing import SIZES, enter
from .fake_gateway import NOW, PLACES, ROOM_ID, FakeGateway
from .fake_gateway import room as a_room

__all__ = ["actor", "draft", "pdf", "plain", "sent"]
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def asking(plain: PlainDialect) -> None:
    plain.policy = plain.policy.model_copy(update={"discussion": True})


@pytest.mark.django_db
def test_a_signer_asks_and_is_answered(
    asking: None, sent: Envelope, user: User, settings: LazySettings
) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    prepared(sent)
    john = Signer(sent.recipients.get(name="John Doe"))
    browser = Client()
    browser.cookies.load({"room": john.secret})
    here = f"/room/{john.sitting.pub}/ask"
    assert here in browser.get(f"/room/{john.sitting.pub}/read").content.decode()
    empty = browser.post(here, {"text": "  "})
    assert (empty.status_code, "Write a message." in empty.content.decode()) == (422, True)
    assert browser.post(here, {"text": "x" * 5001}).status_code == 422
    asked = browser.post(here, {"text": "Is <b>clause 4</b> meant so?\nhttps://evil.example"})
    assert (asked.status_code, asked["Location"]) == (303, here)
    place = sent.collection
    assert place is not None
    theirs = add_comment(Actor.from_user(user), place, "Yes.")
    page = browser.get(here).content.decode()
    assert "Is &lt;b&gt;clause 4&lt;/b&gt; meant so?<br>https://evil.example" in page
    assert 'href="https://evil' not in page
    assert "anna@board.example" not in page.replace("mailto:anna@board.example", "")
    mine = Comment.objects.get(recipient=john.recipient)
    assert browser.post(here, {"remark": mine.pk, "text": "Clause 4?"}).status_code == 303
    assert "Clause 4?" in browser.get(here).content.decode()
    assert browser.post(here, {"remark": theirs.pk, "text": "No."}).status_code == 404
    browser.post(here, {"remark": mine.pk, "remove": "1"})
    assert "This message was taken back." in browser.get(here).content.decode()
    for n in range(discussion.SHOWN):
        Comment.objects.create(collection=place, user=user, text=f"note {n}", created_at=sent.created_at)
    last = browser.get(here).content.decode()
    assert "?before=" in last
    assert "Yes." not in last
    Envelope.objects.filter(pk=sent.pk).update(policy=sent.policy | {"discussion": False})
    assert browser.get(here)["Location"] == f"/room/{john.sitting.pub}/"


@dataclass
class FakeTalk:
    """What was said, in memory."""

    said: list[Remark] = field(default_factory=list)

    def remarks(self, visit: Visit, before: int | None = None) -> list[Remark]:
        return self.said

    def write(self, visit: Visit, text: str) -> None:
        self.said.append(Remark(len(self.said) + 1, "Matti Meikäläinen", text, NOW, mine=True))

    def change(self, visit: Visit, remark: int, text: str) -> None:
        self.said = [replace(r, text=text, edited=True) if r.id == remark else r for r in self.said]

    def take_back(self, visit: Visit, remark: int) -> None:
        self.said = [replace(r, text="", deleted=True) if r.id == remark else r for r in self.said]


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> FakeTalk:
    fake = FakeTalk(
        [
            Remark(1, "Anna Virtanen", "Clause 4 is new.\nPlease look at it " + "x" * 120, NOW),
            Remark(2, "Matti Meikäläinen", "I see.", NOW + timedelta(minutes=2), mine=True, edited=True),
            Remark(3, "محمد علي", "مرحبا", NOW, deleted=False),
            Remark(4, "Sofia Korhonen", "", NOW, deleted=True),
        ]
    )
    monkeypatch.setattr(talk, "_talk", fake)
    return fake


def faults(page: Page, name: str) -> list[str]:
    wrong = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} too wide at {width}")
        if width in (390, 1280):
            wrong += [f"{name} {width}: {found}" for found in findings(page)]
    return wrong


@pytest.mark.browser
def test_asking_and_reading_a_file_that_is_no_pdf(
    core: FakeGateway, talking: FakeTalk, page: Page, server: str, browser: Browser
) -> None:
    documents = a_room().documents
    about = replace(
        documents[1],
        name="Budget 2027, harbour and boathouse, " + "very-" * 12 + "long.xlsx",
        pages=documents[1].pages[:1],
        original=Original(SHEET, 1_412_331),
        signed_name="Budget 2027.xlsx - signatures.pdf",
        sealed=True,
    )
    both = (replace(documents[0], sealed=True), about)
    enter(page, core, server, State.READ, may_ask=True, documents=both, places=PLACES[:1])
    page.goto(f"/room/{ROOM_ID}/read")
    wrong = faults(page, "read")
    page.get_by_role("link", name="Download Budget").first.focus()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Budget").first.click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.goto(f"/room/{ROOM_ID}/ask")
    wrong += faults(page, "ask")
    page.get_by_label("Your message").last.fill("")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector(".summary:focus")
    wrong += faults(page, "ask-empty")
    core.room = replace(core.room, state=State.COMPLETED, signed_at=NOW)
    page.goto(f"/room/{ROOM_ID}/done")
    wrong += faults(page, "done")
    assert wrong == []
    without = browser.new_context(base_url=server, java_script_enabled=False)
    without.add_cookies(page.context.cookies())
    plain_page = without.new_page()
    plain_page.goto(f"/room/{ROOM_ID}/ask")
    plain_page.get_by_label("Your message").last.fill("Without script")
    plain_page.get_by_role("button", name="Send").click()
    plain_page.get_by_text("Change", exact=False).last.click()
    plain_page.get_by_role("button", name="Take it back").last.click()
    assert talking.said[-1].deleted
    without.close()
