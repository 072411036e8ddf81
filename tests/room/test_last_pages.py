"""The last pages: signing, refusing, the states beside the path, finishing later, a phone that draws."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from undersigned.room.gateway import Code, Outcome, Reason, Signing, State
from undersigned.room.identifying import Asked
from undersigned.room.looks import Kept
from undersigned.room.pads import Pad

from .asking import DRAWN, LINK, ROOM, heading, hidden, html
from .fake_gateway import NOW, PAD, PLACES, FakeGateway, room


# --- signing -----------------------------------------------------------------------------------------
@pytest.fixture
def ready(core: FakeGateway, signer: Client) -> Client:
    core.room = room(State.READ)
    signer.post(f"{ROOM}/signature", {"kind": "typed", "name": "Matti Meikäläinen", "hand": "kalam"})
    return signer


def test_the_sign_page_comes_after_the_look(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    assert signer.get(f"{ROOM}/sign")["Location"] == f"{ROOM}/signature"


def test_without_the_tick_nothing_is_signed(core: FakeGateway, ready: Client) -> None:
    form = hidden(ready.get(f"{ROOM}/sign"))
    response = ready.post(f"{ROOM}/sign", form)
    assert response.status_code == 422
    assert html(response).count("Tick the box to sign.") == 2
    assert core.sign_calls == 0
    assert hidden(response)["request_key"] == form["request_key"], "the same press stays the same request"


def test_signing_carries_what_was_shown(core: FakeGateway, ready: Client) -> None:
    page = ready.get(f"{ROOM}/sign")
    assert heading(page) == "Sign 2 documents"
    form = hidden(page)
    response = ready.post(f"{ROOM}/sign", form | {"agree": "on"})
    assert (response.status_code, response["Location"]) == (303, f"{ROOM}/done")
    [request] = core.signed.values()
    assert (request.revision, request.digest, request.request_key) == ("7", "9f" * 32, form["request_key"])
    assert request.consent_text == "I have read the documents listed above and sign them electronically."
    assert ready.post(f"{ROOM}/sign", form | {"agree": "on"})["Location"] == f"{ROOM}/done"
    assert len(core.signed) == 1
    done = ready.get(f"{ROOM}/done")
    assert heading(done) == "You have signed"
    assert "2 documents, 1 May 2026, 14:02 (UTC+3)." in html(done)


def test_the_senders_own_consent_stands_word_for_word(core: FakeGateway, ready: Client) -> None:
    core.room = replace(core.room, consent_text="I <accept> the lease & the rules.")
    form = hidden(ready.get(f"{ROOM}/sign"))
    ready.post(f"{ROOM}/sign", form | {"agree": "on"})
    assert next(iter(core.signed.values())).consent_text == "I <accept> the lease & the rules."


def test_a_document_that_moved_is_not_signed(core: FakeGateway, ready: Client) -> None:
    form = hidden(ready.get(f"{ROOM}/sign"))
    core.room = replace(core.room, revision="8")
    response = ready.post(f"{ROOM}/sign", form | {"agree": "on"})
    assert (response.status_code, heading(response)) == (409, "The document has just changed")
    assert core.signed == {}


@pytest.mark.parametrize(
    ("signing", "status", "h1", "words"),
    [
        (
            Signing(Outcome.NOT_READY, Reason.NO_TIME),
            503,
            "Not possible right now",
            "could not get a trusted time",
        ),
        (
            Signing(Outcome.NOT_READY, Reason.NO_SCAN),
            503,
            "Not possible right now",
            "could not check the file",
        ),
        (Signing(Outcome.NOT_SIGNED, Reason.TURN_ENDED), 409, "Not signed", "Your turn to sign has ended"),
        (Signing(Outcome.NOT_SIGNED, Reason.EXPIRED), 409, "Not signed", "The time to sign has run out"),
        (Signing(Outcome.NOT_SIGNED, Reason.BUSY), 409, "Not signed", "Others sign at this moment"),
    ],
)
def test_a_refused_signature_says_why(
    core: FakeGateway, ready: Client, signing: Signing, status: int, h1: str, words: str
) -> None:
    form = hidden(ready.get(f"{ROOM}/sign"))
    core.next_signing = signing
    response = ready.post(f"{ROOM}/sign", form | {"agree": "on"})
    assert (response.status_code, heading(response)) == (status, h1)
    assert words in html(response)
    assert "You have signed nothing" in html(response)


# --- refusing, and the states beside the path ------------------------------------------------------------
def test_refusing_may_need_a_reason(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ, reason_required=True)
    assert "Tell Anna Virtanen why you refuse." in html(signer.post(f"{ROOM}/refuse", {"reason": " "}))
    assert "it has 2049." in html(signer.post(f"{ROOM}/refuse", {"reason": "x" * 2049}))
    assert core.declined == []
    assert signer.post(f"{ROOM}/refuse", {"reason": "The rent is wrong"}).status_code == 303
    assert core.declined == ["The rent is wrong"]
    assert heading(signer.get(f"{ROOM}/")) == "You have refused"


def test_where_refusing_is_off_there_is_no_way_to_it(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ, may_decline=False)
    assert "does not offer refusing here" in html(signer.get(f"{ROOM}/read"))
    assert f"{ROOM}/refuse" not in html(signer.get(f"{ROOM}/read"))
    signer.post(f"{ROOM}/refuse", {"reason": "no"})
    assert core.declined == []


SIDES = {
    State.PREPARING: "The documents are being prepared",
    State.LOCKED: "Too many wrong codes",
    State.DECLINED: "You have refused",
    State.STOPPED: "Signing has stopped",
    State.EXPIRED: "The time to sign has run out",
    State.SUPERSEDED: "There is a newer version",
    State.CANCELLED: "Anna Virtanen has called this off",
    State.ON_HOLD: "Signing is paused",
    State.NOT_YOUR_TURN: "It is not your turn yet",
    State.REMOVED: "This document has been removed",
    State.SITTING_OVER: "We closed the document",
    State.HANDED_ON: "Handed on to Sofia Korhonen",
    State.SIGN_IN_OVER: "This sign-in has run out",
}
PATH = {
    State.LINK: "code",
    State.CODE: "code",
    State.READ: "read",
    State.VIEW: "read",
    State.ONE_TIME: "one-time",
    State.IDENTIFY: "identify",
    State.SIGNED: "done",
    State.COMPLETED: "done",
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page_and_one_button_at_most(
    core: FakeGateway, signer: Client, state: State
) -> None:
    asked = {State.ONE_TIME: Asked.ONE_TIME, State.IDENTIFY: Asked.PROVIDER}.get(state, Asked.NOTHING)
    code = Code(locked_until=datetime.now(UTC) + timedelta(minutes=5))
    core.room = room(state, ended_at=NOW, code=code, asked=asked, handed_to="Sofia Korhonen", people=())
    response = signer.get(f"{ROOM}/")
    if state in PATH:
        assert response["Location"] == f"{ROOM}/{PATH[state]}"
        return
    assert heading(response) == SIDES[state]
    assert html(response).count('class="button primary') <= 1
    assert "sofia" not in html(response).lower() or state is State.HANDED_ON


def test_the_newer_link_goes_to_the_address_on_file_only(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.SUPERSEDED, ended_at=NOW)
    for address in (f"{LINK}/resend", f"{ROOM}/resend"):
        response = signer.post(address)
        assert "its link is on its way" in html(response)
        assert "/room/l/" not in html(response).replace(LINK, "")
    assert core.resent == 2


def test_a_waiting_page_is_told_when_to_load_again(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.PREPARING)
    page = html(signer.get(f"{ROOM}/"))
    word = re.findall(r'data-state="([^"]+)"', page)[0]
    assert signer.get(f"{ROOM}/state").json()["state"] == word
    core.room = room(State.READ)
    assert signer.get(f"{ROOM}/state").json()["state"] != word
    assert '<noscript><meta http-equiv="refresh"' in page


def test_the_sealed_file_appears_when_it_is_ready(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.COMPLETED, signed_at=NOW)
    page = html(signer.get(f"{ROOM}/done"))
    assert "being made" in page
    assert "/sealed/" not in page
    assert signer.get(f"{ROOM}/sealed/1").status_code == 404
    core.room = replace(core.room, documents=tuple(replace(d, sealed=True) for d in core.room.documents))
    assert f"{ROOM}/sealed/2" in html(signer.get(f"{ROOM}/done"))
    response = signer.get(f"{ROOM}/sealed/1")
    assert response["Content-Disposition"] == 'attachment; filename="Lease.pdf"'
    assert b"".join(response.streaming_content) == b"%PDF-1.7 sealed"


def test_opened_again_after_signing(core: FakeGateway, outside: Client) -> None:
    core.room = room(State.SIGNED, signed_at=NOW)
    response = outside.get(LINK)
    assert heading(response) == "You have already signed"
    assert "Show what I signed" in html(response)


def test_text_from_people_is_text(core: FakeGateway, signer: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    documents = (replace(room().documents[0], name=f"{evil}.pdf"),)
    core.room = room(
        State.READ,
        title=evil,
        sender=evil,
        organization=evil,
        message=evil,
        recipient=evil,
        documents=documents,
        kept=Kept("typed", "1"),
    )
    for address in (
        LINK,
        f"{ROOM}/read",
        f"{ROOM}/signature",
        f"{ROOM}/sign",
        f"{ROOM}/refuse",
        f"{ROOM}/words/1",
    ):
        assert "<img src=x" not in html(signer.get(address)), address


# --- finishing later, drawing elsewhere --------------------------------------------------------------------
def test_finishing_later_sends_the_link_to_the_address_on_file_or_leaves(
    core: FakeGateway, signer: Client
) -> None:
    core.room = room(State.READ)
    assert "Your link works until 3 May 2026." in html(signer.get(f"{ROOM}/later"))
    assert "on its way to your mail" in html(signer.post(f"{ROOM}/later", {"what": "send"}))
    assert core.resent == 1
    left = signer.post(f"{ROOM}/later", {"what": "leave"})
    assert heading(left) == "You have left"
    assert (left.cookies["room"].value, left.cookies["room"]["path"]) == ("", ROOM)
    assert "Lease" not in html(left)


def test_the_page_with_the_code_for_a_phone(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    assert signer.get(f"{ROOM}/phone")["Location"] == f"{ROOM}/signature"
    assert signer.get(f"{ROOM}/phone.svg").status_code == 404
    assert signer.post(f"{ROOM}/phone")["Location"] == f"{ROOM}/phone"
    page = html(signer.get(f"{ROOM}/phone"))
    assert f"http://testserver/room/p/{PAD}" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert signer.get(f"{ROOM}/phone.svg")["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize("address", [PAD[:-1], "unknown", f"{PAD}x", "%00"])
def test_a_phone_with_another_address_is_told_nothing(
    core: FakeGateway, outside: Client, address: str
) -> None:
    core.room = room(State.READ, pad=Pad(PAD, "47"))
    answer = outside.get(f"/room/p/{address}")
    assert (answer.status_code, heading(answer)) == (404, "Start again on the other screen")
    assert outside.post(f"/room/p/{address}", {"path": DRAWN}).status_code == 404
    assert core.appearance is None


def test_a_phone_draws_only_after_it_has_begun(core: FakeGateway, outside: Client) -> None:
    core.room = room(State.READ, pad=Pad(PAD, "47"))
    first = outside.post(f"/room/p/{PAD}", {"path": DRAWN})
    assert (first.status_code, first.cookies["pad"]["path"]) == (303, f"/room/p/{PAD}")
    assert core.appearance is None
    assert "Draw a little more" in html(outside.post(f"/room/p/{PAD}", {"path": "M0 0L20 5Z"}))
    assert heading(outside.post(f"/room/p/{PAD}", {"path": DRAWN})) == "Sent"
    assert core.appearance is not None


def test_a_preview_of_a_picture_is_a_picture_or_words(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    wrong = signer.post(f"{ROOM}/picture", {"image": SimpleUploadedFile("me.png", b"%PDF-1.7", "image/png")})
    assert (wrong.status_code, wrong.content) == (422, b"Choose a PNG or JPEG picture.")
    out = io.BytesIO()
    Image.new("L", (200, 80), 255).save(out, "PNG")
    upload = SimpleUploadedFile("me.png", out.getvalue(), "image/png")
    right = signer.post(f"{ROOM}/picture", {"image": upload, "shade": "-40"})
    assert (right.status_code, right["Content-Type"], core.shades) == (200, "image/png", [-40])


def test_it_is_not_your_turn_yet_says_how_many_come_before(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.NOT_YOUR_TURN, ahead=2)
    assert "2 of 3 sign before you" in html(signer.get(f"{ROOM}/"))
    core.room = room(State.NOT_YOUR_TURN, ahead=1)
    assert "1 of 3 signs before you" in html(signer.get(f"{ROOM}/"))


def test_places_come_from_a_stylesheet_of_this_revision(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ, places=PLACES)
    style = signer.get(f"{ROOM}/fields-{core.room.places_revision}.css")
    assert style["Content-Type"] == "text/css"
    assert b"#place-1{left:12.000%;top:60.000%;width:38.000%;height:9.500%}" in style.content
    assert "immutable" in style["Cache-Control"]
    assert "immutable" not in signer.get(f"{ROOM}/fields-other.css")["Cache-Control"]


@pytest.mark.parametrize("asked", ["", "0", "-1", "x", "9" * 6, "٣"])
def test_a_screen_is_found_whatever_is_asked(core: FakeGateway, signer: Client, asked: str) -> None:
    core.room = room(State.READ)
    assert signer.get(f"{ROOM}/read", {"from": asked}).status_code == 200
