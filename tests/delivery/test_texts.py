"""Every mail and SMS: lengths, words, links, what must not be in them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.core import mail

from undersigned.delivery import fit, outbox, texts
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft
from undersigned.delivery.render import Rendered, render

from .conftest import CODE, URL, Core

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("core")]

LONG = {
    "sender": "Dr. Wolfgang Amadeus Maria Graf von Hohenstaufen-Sigmaringen",
    "title": "Framework agreement on the maintenance of lifts and escalators, third amendment",
    "person": "Maria Theresia Walburga Amalia Christina of Habsburg-Lothringen",
}
HOSTILE = '<script>alert(1)</script><img src="https://evil.example/p.gif"> "x" & {0.__class__} %s {url}'


class Words(HTMLParser):
    """The words that a reader of the HTML sees, and its tags."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.skip = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.skip = self.skip or tag == "head"

    def handle_endtag(self, tag: str) -> None:
        self.skip = self.skip and tag != "head"

    def handle_data(self, data: str) -> None:
        if not self.skip:
            self.words += data.split()


def rendered(draft: Draft) -> Rendered:
    return render(outbox.post(draft))


VARIANTS: dict[str, dict[str, str]] = {
    "plain": {},
    "long": LONG,
    "hostile": dict.fromkeys(("sender", "title", "person", "message", "reason", "name"), HOSTILE),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("purpose", texts.MAILS)
def test_every_mail_keeps_the_rules(purpose: str, variant: str, draft: Callable[..., Draft]) -> None:
    it = rendered(
        draft(
            purpose,
            **{"code_apart": True, "reason": "Too dear", "message": "Please\n\nsoon"} | VARIANTS[variant],
        )
    )
    page = Words(it.html)
    assert len(it.subject) < 60
    assert page.words == it.text.split()
    allowed = {"html", "head", "meta", "title", "body", "div", "p", "a", "br", "hr", "blockquote"}
    assert {tag for tag, _ in page.tags} <= allowed, "no picture, no pixel, no script"
    links = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    assert all(link.startswith("https://sign.example.com/") for link in links)
    assert len([u for u in links if u == URL]) == (1 if texts.MAILS[purpose][1] == "url" else 0)
    assert all(f">{html.escape(link)}</a>" in it.html for link in links), "link text is the real address"
    assert not (CODE in it.text and "/room/" in it.text), "link and code never together"
    assert CODE not in it.subject
    assert "/room/" not in it.subject
    assert "+358" not in it.text
    assert "@" not in it.text, "nobody's address"
    assert "None" not in it.text


def test_invitation_says_who_what_and_until_when_with_the_zone(draft: Callable[..., Draft]) -> None:
    it = rendered(draft(message="Sign here.\n\nOpen: https://evil.example/"))
    assert it.subject == "Anna Virtanen asks you to sign: Lease 2026"
    assert it.text.startswith(
        "Matti Meikäläinen,\n\nAnna Virtanen of Acme Oy asks you to read and sign “Lease 2026” (2 documents) by 1 December 2026, 14:00 EET."
    )
    assert "    Sign here.\n\n    Open: https://evil.example/\n" in it.text, (
        "the sender's words are set apart"
    )
    assert 'href="https://evil.example' not in it.html
    assert it.sender == "Anna Virtanen via Acme Oy"
    assert it.reply_to == "anna@acme.example"
    assert "code" not in it.text


def test_a_long_title_does_not_push_the_date_out_of_the_reminder(draft: Callable[..., Draft]) -> None:
    it = rendered(draft("reminder", title=LONG["title"]))
    assert it.subject == "Reminder: Framework ag… waits for you until 1 December 2026"


def test_invitation_with_the_code_apart_says_where_the_code_comes_from(draft: Callable[..., Draft]) -> None:
    assert (
        "You also need a code. Anna Virtanen gives it to you separately."
        in rendered(draft(code_apart=True)).text
    )


def test_protected_invitation_names_no_title_and_no_person(draft: Callable[..., Draft]) -> None:
    it = rendered(draft("invitation_protected", methods=["Bank ID"]))
    everything = it.subject + it.text + it.html + it.sender + it.reply_to
    for secret in ("Lease", "Anna", "anna", "Matti"):
        assert secret not in everything
    assert "Bank ID" in it.text


def test_a_code_mail_holds_the_code_and_no_link(draft: Callable[..., Draft]) -> None:
    it = rendered(draft("code"))
    assert CODE in it.text
    assert "https://" not in it.text
    assert "Anna" not in it.text + it.sender


def test_refusal_gives_the_reason_to_the_sender_and_not_to_the_others(draft: Callable[..., Draft]) -> None:
    told = {"person": "Kaija Koo", "reason": "Too dear"}
    assert "Too dear" in rendered(draft("refused", role="sender", **told)).text
    others = rendered(draft("stopped", **told))
    assert "Too dear" not in others.text
    assert "Kaija" not in others.text


def test_nothing_secret_is_stored(draft: Callable[..., Draft]) -> None:
    for purpose in ("invitation", "code"):
        message = outbox.post(draft(purpose))
        render(message)
        stored = Message.objects.filter(pk=message.pk).values().get()
        assert URL not in str(stored)
        assert CODE not in str(stored)
    assert not mail.outbox


def test_sms_texts_fit(draft: Callable[..., Draft]) -> None:
    short = rendered(draft("invitation", "sms")).text
    assert short == f"Acme Oy: Anna Virtanen asks you to sign a document. {URL}"
    long = rendered(draft("invitation", "sms", dedup_key="long", sender="x" * 200)).text
    assert fit.sms_parts(long) == (1, True)
    assert long.endswith(URL)
    greek = rendered(draft("invitation", "sms", dedup_key="greek", sender="Ελένη " * 30)).text
    assert fit.sms_parts(greek) == (2, False)
    assert greek.endswith(URL)
    code = rendered(draft("code", "sms")).text
    assert code == f"{CODE} is your code for Acme Oy. Do not share it.\n\n@sign.example.com #{CODE}"
    assert (
        rendered(draft("signer_code", "sms")).text
        == f"Your code to open the document from Anna Virtanen: {CODE}"
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, (1, True)),
        ("a" * 161, (2, True)),
        ("€" * 80, (1, True)),
        ("€" * 81, (2, True)),
        ("я" * 70, (1, False)),
        ("я" * 71, (2, False)),
        ("😀" * 35, (1, False)),
        ("a" * 307, (3, True)),
    ],
)
def test_sms_parts(text: str, parts: tuple[int, bool]) -> None:
    assert fit.sms_parts(text) == parts


def test_shortening_does_not_split_a_letter() -> None:
    assert fit.shorten("nai\u0308ve", 4) == "na…", "the diaeresis belongs to the i"
    assert fit.shorten("abc", 3) == "abc"


def test_unknown_languages_fall_back_to_english(draft: Callable[..., Draft]) -> None:
    assert "asks you" in rendered(draft(language="tlh")).text
    assert re.search('<html lang="en" dir="ltr">', rendered(draft(language="tlh")).html)


def test_the_core_is_asked_only_for_what_the_text_holds(
    draft: Callable[..., Draft], core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "secrets", lambda message: pytest.fail("no secret is needed"))
    assert "called off" in rendered(draft("cancelled")).text
