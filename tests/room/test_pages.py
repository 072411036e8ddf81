"""The room's pages, asked as a browser would: what they show, what they change, what they keep to themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from undersigned.room.forms import path_box
from undersigned.room.gateway import Code, Kept, Outcome, Reason, Signing, State

from .fake_gateway import CODE, NOW, ROOM_ID, SECRET, TOKEN, WORDS, FakeGateway, room

LINK = f"/room/l/{TOKEN}"
ROOM = f"/room/{ROOM_ID}"
DRAWN = "M0.0 0.0Q100 20.5 200 0L200 60C1 2 3 4 5.5 6Z"


def html(response: HttpResponse) -> str:
    return response.content.decode()


def heading(response: HttpResponse) -> str:
    return re.findall(r"<h1[^>]*>(.*?)</h1>", html(response), re.S)[0].strip()


def title(response: HttpResponse) -> str:
    return re.findall(r"<title>(.*?)</title>", html(response), re.S)[0]


def hidden(response: HttpResponse) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html(response)))


# --- the link --------------------------------------------------------------------------------------
def test_looking_at_the_link_ten_times_opens_nothing(core: FakeGateway, outside: Client) -> None:
    for _ in range(10):
        response = outside.get(LINK)
    assert heading(response) == "Anna Virtanen of Board Oy asks you to sign"
    assert "please by 3 May 2026" in html(response)
    assert core.opened == []
    assert response["Cache-Control"] == "private, no-store"


def test_opening_hides_the_token_behind_a_cookie_of_this_room(core: FakeGateway, outside: Client) -> None:
    response = outside.post(LINK, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox")
    assert (response.status_code, response["Location"]) == (303, f"{ROOM}/")
    cookie = response.cookies["room"]
    assert (cookie.value, cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        SECRET,
        ROOM,
        True,
        "Lax",
    )
    assert not cookie["secure"]
    assert [(c.ip, c.agent) for c in core.opened] == [("192.0.2.7", "Firefox")]


def test_the_cookie_is_secure_behind_https(
    core: FakeGateway, outside: Client, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = "https://sign.example"
    assert outside.post(LINK).cookies["room"]["secure"]


def test_forwarded_addresses_count_only_from_our_own_proxies(
    core: FakeGateway, outside: Client, settings: LazySettings
) -> None:
    forged = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9", "REMOTE_ADDR": "10.0.0.1"}
    outside.post(LINK, **forged)
    settings.TRUSTED_PROXIES = 1
    outside.post(LINK, **forged)
    assert [c.ip for c in core.opened] == ["10.0.0.1", "203.0.113.9"]


def test_opening_needs_the_page(core: FakeGateway) -> None:
    assert Client(enforce_csrf_checks=True).post(LINK).status_code == 403
    assert core.opened == []


@pytest.mark.parametrize(
    "address",
    ["/room/l/unknown", "/room/l/%00%ff", f"/room/{ROOM_ID}/read", "/room/foreign/", f"{ROOM}/code"],
)
def test_unknown_foreign_and_malformed_look_the_same(
    core: FakeGateway, outside: Client, address: str
) -> None:
    response = outside.get(address)
    assert response.status_code == 404
    assert html(response) == html(outside.get("/room/l/another"))
    assert heading(response) == "This link does not work"


def test_a_foreign_cookie_opens_nothing(core: FakeGateway) -> None:
    core.room = room(State.READ)
    client = Client()
    client.cookies.load({"room": "guessed"})
    assert client.get(f"{ROOM}/read").status_code == 404


@pytest.mark.parametrize("state", [State.LINK, State.CODE])
def test_a_protected_request_names_nothing_before_the_code(
    core: FakeGateway, signer: Client, state: State
) -> None:
    core.room = room(state, protected=True)
    page = html(signer.get(LINK if state is State.LINK else f"{ROOM}/code"))
    for secret in ("Lease", "House rules", "Anna", "Matti", "Sofia", "anna@board.example"):
        assert secret not in page
    assert "Board Oy" in page


# --- the code --------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["NSZX7G", "nszx7g ", " ns-zx 7g", "NSZ\u00a0X7G"])
def test_the_code_may_be_written_as_people_do(core: FakeGateway, signer: Client, typed: str) -> None:
    core.room = room(State.CODE)
    response = signer.post(f"{ROOM}/code", {"code": typed})
    assert (response.status_code, response["Location"]) == (303, f"{ROOM}/")
    assert core.room.state is State.READ


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter your code."),
        ("abc", "The code has 6 characters; you entered 3."),
        ("AAAAAA", "That code is not right. 4 tries left. Check 0 and O, 1 and I."),
    ],
)
def test_a_wrong_code_says_so_beside_the_field_and_above(
    core: FakeGateway, signer: Client, typed: str, words: str
) -> None:
    core.room = room(State.CODE)
    response = signer.post(f"{ROOM}/code", {"code": typed})
    assert response.status_code == 422
    assert title(response).startswith("Error: Enter your code")
    assert html(response).count(words) == 2
    assert 'href="#id_code"' in html(response)
    assert 'aria-describedby="id_code_error"' in html(response)
    assert f'value="{typed}"' in html(response) or not typed


def test_after_five_wrong_codes_even_the_right_one_fails(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.CODE)
    for _ in range(5):
        response = signer.post(f"{ROOM}/code", {"code": "AAAAAA"})
    assert response.status_code == 303
    page = signer.get(f"{ROOM}/")
    assert heading(page) == "Too many wrong codes"
    assert re.search(r"try again at \d\d:\d\d\.", html(page))
    signer.post(f"{ROOM}/code", {"code": CODE})
    assert core.room.state is State.LOCKED


def test_another_sms_only_after_a_while(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.CODE, code=Code(by_sms=True, ending="67"))
    page = html(signer.get(f"{ROOM}/code"))
    assert "number ending 67" in page
    assert "We sent the code again." in html(signer.post(f"{ROOM}/code/again"))
    assert re.search(r"You can ask for a new code in \d+ seconds", html(signer.post(f"{ROOM}/code/again")))
    assert core.resent == 1


def test_the_code_page_is_the_only_way_in(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.CODE)
    for page in (
        "read",
        "signature",
        "sign",
        "refuse",
        "done",
        "words/1",
        "page/d1/v1/1-600.jpg",
        "text/d1/v1/1.json",
        "file/1",
        "sealed/1",
    ):
        response = signer.get(f"{ROOM}/{page}")
        assert (response.status_code, response["Location"]) == (303, f"{ROOM}/"), page
    signer.post(f"{ROOM}/refuse", {"reason": "no"})
    signer.post(f"{ROOM}/signature", {"kind": "typed", "name": "M"})
    assert core.declined == []
    assert core.appearance is None


# --- reading ---------------------------------------------------------------------------------------
def test_pages_are_there_with_their_sizes(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    page = html(signer.get(f"{ROOM}/read"))
    assert page.count('class="sheet-page"') == 6
    assert 'width="595" height="842"' in page
    assert 'aria-label="Page 2 of 4"' in page
    assert title(signer.get(f"{ROOM}/read")) == "Read the documents - Lease, Main Street 1 - Anna Virtanen"
    assert not re.search(r'\sstyle="|<script>|\son[a-z]+="', page), (
        "the content security policy would block it"
    )


def test_page_pictures_are_kept_by_this_browser_alone(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    response = signer.get(f"{ROOM}/page/d1/v1/2-600.jpg")
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert core.images == [("d1", 2, 600)]
    for bad in (
        "page/d1/v1/2-601.jpg",
        "page/d1/v1/9-600.jpg",
        "page/d1/old/2-600.jpg",
        "page/other/v1/1-600.jpg",
    ):
        assert signer.get(f"{ROOM}/{bad}").status_code == 404, bad


def test_text_comes_with_places_and_as_a_page(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    lines = signer.get(f"{ROOM}/text/d1/v1/1.json").json()["lines"]
    assert [line[0] for line in lines] == WORDS
    assert all(0 <= n <= 100 for line in lines for n in line[1:])
    assert "The rent is 1,240 euros" in html(signer.get(f"{ROOM}/words/1?from=3"))
    assert signer.get(f"{ROOM}/words/3").status_code == 404


def test_a_scan_says_that_it_has_no_text(core: FakeGateway, signer: Client) -> None:
    scan = replace(room().documents[0], id="scan")
    core.room = room(State.READ, documents=(scan,))
    assert "Page 1 is a picture without text. Ask Anna Virtanen" in html(signer.get(f"{ROOM}/words/1"))


def test_long_texts_come_ten_pages_at_a_time(core: FakeGateway, signer: Client) -> None:
    long = replace(room().documents[0], pages=room().documents[0].pages * 6)
    core.room = room(State.READ, documents=(long,))
    page = html(signer.get(f"{ROOM}/words/1?from=11"))
    assert re.findall(r'id="t-(\d+)"', page) == [str(n) for n in range(11, 21)]
    assert 'href="?from=1"' in page
    assert 'href="?from=21"' in page
    assert signer.get(f"{ROOM}/words/1?from=99999999999").status_code == 200


def test_the_unsigned_file_is_named_so(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    response = signer.get(f"{ROOM}/file/2")
    assert response["Content-Disposition"] == 'attachment; filename="House rules (not signed).pdf"'
    assert b"".join(response.streaming_content) == b"%PDF-1.7 unsigned"
    assert signer.get(f"{ROOM}/file/3").status_code == 404
    assert signer.get(f"{ROOM}/sealed/1").status_code == 303


# --- the signature -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose how your signature should look."),
        ({"kind": "typed", "name": "  "}, "Enter your name."),
        ({"kind": "typed", "name": "ꙮ"}, "We cannot draw “ꙮ”. Choose Draw or Upload."),
        ({"kind": "drawn"}, "Draw your signature, or type or upload it."),
        ({"kind": "drawn", "path": "M0 0L20 5Z"}, "Draw a little more; this is too small to be seen."),
        (
            {"kind": "drawn", "path": "M0 0<script>"},
            "Draw your signature once more; it did not arrive whole.",
        ),
        ({"kind": "uploaded"}, "Choose a PNG or JPEG picture."),
    ],
)
def test_a_look_that_cannot_be_used_is_refused_in_words(
    core: FakeGateway, signer: Client, data: dict[str, str], words: str
) -> None:
    core.room = room(State.READ)
    response = signer.post(f"{ROOM}/signature", data)
    assert response.status_code == 422
    assert html(response).count(words) == 2
    assert title(response).startswith("Error: ")
    for anchor in re.findall(r'<li><a href="#([^"]+)"', html(response)):
        assert f'id="{anchor}"' in html(response)
    assert core.appearance is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "Choose a PNG or JPEG picture."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Choose a PNG or JPEG picture."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 6_000_000, "The picture is 5.7 MB; 5 MB is the most."),
        (b"\x89PNG\r\n\x1a\nbroken", "Choose a PNG or JPEG picture."),
    ],
)
def test_uploads_other_than_pictures_are_refused(
    core: FakeGateway, signer: Client, content: bytes, words: str
) -> None:
    core.room = room(State.READ)
    upload = SimpleUploadedFile("me.png", content, "image/png")
    response = signer.post(f"{ROOM}/signature", {"kind": "uploaded", "image": upload})
    assert response.status_code == 422
    assert html(response).count(words) == 2


def test_a_drawn_signature_is_kept(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    response = signer.post(f"{ROOM}/signature", {"kind": "drawn", "path": DRAWN})
    assert (response.status_code, response["Location"]) == (303, f"{ROOM}/sign")
    assert core.appearance is not None
    assert (core.appearance.path, core.appearance.width, core.appearance.height) == (DRAWN, 200, 60)
    picture = signer.get(f"{ROOM}/kept")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "sandbox" in picture["Content-Security-Policy"]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "L0 0",
        "M0",
        "M0 0 1",
        "M1 2 3 4",
        "M0 0A1 1 0 0 0 1 1",
        "M0 0l1 1",
        "M0 0L-1 0",
        "M0 0L1e3 0",
        "M0 0L9999 0",
        "M0 0L1.25 0",
        "M0 0" + "L1 1" * 8000,
    ],
)
def test_only_the_pads_own_path_data_passes(data: str) -> None:
    with pytest.raises(ValueError):
        path_box(data)


def test_previews_are_limited(core: FakeGateway, signer: Client) -> None:
    core.room = room(State.READ)
    cache.clear()
    answers = [signer.get(f"{ROOM}/signature.svg?name=Matti&hand=kalam").status_code for _ in range(41)]
    assert answers.count(200) >= 20
    assert 429 in answers, "forty-one within two windows of a minute"
    assert signer.get(f"{ROOM}/signature.svg?name=Matti&hand=other").status_code in (404, 429)


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
}
PATH = {
    State.LINK: "code",
    State.CODE: "code",
    State.READ: "read",
    State.SIGNED: "done",
    State.COMPLETED: "done",
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page_and_one_button_at_most(
    core: FakeGateway, signer: Client, state: State
) -> None:
    core.room = room(state, ended_at=NOW, code=Code(locked_until=datetime.now(UTC) + timedelta(minutes=5)))
    response = signer.get(f"{ROOM}/")
    if state in PATH:
        assert response["Location"] == f"{ROOM}/{PATH[state]}"
        return
    assert heading(response) == SIDES[state]
    assert html(response).count('class="button primary') <= 1
    assert "sofia" not in html(response).lower()


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
    assert signer.get(f"{ROOM}/state").json() == {"state": word}
    core.room = room(State.READ)
    assert signer.get(f"{ROOM}/state").json() != {"state": word}
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
