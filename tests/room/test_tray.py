"""Each thing dealt with by itself: what waits, one signature at a time, clauses, leaving out, tickets, keys of one's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from undersigned.room.documents import Document
from undersigned.room.gateway import Outcome, Reason, Room, Signing, State
from undersigned.room.looks import Look
from undersigned.room.parts import Act, Part
from undersigned.room.tray import Task, TaskState
from undersigned.room.wallet import Wallet

from .asking import ROOM, heading, hidden, html
from .fake_gateway import A4, TOKEN, FakeGateway, texts, tray, tray_documents, tray_tasks

CLAUSES_ACCEPTED = {"clause_1": "on", "clause_2": "on"}
CONSENT = (
    "I have read the document listed above and sign it electronically.\n\n"
    "I accept this clause (page 1):\nThe buyer pays within 14 days.\n\n"
    "I accept this clause (page 2):\nDisputes are heard in Turku,\nand nowhere else."
)


@pytest.fixture
def member(core: FakeGateway, signer: Client) -> Client:
    core.room = tray(look=Look.NAME)
    return signer


def went(answer: object) -> str:
    assert answer.status_code == 303, html(answer)[:1000]  # type: ignore[attr-defined,arg-type]
    return answer["Location"].removeprefix(ROOM)  # type: ignore[index]


def accept(client: Client, **more: str) -> object:
    """Sign what is on the table, with all its clauses."""
    form = hidden(client.get(f"{ROOM}/sign"))
    return client.post(f"{ROOM}/sign", form | {"agree": "on"} | CLAUSES_ACCEPTED | more)


# --- what waits ------------------------------------------------------------------------------------------
def test_all_that_waits_is_listed_in_order(core: FakeGateway, member: Client) -> None:
    assert went(member.get(f"{ROOM}/")) == "/tray"
    page = member.get(f"{ROOM}/tray")
    assert heading(page) == "2 things for you to do"
    words = html(page)
    for said in ("0 of 3 done.", "Sale.pdf", "As the buyer", "Sign, or leave it out", "Not your turn yet"):
        assert said in words
    assert words.count(f'action="{ROOM}/task/') == 3, "two that are open, and the next one"
    assert f'action="{ROOM}/task/3"' not in words
    for other in ("/documents", "/read"):
        assert went(member.get(ROOM + other)) in ("/tray", "/documents")


def test_opening_is_a_post_and_looking_changes_nothing(core: FakeGateway, member: Client) -> None:
    assert went(member.get(f"{ROOM}/task/1")) == "/tray"
    assert core.taken_up == []
    assert went(member.post(f"{ROOM}/task/1")) == "/task/1"
    page = member.get(f"{ROOM}/task/1")
    assert heading(page) == "Read and sign this document"
    assert "Sale.pdf" in html(page)
    assert "Annex.pdf" not in html(page).split("<main")[1]
    assert went(member.get(f"{ROOM}/")) == "/task/1", "one goes on with what is open"
    assert went(member.get(f"{ROOM}/task/2")) == "/tray"
    assert core.taken_up == [1]


@pytest.mark.parametrize("number", [0, 4, 999])
def test_other_tasks_are_unknown(core: FakeGateway, member: Client, number: int) -> None:
    assert member.get(f"{ROOM}/task/{number}").status_code == 404
    assert member.post(f"{ROOM}/task/{number}").status_code == 404


def test_what_is_not_open_leads_back_to_the_tray(core: FakeGateway, member: Client) -> None:
    assert went(member.post(f"{ROOM}/task/3")) == "/tray"
    assert core.taken_up == []
    assert went(member.get(f"{ROOM}/sign")) == "/tray"
    assert went(member.get(f"{ROOM}/refuse")) == "/"


def test_clauses_and_places_are_marked_on_their_page(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    page = html(member.get(f"{ROOM}/task/1"))
    assert 'id="mark-1" href="#clause-1" data-on="1-1"' in page
    assert 'id="mark-2"' not in page, "it is marked nowhere"
    assert "Disputes are heard in Turku" in page
    style = member.get(f"{ROOM}/fields-{core.room.places_revision}.css")
    assert b"#mark-1{left:10.000%;top:62.000%;width:60.000%;height:6.000%}" in style.content
    assert b"#place-1{" in style.content
    assert "immutable" in style["Cache-Control"]
    assert "immutable" not in member.get(f"{ROOM}/fields-other.css")["Cache-Control"]


# --- signing ----------------------------------------------------------------------------------------------
def test_a_clause_that_is_not_accepted_is_linked(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    page = member.get(f"{ROOM}/sign")
    assert heading(page) == "Sign 1 document"
    assert "checked" not in html(page)
    answer = member.post(f"{ROOM}/sign", hidden(page) | {"agree": "on", "clause_1": "on"})
    assert answer.status_code == 422
    words = html(answer)
    assert words.count("Accept the clause on page 2, or refuse.") == 2
    assert 'href="#id_clause_2"' in words
    assert 'href="#id_clause_1"' not in words
    assert core.signed == {}


def test_what_was_accepted_stands_word_for_word_in_the_consent(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    answer = accept(member)
    [request] = core.signed.values()
    assert request.consent_text == CONSENT
    assert (request.revision, request.digest, request.task) == ("11", "1a" * 32, 1)
    assert request.accepted == frozenset({1, 2})
    assert went(answer) == "/task/2?after=1", "the next one opens by itself"
    page = html(member.get(f"{ROOM}/task/2?after=1"))
    assert "Signed. Next: Annex.pdf" in page
    assert "1 of 3 done." in page


def test_the_senders_own_words_and_the_description_are_agreed_to(core: FakeGateway, member: Client) -> None:
    core.room = tray(
        look=Look.NAME,
        consent_text="I <agree>.",
        tasks=(Task(1, 1, Act.SIGN, TaskState.OPEN, description="The sale of 4 May"),),
    )
    member.post(f"{ROOM}/task/1")
    accept(member)
    assert next(iter(core.signed.values())).consent_text == "I <agree>.\nThe sale of 4 May"


def test_a_repeated_press_signs_once_and_goes_on_again(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    form = hidden(member.get(f"{ROOM}/sign")) | {"agree": "on"} | CLAUSES_ACCEPTED
    assert went(member.post(f"{ROOM}/sign", form)) == "/task/2?after=1"
    assert went(member.post(f"{ROOM}/sign", form)) == "/task/2?after=1"
    assert len(core.signed) == core.sign_calls == 1


def test_another_window_cannot_change_what_is_signed_or_refused(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/2")
    form = hidden(member.get(f"{ROOM}/sign")) | {"agree": "on"}
    refusal = hidden(member.get(f"{ROOM}/refuse"))
    member.post(f"{ROOM}/task/1")
    for page, data in (("/sign", form | CLAUSES_ACCEPTED), ("/refuse", refusal)):
        answer = member.post(ROOM + page, data)
        assert (answer.status_code, heading(answer)) == (409, "This is not what is open now")
    for without in ({}, {"task": "1e9"}, {"task": "٣"}):
        answer = member.post(f"{ROOM}/sign", form | without | {"task": without.get("task", "")})
        assert answer.status_code == 409
    assert core.signed == {}
    assert core.left_out == []


def test_after_the_last_one_for_now_it_is_said_that_others_sign(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    accept(member)
    assert went(accept(member)) == "/tray?after=2"
    page = member.get(f"{ROOM}/tray?after=2")
    assert heading(page) == "Nothing waits for you now"
    assert "Signed." in html(page)
    assert "data-wait" in html(page), "it goes on by itself"


def test_at_the_end_it_says_what_was_signed_and_left_out(core: FakeGateway, member: Client) -> None:
    core.room = tray(look=Look.NAME, tasks=tray_tasks()[:2])
    member.post(f"{ROOM}/task/2")
    assert went(member.post(f"{ROOM}/refuse", hidden(member.get(f"{ROOM}/refuse")))) == "/task/1?after=2"
    assert "Left out. Next: As the buyer" in html(member.get(f"{ROOM}/task/1?after=2"))
    assert went(accept(member)) == "/"
    page = html(member.get(f"{ROOM}/done"))
    assert "You have signed" in page
    assert "Signed, 1 May 2026, 14:02 (UTC+3)" in page
    assert "Left out, 1 May 2026" in page


@pytest.mark.parametrize("after", ["x", "99", "-1", "3", "²", "0", "1" * 5000])
def test_what_an_address_claims_was_done_is_not_believed(
    core: FakeGateway, member: Client, after: str
) -> None:
    page = html(member.get(f"{ROOM}/tray", {"after": after}))
    assert "Signed." not in page
    assert "Left out." not in page


def test_a_key_that_cannot_be_used_any_more_can_be_changed(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/1")
    core.next_signing = Signing(Outcome.NOT_SIGNED, Reason.OWN_KEY)
    answer = accept(member)
    assert "cannot be used any more" in html(answer)  # type: ignore[arg-type]
    assert f'href="{ROOM}/wallet"' in html(answer)  # type: ignore[arg-type]


# --- out to the sender's pages ------------------------------------------------------------------------------
SIGN_BACK, ALL_BACK = "https://shop.example/signed?x=1", "https://shop.example/complete"


def with_returns(**changes: object) -> Room:
    tasks = tuple(replace(t, return_url=SIGN_BACK, clauses=()) for t in tray_tasks()[:2])
    return tray(look=Look.NAME, tasks=tasks, when_complete=ALL_BACK, **changes)


def test_after_each_signature_the_browser_is_sent_on(core: FakeGateway, member: Client) -> None:
    core.room = with_returns()
    member.post(f"{ROOM}/task/1")
    page = member.get(f"{ROOM}/sign")
    assert "form-action 'self' https://shop.example;" in page["Content-Security-Policy"]
    form = hidden(page) | {"agree": "on"}
    for _again in range(2):
        answer = member.post(f"{ROOM}/sign", form)
        assert (answer.status_code, answer["Location"]) == (303, SIGN_BACK)
    told = member.post(f"{ROOM}/sign", form, headers={"X-Room-Script": "1"})
    assert told.json() == {"go": SIGN_BACK}
    member.post(f"{ROOM}/task/2")
    refusal = hidden(member.get(f"{ROOM}/refuse"))
    assert member.post(f"{ROOM}/refuse", refusal)["Location"] == SIGN_BACK


def test_the_signature_that_completes_it_leads_to_the_senders_last_page(
    core: FakeGateway, member: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    core.room = with_returns()
    settle = core._settled

    def completes(task: int, state: TaskState) -> None:
        settle(task, state)
        core.room = replace(core.room, state=State.COMPLETED)

    monkeypatch.setattr(core, "_settled", completes)
    member.post(f"{ROOM}/task/1")
    assert accept(member)["Location"] == ALL_BACK  # type: ignore[index]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//shop.example", "data:text/html,x", "https://a b/"])
def test_what_is_no_address_leads_nowhere(core: FakeGateway, member: Client, url: str) -> None:
    core.room = tray(
        look=Look.NAME, tasks=(replace(tray_tasks()[1], number=1, return_url=url),), when_complete=url
    )
    member.post(f"{ROOM}/task/1")
    assert "form-action 'self'; " in member.get(f"{ROOM}/sign")["Content-Security-Policy"]
    assert went(accept(member)) == "/"


# --- leaving out, refusing -----------------------------------------------------------------------------------
def test_leaving_out_and_refusing_say_what_they_do(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/2")
    assert "Leave out this signature" in html(member.get(f"{ROOM}/task/2"))
    page = member.get(f"{ROOM}/refuse")
    assert heading(page) == "Leave out this signature?"
    assert "The others can go on without it." in html(page)
    assert "Annex.pdf" in html(page)
    member.post(f"{ROOM}/task/1")
    page = member.get(f"{ROOM}/refuse")
    assert heading(page) == "Refuse to sign?"
    assert "This stops the request for everybody; it cannot be undone." in html(page)
    assert "As the buyer" in html(page)
    answer = member.post(f"{ROOM}/refuse", hidden(page) | {"reason": "Too dear"})
    assert went(answer) == "/"
    assert core.left_out == [(1, "Too dear")]
    assert heading(member.get(f"{ROOM}/")) == "You have refused"


def test_who_left_out_everything_is_not_told_that_they_stopped_it(core: FakeGateway, member: Client) -> None:
    gone = replace(tray_tasks()[1], number=1, state=TaskState.LEFT_OUT)
    core.room = tray(State.DECLINED, tasks=(gone,))
    page = member.get(f"{ROOM}/")
    assert heading(page) == "You have left it out"
    assert "The others can go on without it" in html(page)


# --- filling in -----------------------------------------------------------------------------------------------
def filling() -> Room:
    document = Document(
        "1",
        "Sale.pdf",
        "v0",
        (A4,),
        1,
        parts=(Part(Act.FILL), Part(Act.SIGN)),
        form=texts(),
        revision="10",
        digest="0c" * 32,
    )
    tasks = (Task(1, 1, Act.FILL, TaskState.OPEN), Task(2, 1, Act.SIGN, TaskState.LATER, "As the buyer"))
    return tray(documents=(document,), tasks=tasks)


def test_filling_in_comes_first_and_says_what_follows(core: FakeGateway, member: Client) -> None:
    core.room = filling()
    assert "Next: fill in" in html(member.get(f"{ROOM}/tray"))
    page = html(member.get(f"{ROOM}/document/1"))
    for said in (
        "Fill in your part",
        "When everybody has filled in, signing starts and we write to you.",
        "Send what I filled in",
        "Place of birth",
        "1 required field left",
    ):
        assert said in page
    assert 'id="at-1-1" href="#id_f1"' in page
    told = member.post(f"{ROOM}/document/1/form", {"f2": "None", "only": "f2"}).json()
    assert told["said"] == "Saved. 1 required field left"
    answer = member.post(f"{ROOM}/document/1/form", {"f1": " ", "f2": "None", "finish": "1"})
    assert (answer.status_code, html(answer).count("Enter Place of birth.")) == (422, 2)
    answer = member.post(f"{ROOM}/document/1/form", {"f1": "Turku", "f2": "None", "finish": "1"})
    assert went(answer) == "/tray?after=1"
    page = member.get(f"{ROOM}/tray?after=1")
    assert heading(page) == "You have filled in your part"
    assert "When everybody has filled in, signing starts and we write to you." in html(page)
    assert [f.value for f in core.room.documents[0].form] == ["Turku", "None"]


def test_while_pages_are_made_the_page_waits_and_goes_on_by_itself(core: FakeGateway, member: Client) -> None:
    done = (
        Task(1, 1, Act.FILL, TaskState.DONE),
        Task(2, 1, Act.SIGN, TaskState.PREPARING),
    )
    core.room = replace(filling(), state=State.PREPARING, tasks=done)
    assert went(member.get(f"{ROOM}/")) == "/tray"
    page = html(member.get(f"{ROOM}/tray"))
    assert "The page goes on by itself." in page
    assert 'data-every="2000"' in page
    assert "Being prepared" in page


# --- tickets ------------------------------------------------------------------------------------------------------
TICKET = "7f1d4a52-33c1-4d54-a0c9-0d8f2a3b4c5d"


@pytest.fixture
def ticketed(core: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    monkeypatch.setattr("tests.room.fake_gateway.TOKEN", TICKET)
    return core


def test_a_ticket_is_looked_at_by_get_and_opened_by_post(ticketed: FakeGateway, outside: Client) -> None:
    ticketed.room = tray(State.LINK, documents=tray_documents()[:1], people=())
    page = outside.get(f"/std/{TICKET}/signature")
    assert heading(page) == "Anna Virtanen of Board Oy asks you to sign"
    assert ticketed.opened == []
    ticketed.room = tray(on_table=1)
    answer = outside.post(f"/std/{TICKET}/signature")
    assert (went(answer), len(ticketed.opened)) == ("/", 1)
    assert TICKET not in answer["Location"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("ticket", ["7f1d4a52-33c1-4d54-a0c9-0d8f2a3b4c5e", TOKEN, "x", TICKET.upper()])
def test_other_tickets_look_alike(ticketed: FakeGateway, outside: Client, ticket: str, method: str) -> None:
    answer = getattr(outside, method)(f"/std/{ticket}/signature")
    assert answer.status_code == 404


def test_where_one_thing_can_be_done_it_is_open_at_once(ticketed: FakeGateway, outside: Client) -> None:
    ticketed.room = tray(tasks=tray_tasks()[:1])
    outside.post(f"/std/{TICKET}/signature")
    assert ticketed.taken_up == [1]
    ticketed.room = tray()
    outside.post(f"/std/{TICKET}/signature")
    assert ticketed.taken_up == [1], "of several the person chooses"


# --- keys of one's own -----------------------------------------------------------------------------------------------
def test_a_wallet_opens_with_the_password_of_its_user(core: FakeGateway, member: Client) -> None:
    core.room = tray(look=Look.NAME, wallet=Wallet())
    member.post(f"{ROOM}/task/2")
    assert "Use a certificate of your own" in html(member.get(f"{ROOM}/sign"))
    page = member.get(f"{ROOM}/wallet")
    assert heading(page) == "Sign with a certificate of your own"
    assert "My certificate" not in html(page)
    for given, words in (("", "Enter your password."), ("wrong", "That password is not right.")):
        answer = member.post(f"{ROOM}/wallet", {"password": given})
        assert (answer.status_code, html(answer).count(words)) == (422, 2)
        assert "value=" not in html(answer).split('name="password"')[1].split(">")[0]
    assert went(member.post(f"{ROOM}/wallet", {"password": "correct horse"})) == "/wallet"
    page = html(member.get(f"{ROOM}/wallet"))
    for words in ("My certificate", "issued by Board CA", "valid to 1 May 2030", "Sign without one"):
        assert words in page
    assert "It expired on 1 May 2024 and cannot be used." in page
    assert 'value="k-2" disabled' in page
    answer = member.post(f"{ROOM}/wallet", {"key": "k-2"})
    assert (answer.status_code, html(answer).count("Choose a certificate that is still valid")) == (422, 2)
    assert went(member.post(f"{ROOM}/wallet", {"key": "k-1"})) == "/sign"
    assert "My certificate" in html(member.get(f"{ROOM}/sign"))
    assert went(member.post(f"{ROOM}/wallet", {"key": ""})) == "/sign"
    assert "My certificate" not in html(member.get(f"{ROOM}/sign"))


def test_who_guesses_passwords_must_wait(core: FakeGateway, member: Client) -> None:
    core.room = tray(wallet=Wallet())
    for _ in range(3):
        member.post(f"{ROOM}/wallet", {"password": "wrong"})
    answer = member.post(f"{ROOM}/wallet", {"password": "correct horse"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "840")
    assert "Please wait 14 minutes" in html(answer)


def test_who_has_no_wallet_is_not_offered_one(core: FakeGateway, member: Client) -> None:
    member.post(f"{ROOM}/task/2")
    assert "certificate" not in html(member.get(f"{ROOM}/sign"))
    assert went(member.get(f"{ROOM}/wallet")) == "/"


def test_text_from_the_sender_is_text(core: FakeGateway, member: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    tasks = tuple(
        replace(t, caption=evil, clauses=tuple(replace(c, text=evil) for c in t.clauses))
        for t in tray_tasks()
    )
    documents = tuple(replace(d, name=evil) for d in tray_documents())
    core.room = tray(look=Look.NAME, tasks=tasks, documents=documents)
    member.post(f"{ROOM}/task/1")
    for page in ("/tray", "/task/1", "/sign", "/refuse"):
        words = html(member.get(ROOM + page))
        assert "&lt;img" in words, page
        assert "<img src=x" not in words, page
