"""The room's pages, asked as a browser would: what they show, what they change, what they keep to themselves."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from undersigned.room.forms import path_box
from undersigned.room.gateway import Code, State

from .asking import DRAWN, LINK, ROOM, heading, html, title
from .fake_gateway import CODE, PLACES, ROOM_ID, SECRET, WORDS, FakeGateway, room


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
    preview = f"{ROOM}/signature.svg?name=Matti&hand=kalam"
    assert [signer.get(preview).status_code for _ in range(21)] == [200] * 20 + [429]
    assert 1 <= int(signer.get(preview)["Retry-After"]) <= 60


HTML = {"HTTP_ACCEPT": "text/html"}


@pytest.mark.parametrize(
    ("state", "path", "form", "tries"),
    [
        (State.LINK, LINK, {}, 30),
        (State.LINK, "/room/l/{n:030d}", {}, 60),
        (State.SUPERSEDED, f"{LINK}/resend", {}, 20),
        (State.SUPERSEDED, f"{ROOM}/resend", {}, 20),
        (State.CODE, f"{ROOM}/code", {"code": "AAAAAA"}, 60),
        (State.CODE, f"{ROOM}/code/again", {}, 20),
        (State.READ, f"{ROOM}/signature", {"kind": "typed", "name": "Matti"}, 30),
    ],
)
def test_one_address_cannot_go_on_for_ever(
    core: FakeGateway, signer: Client, state: State, path: str, form: dict[str, str], tries: int
) -> None:
    def knock(n: int, **extra: str) -> HttpResponse:
        core.room = room(state, code=Code(by_sms=True))
        return signer.post(path.format(n=n), form, **HTML, **extra)

    assert 429 not in {knock(n).status_code for n in range(tries)}
    before = (len(core.opened), core.resent)
    refused = knock(0)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 600
    assert refused["Cache-Control"] == "no-store"
    assert heading(refused) == "Too many tries"
    assert (len(core.opened), core.resent) == before
    assert core.room == room(state, code=Code(by_sms=True))
    if state in (State.LINK, State.READ) and path.startswith((LINK, ROOM)):
        return  # counted by link or sitting, whatever the address
    assert knock(1, REMOTE_ADDR="198.51.100.8").status_code != 429


def test_a_request_of_fifty_documents_has_an_address_for_its_places(
    core: FakeGateway, signer: Client
) -> None:
    revision = "-".join(str(1_234_567 + n) for n in range(50))
    core.room = room(State.READ, places=PLACES, revision=revision)
    page = html(signer.get(f"{ROOM}/read"))
    [style] = re.findall(rf'href="({ROOM}/fields-[^"]+\.css)"', page)
    answer = signer.get(style)
    assert b"#place-2{" in answer.content
    assert "immutable" in answer["Cache-Control"]
