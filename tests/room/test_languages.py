"""The room in other languages: the recipient's, what the reader chooses, and no English left."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import translation
from playwright.sync_api import Page

from tests.locale.english import english_in, texts_of
from tests.locale.test_catalogues import COMPLETE
from undersigned.room.documents import Document
from undersigned.room.gateway import Code, State
from undersigned.room.identifying import OneTime, Way
from undersigned.room.looks import Kept
from undersigned.room.pads import Pad
from undersigned.room.parts import Option

from .browsing import with_look
from .fake_gateway import NOW, PAD, PLACES, ROOM_ID, SECRET, TOKEN, WAYS, WORDS, FakeGateway, Person, room
from .test_browser import STATES, asked_of, changes_of

LINK = f"/room/l/{TOKEN}"
ROOM = f"/room/{ROOM_ID}"
DATA = {
    "title": "Vuokrasopimus",
    "message": "Hei Matti, tässä vuokrasopimus.",
    "identified_by": "",
    "signed_at": NOW,
    "ended_at": NOW,
    "places": PLACES,
}
NAMES = [translation.get_language_info(code)["name_local"].capitalize() for code, _ in settings.LANGUAGES]


def html(response: HttpResponse) -> str:
    return response.content.decode()


def reach(name: str, core: FakeGateway, **changes: object) -> str:
    """Bring the room into a state of STATES in Finnish words; the address that shows it."""
    state, path = STATES[name]
    documents = tuple(
        replace(d, name=n, sealed=name == "completed")
        for d, n in zip(room().documents, ("Sopimus.pdf", "Säännöt.pdf"), strict=True)
    )
    people = (
        Person("Sofia Korhonen", signed_at=NOW),
        Person("Matti Meikäläinen", me=True),
        Person("Pekka", declined=True),
    )
    code = Code(by_sms=name == "sms", ending="67", locked_until=NOW + timedelta(minutes=15), resend_at=None)
    look = {
        "kept": None if name == "read" else with_look(core),
        "pad": Pad(PAD, "47") if name in ("phone", "pad") else None,
        "asked": asked_of(name),
        "one_time": OneTime(to="m…@e….fi", sent="before" not in name),
        "ways": (Way("bank", "Pankki"), Way("id", "Sopimus")),
        "protected": state is State.IDENTIFY,
    }
    usual: dict[str, object] = {"documents": documents, "people": people, "code": code}
    core.room = room(state, **usual | DATA | look | _in_parts(name) | changes)
    return path if path.startswith("/") else f"{ROOM}/{path}"


def _in_parts(name: str) -> dict[str, object]:
    """As `changes_of`, in Finnish words."""
    changes = changes_of(name)
    if isinstance(documents := changes.get("documents"), tuple):
        changes["documents"] = tuple(_finnish(document) for document in documents)
    words = {"dialog_title": "Tervetuloa", "dialog_message": "Hetkinen.", "consent_text": "Hyväksyn:"}
    changes |= {key: word for key, word in words.items() if key in changes}
    if "ways" in changes:
        changes["ways"] = tuple(replace(w, name=w.name and "Pankki") for w in WAYS)
    return changes | {"handed_to": "Pekka", "forwarded": changes["forwarded"] and "Pekka"}


def _finnish(document: Document) -> Document:
    return replace(
        document,
        name="Sopimus.pdf",
        caption=document.caption and "Sopimus",
        parts=tuple(replace(p, line=p.line and "Sopimus") for p in document.parts),
        form=tuple(
            replace(f, label="Osoite", options=tuple(Option(o.value, "Pankki") for o in f.options))
            for f in document.form
        ),
    )


def heading(response: HttpResponse) -> str:
    return re.findall(r"<h1[^>]*>(.*?)</h1>", html(response), re.S)[0].strip()


@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_no_english_is_left_in_any_state(core: FakeGateway, signer: Client, language: str) -> None:
    for name in STATES:
        for more in ({}, {"overdue": True, "may_decline": False, "skippable": True}):
            address = reach(name, core, language=language, **more)
            if name.startswith("refuse") and more:
                core.room = replace(core.room, may_decline=True)
            response = signer.get(address, HTTP_ACCEPT_LANGUAGE=language)
            assert f'<html lang="{language}" dir="ltr">' in html(response), name
            assert response["Content-Language"] == language
            assert english_in(texts_of(html(response)), language, *WORDS, *NAMES, "Hand") == [], name


@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_no_english_is_left_in_complaints(core: FakeGateway, signer: Client, language: str) -> None:
    forms = {
        "code": [{"code": ""}, {"code": "abc"}, {"code": "AAAAAA"}],
        "refuse": [{"reason": "x" * 2049}, {"reason": ""}],
        "signature": [{}, {"kind": "drawn"}, {"kind": "drawn", "path": "x"}, {"kind": "typed"}, {"kind": "uploaded"}, {"kind": "typed", "name": "ꙮ"}],
        "sign": [{}],
        "part to fill": [{"finish": "1"}, {"f1": "x" * 41}],
        "part to add": [{}, {"file": "none"}],
        "forward": [{}, {"who": "other"}, {"who": "other", "name": "P", "email": "p@x.fi", "phone": "12"}],
    }  # fmt: skip
    for name, bodies in forms.items():
        for body in bodies:
            address = reach(name, core, language=language, reason_required=True)
            address += "/form" if name == "part to fill" else ""
            response = signer.post(address, body)
            assert response.status_code == 422, (name, body)
            assert english_in(texts_of(html(response)), language, *NAMES) == [], (name, body)


def test_the_recipients_language_counts_not_the_browsers(core: FakeGateway, outside: Client) -> None:
    core.room = room(State.LINK, language="fi")
    response = outside.get(LINK, HTTP_ACCEPT_LANGUAGE="sv")
    assert heading(response) == "Anna Virtanen (Board Oy) pyytää sinua allekirjoittamaan"
    assert "2 asiakirjaa, viimeistään 3.5.2026." in html(response)
    core.room = room(State.LINK, language="tlh")
    response = outside.get(LINK, HTTP_ACCEPT_LANGUAGE="sv")
    assert '<html lang="en" dir="ltr">' in html(response)


def test_who_has_no_room_is_spoken_to_as_the_browser_asks(core: FakeGateway, outside: Client) -> None:
    assert (
        heading(outside.get("/room/l/unknown", HTTP_ACCEPT_LANGUAGE="sv-FI,sv;q=0.9"))
        == "Länken fungerar inte"
    )


def test_the_reader_changes_the_language_and_keeps_it(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ, language="fi")
    chosen = signer.post("/language", {"language": "sv", "next": f"{ROOM}/read"})
    assert (chosen.status_code, chosen["Location"]) == (302, f"{ROOM}/read")
    cookie = chosen.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "sv",
        True,
        "Lax",
        "",
    )
    assert heading(signer.get(f"{ROOM}/read")) == "Läs dokumenten"
    assert heading(signer.get(f"{ROOM}/refuse")) == "Avböja att skriva under?"
    signer.post("/language", {"language": "fi", "next": f"{ROOM}/read"})
    assert heading(signer.get(f"{ROOM}/read")) == "Lue asiakirjat"


def test_choosing_a_language_needs_the_page_and_leads_to_no_other_host(
    core: FakeGateway, signer: Client
) -> None:
    assert Client(enforce_csrf_checks=True).post("/language", {"language": "sv"}).status_code == 403
    assert signer.get("/language?language=sv").cookies.get("language") is None, "a GET changes nothing"
    assert signer.post("/language", {"language": "sv", "next": "https://evil.example/"})["Location"] == "/"
    signer.cookies["language"] = "tlh"
    core.room = room(State.READ, language="fi")
    assert heading(signer.get(f"{ROOM}/read")) == "Lue asiakirjat"


def _comes_back_to(response: HttpResponse) -> str:
    return re.findall(r'name="next" value="([^"]*)"', html(response))[0]


def test_the_choice_comes_back_to_the_page(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    assert _comes_back_to(signer.get(f"{ROOM}/words/1?from=2")) == f"{ROOM}/words/1?from=2"
    assert _comes_back_to(signer.post(f"{ROOM}/refuse", {"reason": "x" * 3000})) == f"{ROOM}/"
    core.room = room(State.SUPERSEDED)
    assert _comes_back_to(signer.post(f"{LINK}/resend")) == LINK
    core.room = room(State.CODE, code=Code(by_sms=True))
    assert _comes_back_to(signer.post(f"{ROOM}/code/again")) == f"{ROOM}/"


def test_what_was_agreed_to_is_kept_with_the_language_it_was_read_in(
    core: FakeGateway, signer: Client
) -> None:
    core.room = room(State.READ, language="fi", kept=Kept("typed", "1"))
    signer.cookies["language"] = "sv"
    form = dict(
        re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html(signer.get(f"{ROOM}/sign")))
    )
    signer.post(f"{ROOM}/sign", form | {"agree": "on"})
    request = next(iter(core.signed.values()))
    assert (request.language, request.consent_text) == (
        "sv",
        "Jag har läst dokumenten ovan och skriver under dem elektroniskt.",
    )


@pytest.mark.browser
@pytest.mark.parametrize("language", ["de", "fi"])
def test_long_words_fit_small_screens_in_every_state(
    core: FakeGateway, page: Page, server: str, language: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.context.add_cookies([{"name": "room", "value": SECRET, "url": f"{server}{ROOM}"}])
    for name in STATES:
        page.goto("about:blank")  # a page that waits goes on by itself when it hears of the next state
        page.goto(reach(name, core, language=language))
        page.evaluate("document.querySelectorAll('.languages').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        outside = page.evaluate(
            """() => [...document.querySelectorAll('button, a, h1, p, label, summary')].filter(e => e.checkVisibility()
              && !e.closest('.skip, .visually-hidden, .viewer, .thumbs')).filter(e => e.getBoundingClientRect().right > 321 || e.getBoundingClientRect().left < -1)
              .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert outside == [], name


@pytest.mark.browser
def test_the_language_menu_works_by_keyboard(core: FakeGateway, page: Page, server: str) -> None:
    page.context.add_cookies([{"name": "room", "value": SECRET, "url": f"{server}{ROOM}"}])
    page.goto(reach("read", core, language="fi"))
    page.locator(".languages summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Svenska").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.lang === 'sv'")
    assert page.locator("h1").inner_text() == "Läs dokumenten"
    assert page.url.endswith(f"{ROOM}/read")
