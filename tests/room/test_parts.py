"""Several documents in one sitting, each with what is asked: read, fill in, add a file, sign; handing on; back to the sender's own pages."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings

from undersigned.room.documents import Document
from undersigned.room.gateway import Room, State
from undersigned.room.identifying import Asked, OneTime
from undersigned.room.looks import Look
from undersigned.room.parts import Act, Hand, NewPerson, Part, ReturnUrls

from .asking import DRAWN, LINK, ROOM, heading, hidden, html
from .fake_gateway import WAYS, FakeGateway, room, three

URLS = ReturnUrls(
    "https://shop.example/done?o=4711&t=a%20b", "http://shop.example:8080/no#x", "https://later.example/"
)


def order(state: State = State.READ, **changes: object) -> Room:
    return room(state, **({"documents": three(), "may_forward": True} | changes))


@pytest.fixture
def in_order(core: FakeGateway, signer: Client) -> Client:
    core.room = order()
    return signer


# --- the sender's words --------------------------------------------------------------------------------
def test_the_senders_words_come_before_anything_is_read(core: FakeGateway, in_order: Client) -> None:
    core.room = order(
        dialog_title="Before <you> begin", dialog_message="Have your\n\ncontract ready: http://x.example/"
    )
    pages = ("", "/documents", "/document/1", "/document/2/file", "/read", "/sign", "/signature")
    for page in pages:
        assert in_order.get(ROOM + (page or "/"))["Location"] == f"{ROOM}/message", page
    said = in_order.get(f"{ROOM}/message")
    assert heading(said) == "Before &lt;you&gt; begin"
    assert "<p>contract ready: http://x.example/</p>" in html(said), "text, no link"
    went = in_order.post(f"{ROOM}/message")
    assert (went["Location"], went.cookies["heard"]["path"]) == (f"{ROOM}/", ROOM)
    assert in_order.get(f"{ROOM}/")["Location"] == f"{ROOM}/documents"
    assert in_order.get(f"{ROOM}/documents").status_code == 200


def test_the_senders_words_wait_for_the_proof(core: FakeGateway, signer: Client) -> None:
    core.room = room(
        State.ONE_TIME, dialog_title="Hello", asked=Asked.ONE_TIME, one_time=OneTime(to="m", sent=True)
    )
    assert signer.get(f"{ROOM}/")["Location"] == f"{ROOM}/one-time"
    assert signer.get(f"{ROOM}/message")["Location"] == f"{ROOM}/"


# --- what is asked ----------------------------------------------------------------------------------------
def test_what_is_asked_stands_with_each_document(core: FakeGateway, in_order: Client) -> None:
    assert in_order.get(f"{ROOM}/")["Location"] == f"{ROOM}/documents"
    assert in_order.get(f"{ROOM}/read")["Location"] == f"{ROOM}/documents"
    page = html(in_order.get(f"{ROOM}/documents"))
    assert "3 documents for you" in page
    assert "0 of 3 done." in page
    for words in ("Terms of the house", "Your application", "Lease.pdf", "Fill in, Sign", "Next: read"):
        assert words in page
    assert f'href="{ROOM}/document/1"' in page


def test_one_after_the_other_to_the_signature(core: FakeGateway, in_order: Client) -> None:
    assert "I have read it" in html(in_order.get(f"{ROOM}/document/1"))
    assert in_order.post(f"{ROOM}/document/1")["Location"] == f"{ROOM}/document/2"
    page = html(in_order.get(f"{ROOM}/document/2"))
    assert "Document 2 of 3. 1 of 3 done." in " ".join(page.replace("</p>", "").split())
    assert in_order.get(f"{ROOM}/sign")["Location"] == f"{ROOM}/documents", "not before the form is filled in"
    filled = in_order.post(f"{ROOM}/document/2/form", {"f1": "Main Street 1", "f4": "m", "finish": "1"})
    assert filled["Location"] == f"{ROOM}/document/3", "what is only signed is read first"
    core.room = replace(core.room, documents=tuple(replace(d, seen=2) for d in core.room.documents))
    page = html(in_order.get(f"{ROOM}/documents"))
    assert "Only your signature is left." in page
    assert in_order.get(f"{ROOM}/sign")["Location"] == f"{ROOM}/signature"


@pytest.mark.parametrize(
    ("act", "page"),
    [("document", "/document/{}"), ("file", "/document/{}/file"), ("form", "/document/{}/form")],
)
@pytest.mark.parametrize("number", [0, 4, 99])
def test_other_documents_are_unknown(
    core: FakeGateway, in_order: Client, act: str, page: str, number: int
) -> None:
    address = ROOM + page.format(number)
    assert in_order.post(address, {"finish": "1"}).status_code == 404
    if act != "form":
        assert in_order.get(address).status_code == 404


def test_a_document_shows_itself_alone(core: FakeGateway, in_order: Client) -> None:
    page = html(in_order.get(f"{ROOM}/document/3"))
    assert f"{ROOM}/page/d3/v1/1-1000.jpg" in page
    assert "/page/d1/" not in page
    assert 'id="p-3-1"' in page


# --- the form ----------------------------------------------------------------------------------------------
def test_the_form_shows_every_kind_and_where_it_stands(core: FakeGateway, in_order: Client) -> None:
    page = html(in_order.get(f"{ROOM}/document/2"))
    for control in (
        '<input class="input" dir="auto" type="text" id="id_f1"',
        '<textarea class="input" dir="auto" rows="4" id="id_f2"',
        '<input type="checkbox" id="id_f3" name="f3" value="Yes"',
        '<input type="radio" name="f4" value="m"',
        '<select class="input" dir="auto" id="id_f5"',
    ):
        assert control in page
    assert 'id="at-4-2" href="#id_f4"' in page
    assert 'id="at-6-1"' not in page, "what the sender filled in stands on the page itself"
    assert "2 required fields left" in page
    style = in_order.get(f"{ROOM}/document/2/form-v1.css")
    assert b"#at-1-1{left:12.000%;top:30.000%;width:50.000%;height:3.000%}" in style.content
    assert "immutable" in style["Cache-Control"]


def test_a_field_is_kept_when_it_is_left(core: FakeGateway, in_order: Client) -> None:
    address = f"{ROOM}/document/2/form"
    told = in_order.post(address, {"f1": "Main Street 1", "f2": "not this", "only": "f1"}).json()
    assert told == {"error": "", "left": 1, "said": "Saved. 1 required field left"}
    assert [f.value for f in core.room.documents[1].form[:2]] == ["Main Street 1", ""]
    told = in_order.post(address, {"f1": "x" * 41, "only": "f1"}).json()
    assert told["error"] == "Address can have 40 characters."
    assert core.room.documents[1].form[0].value == "Main Street 1"
    assert in_order.post(address, {"only": "f3"}).json()["error"] == "", (
        "a box that is not ticked sends nothing"
    )
    in_order.post(address, {"f6": "mine", "only": "f6"})
    assert core.room.documents[1].form[5].value == "4711", "read only"


def test_what_is_missing_is_said_beside_the_fields(core: FakeGateway, in_order: Client) -> None:
    answer = in_order.post(f"{ROOM}/document/2/form", {"f2": "Two cats", "finish": "1"})
    page = html(answer)
    assert answer.status_code == 422
    assert page.count("Enter Address.") == 2
    assert page.count("Choose Rent is paid.") == 2
    assert 'href="#id_f4"' in page
    assert ">\nTwo cats</textarea>" in page
    assert core.room.documents[1].open is not None
    saved = in_order.post(f"{ROOM}/document/2/form", {"f1": "Main Street 1", "save": "1"})
    assert saved["Location"] == f"{ROOM}/document/2"


# --- adding a file --------------------------------------------------------------------------------------------
@pytest.fixture
def bringing(core: FakeGateway, in_order: Client) -> Client:
    wanted = Document(
        "d2", "Payslip", "", (), 0, caption="your payslip", parts=(Part(Act.UPLOAD),), to_seal=False
    )
    core.room = order(documents=(three()[0], wanted, three()[2]))
    return in_order


def test_a_file_is_added_and_then_shows(core: FakeGateway, bringing: Client) -> None:
    assert bringing.get(f"{ROOM}/document/2")["Location"] == f"{ROOM}/document/2/file"
    page = bringing.get(f"{ROOM}/document/2/file")
    assert heading(page) == "Add your payslip"
    pdf = SimpleUploadedFile("pay.pdf", b"%PDF-1.7 x", "application/pdf")
    assert bringing.post(f"{ROOM}/document/2/file", {"file": pdf})["Location"] == f"{ROOM}/document/2"
    assert core.brought == [("pay.pdf", 10, False)]
    assert "pay.pdf" in html(bringing.get(f"{ROOM}/document/2"))
    again = SimpleUploadedFile("other.pdf", b"%PDF-1.7 x", "application/pdf")
    bringing.post(f"{ROOM}/document/2/file", {"file": again})
    assert len(core.brought) == 1


def test_a_picture_is_taken(core: FakeGateway, bringing: Client) -> None:
    assert 'capture="environment"' in html(bringing.get(f"{ROOM}/document/2/file"))
    picture = SimpleUploadedFile("photo.jpg", b"\xff\xd8\xff", "image/jpeg")
    assert bringing.post(f"{ROOM}/document/2/file", {"picture": picture}).status_code == 303
    assert core.brought == [("photo.jpg", 3, True)]


@override_settings(MAX_UPLOAD_BYTES=60 << 20)
@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "Choose a file."), (b"PK", "This is not a PDF."), (b"", "The submitted file is empty.")],
)
def test_what_is_wrong_with_a_file_is_said(
    core: FakeGateway, bringing: Client, content: bytes | None, words: str
) -> None:
    data = {} if content is None else {"file": SimpleUploadedFile("a.pdf", content)}
    answer = bringing.post(f"{ROOM}/document/2/file", data)
    assert answer.status_code == 422
    assert html(answer).count(words) == 2
    assert core.brought == []


def test_a_file_that_is_too_large_is_said_with_its_size(
    core: FakeGateway, bringing: Client, settings: object
) -> None:
    settings.MAX_UPLOAD_BYTES = 1 << 20  # type: ignore[attr-defined]
    large = SimpleUploadedFile("a.pdf", io.BytesIO(b"%PDF-" + bytes(1_200_000)).read())
    assert "The file is 1.1 MB; 1 MB is the most." in html(
        bringing.post(f"{ROOM}/document/2/file", {"file": large})
    )
    assert core.brought == []


# --- the end ---------------------------------------------------------------------------------------------------
def ready(core: FakeGateway, **changes: object) -> None:
    done = tuple(
        replace(d, seen=2, parts=tuple(replace(p, done=p.act is not Act.SIGN) for p in d.parts))
        for d in three()
    )
    core.room = order(**({"documents": done, "return_urls": URLS, "look": Look.NAME} | changes))


def test_the_senders_text_and_line_for_each_document_are_agreed_to(
    core: FakeGateway, in_order: Client
) -> None:
    ready(core, consent_text="I <accept>:", return_urls=ReturnUrls())
    page = in_order.get(f"{ROOM}/sign")
    assert heading(page) == "Sign 2 documents"
    assert "I &lt;accept&gt;:\nI apply.\nI rent the rooms.</span>" in html(page)
    assert "Terms.pdf" not in html(page)
    assert in_order.post(f"{ROOM}/sign", hidden(page) | {"agree": "on"})["Location"] == f"{ROOM}/done"
    [request] = core.signed.values()
    assert request.consent_text == "I <accept>:\nI apply.\nI rent the rooms."


def test_where_the_look_is_the_name_nothing_is_asked_about_it(core: FakeGateway, in_order: Client) -> None:
    ready(core)
    assert in_order.get(f"{ROOM}/signature")["Location"] == f"{ROOM}/sign"
    page = html(in_order.get(f"{ROOM}/sign"))
    assert f"{ROOM}/signature" not in page
    assert "/kept" not in page


def test_where_it_must_be_drawn_who_cannot_draw_types(core: FakeGateway, in_order: Client) -> None:
    ready(core, look=Look.DRAWN)
    page = html(in_order.get(f"{ROOM}/signature"))
    assert "I cannot draw" in page
    assert 'value="uploaded"' not in page
    assert in_order.post(f"{ROOM}/signature", {"kind": "uploaded"}).status_code == 422
    assert in_order.post(f"{ROOM}/signature", {"kind": "drawn", "path": DRAWN})["Location"] == f"{ROOM}/sign"


def test_pages_that_are_not_ready_are_waited_for(core: FakeGateway, in_order: Client) -> None:
    ready(core)
    core.room = replace(
        core.room, documents=(*core.room.documents[:2], replace(core.room.documents[2], waits=True))
    )
    assert heading(in_order.get(f"{ROOM}/sign")) == "The documents are being prepared"
    assert "Being prepared" in html(in_order.get(f"{ROOM}/documents"))


def test_where_nothing_is_signed_the_last_act_finishes(core: FakeGateway, in_order: Client) -> None:
    core.room = order(documents=three()[:1])
    assert in_order.post(f"{ROOM}/document/1")["Location"] == f"{ROOM}/done"
    done = in_order.get(f"{ROOM}/done")
    assert heading(done) == "You are done"
    assert "signed" not in html(done).lower().split("<main")[1].split("</main>")[0]


# --- back to the sender's own pages --------------------------------------------------------------------------------
def goes(answer: object, url: str) -> bool:
    return (answer.status_code, answer["Location"]) == (303, url)  # type: ignore[attr-defined,index]


def test_after_the_last_act_the_browser_is_sent_on_at_once(core: FakeGateway, in_order: Client) -> None:
    ready(core)
    page = in_order.get(f"{ROOM}/sign")
    assert "form-action 'self' https://shop.example;" in page["Content-Security-Policy"]
    form = hidden(page) | {"agree": "on"}
    assert goes(in_order.post(f"{ROOM}/sign", form), URLS.done)
    assert goes(in_order.post(f"{ROOM}/sign", form), URLS.done), "pressed twice"
    assert len(core.signed) == 1
    assert "Continue to shop.example" in html(in_order.get(f"{ROOM}/done"))


def test_a_script_is_told_where_to_go(core: FakeGateway, in_order: Client) -> None:
    ready(core)
    form = hidden(in_order.get(f"{ROOM}/sign")) | {"agree": "on"}
    assert in_order.post(f"{ROOM}/sign", form, headers={"X-Room-Script": "1"}).json() == {"go": URLS.done}


def test_refusing_and_leaving_lead_out_too(core: FakeGateway, in_order: Client) -> None:
    ready(core)
    page = in_order.get(f"{ROOM}/refuse")
    assert "form-action 'self' http://shop.example:8080;" in page["Content-Security-Policy"]
    assert goes(in_order.post(f"{ROOM}/refuse", {"reason": "no"}), URLS.declined)
    ready(core)
    left = in_order.post(f"{ROOM}/later", {"what": "leave"})
    assert goes(left, URLS.later)
    assert left.cookies["room"].value == ""
    assert core.postponed == 1


def test_a_viewers_last_act_leads_out(core: FakeGateway, in_order: Client) -> None:
    core.room = order(documents=three()[:1], return_urls=URLS)
    assert goes(in_order.post(f"{ROOM}/document/1"), URLS.done)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "httsp://shop.example/",
        "//shop.example",
        "https://",
        "https://a b/",
        "https://x.example;script-src/",
        "data:text/html,x",
        "https://[::1",
        "https://x.example:99999/",
    ],
)
def test_what_is_no_address_of_a_page_leads_nowhere(core: FakeGateway, in_order: Client, url: str) -> None:
    ready(core, return_urls=ReturnUrls(url, url, url))
    page = in_order.get(f"{ROOM}/sign")
    assert "form-action 'self'; " in page["Content-Security-Policy"]
    assert goes(in_order.post(f"{ROOM}/sign", hidden(page) | {"agree": "on"}), f"{ROOM}/done")
    assert url not in html(in_order.get(f"{ROOM}/done"))


# --- handing on ----------------------------------------------------------------------------------------------------
def test_who_should_sign(core: FakeGateway, in_order: Client) -> None:
    page = in_order.get(f"{ROOM}/forward")
    assert heading(page) == "Who should sign?"
    for words in ("Only I", "Somebody else, not I", "I, and then somebody else"):
        assert words in html(page)
    assert "Choose who should sign." in html(in_order.post(f"{ROOM}/forward", {}))
    assert in_order.post(f"{ROOM}/forward", {"who": "me"})["Location"] == f"{ROOM}/"
    wrong = html(in_order.post(f"{ROOM}/forward", {"who": "other", "email": "nobody", "phone": "12"}))
    assert wrong.count("Enter the name of the person") == 2
    assert wrong.count("Enter a mail address") == 2
    person = {"name": " Sofia  Korhonen ", "email": "sofia@board.example", "phone": "12"}
    assert "Enter a mobile number" in html(in_order.post(f"{ROOM}/forward", person | {"who": "other"}))
    assert core.handed == []
    in_order.post(f"{ROOM}/forward", person | {"who": "other", "phone": ""})
    assert core.handed == [(Hand.OTHER, NewPerson("Sofia Korhonen", "sofia@board.example"))]
    assert heading(in_order.get(f"{ROOM}/")) == "Handed on to Sofia Korhonen"


def test_with_both_one_goes_on_to_sign(core: FakeGateway, in_order: Client) -> None:
    person = {"name": "Sofia Korhonen", "email": "sofia@board.example", "who": "both"}
    assert in_order.post(f"{ROOM}/forward", person)["Location"] == f"{ROOM}/"
    assert "Sofia Korhonen signs after you." in html(in_order.get(f"{ROOM}/documents"))
    assert in_order.get(f"{ROOM}/forward")["Location"] == f"{ROOM}/"


def test_where_it_is_not_allowed_there_is_no_way_to_it(core: FakeGateway, in_order: Client) -> None:
    core.room = order(may_forward=False)
    assert f"{ROOM}/forward" not in html(in_order.get(f"{ROOM}/documents"))
    in_order.post(f"{ROOM}/forward", {"who": "other", "name": "S", "email": "s@x.example"})
    assert core.handed == []


# --- ways of signing, and a sign-in that is over -------------------------------------------------------------------------


def test_of_several_ways_to_sign_one_is_chosen(core: FakeGateway, in_order: Client) -> None:
    ready(core, asked=Asked.CHOICE, ways=WAYS)
    assert in_order.get(f"{ROOM}/sign")["Location"] == f"{ROOM}/identify"
    page = html(in_order.get(f"{ROOM}/identify"))
    assert "How do you want to sign?" in page
    for words in ("Bank of the North", "A code by mail to m…@e….fi", "ending 67", "Draw your signature"):
        assert words in page
    assert in_order.post(f"{ROOM}/identify", {"provider": "scid-otp"})["Location"] == f"{ROOM}/sign"
    assert core.chosen == ["scid-otp"]


def test_where_no_way_can_be_used_it_is_said(core: FakeGateway, in_order: Client) -> None:
    ready(core, asked=Asked.UNAVAILABLE)
    assert in_order.get(f"{ROOM}/sign")["Location"] == f"{ROOM}/identify"
    answer = in_order.get(f"{ROOM}/identify")
    assert (answer.status_code, heading(answer)) == (503, "Not possible right now")


def test_a_sign_in_that_has_run_out_leads_back(core: FakeGateway, outside: Client) -> None:
    core.room = room(State.SIGN_IN_OVER, title="", documents=(), protected=True, return_urls=URLS)
    answer = outside.get(LINK)
    assert heading(answer) == "This sign-in has run out"
    assert "Start again at later.example" in html(answer)
    core.closed = True
    assert heading(outside.post(LINK)) == "This sign-in has run out"


def test_where_we_write_to_nobody_nothing_else_is_promised(core: FakeGateway, in_order: Client) -> None:
    core.room = order(State.NOT_YOUR_TURN, written_to=False, ahead=1)
    assert "we write to you" not in html(in_order.get(f"{ROOM}/"))
    core.room = order(written_to=False)
    assert "Send the link" not in html(in_order.get(f"{ROOM}/later"))
    in_order.post(f"{ROOM}/later", {"what": "send"})
    assert core.resent == 0


def test_text_from_the_sender_is_text(core: FakeGateway, in_order: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    documents = tuple(
        replace(
            d,
            name=f"{evil}.pdf",
            caption=evil,
            form=tuple(replace(f, label=evil, value=f.value and evil) for f in d.form),
        )
        for d in three()
    )
    core.room = order(documents=documents, forwarded=evil, consent_text=evil)
    upload = replace(documents[1], parts=(Part(Act.UPLOAD),), form=())
    pages = ("/documents", "/document/1", "/document/2", "/document/3")
    for page in pages:
        assert "<img src=x" not in html(in_order.get(ROOM + page)), page
    core.room = order(documents=(upload,), dialog_title=evil, dialog_message=evil)
    assert "<img src=x" not in html(in_order.get(f"{ROOM}/message"))
    in_order.post(f"{ROOM}/message")
    assert "<img src=x" not in html(in_order.get(f"{ROOM}/document/1/file"))
