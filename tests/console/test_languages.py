"""The console in other languages: the browser's, the user's own, the one chosen; and no English left."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests.locale.english import english_in, texts_of
from undersigned.accounts.models import User
from undersigned.delivery.models import Message, MessageAttempt
from undersigned.envelopes.models import Document, Envelope, Recipient

from .world import World

pytestmark = pytest.mark.django_db


def heading(client: Client, path: str = "/console/envelopes", **headers: str) -> str:
    page = client.get(path, headers=headers).content.decode()
    return re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.S)[0].strip()


def walk(client: Client, start: str, language: str) -> dict[str, str]:
    """Every page that can be reached by links from `start`, by address."""
    pages: dict[str, str] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        response = client.get(path, headers={"accept-language": language, "accept": "text/html"})
        if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
            if response.streaming:
                assert b"".join(response.streaming_content)  # to its end, which closes it
            continue
        pages[path] = response.content.decode()
        assert response["Content-Language"] == language, path
        for link in re.findall(r'href="(/console/[^"#?]*)"', pages[path]):
            if link not in pages and link not in waiting:
                waiting.append(link)
    return pages


def test_no_english_is_left_in_the_console(world: World, visit: Callable[[str], Client]) -> None:
    data = [
        *Envelope.objects.values_list("title", flat=True),
        *Document.objects.values_list("title", flat=True),
        *MessageAttempt.objects.values_list("answer", flat=True),
        *Message.objects.values_list("last_error", flat=True),
        "The interest is not what we agreed.",
        "Booking system",
        "My first contract",
        "YOUR_API_KEY",
        "Lease of the…",
    ]
    for language in ("de", "fi", "fr"):  # the catalogues themselves are complete in all (tests/locale)
        for kind in (Message, Recipient):  # whose mails the console shows
            kind.objects.update(language=language)
        pages = walk(visit("admin"), "/console/", language)
        assert len(pages) > 25
        pages |= walk(visit("anonymous"), "/console/login", language)
        left = {path: english_in(texts_of(page), language, *data) for path, page in pages.items()}
        assert {path: texts for path, texts in left.items() if texts} == {}, language
        assert all(f'<html lang="{language}"' in page for page in pages.values())


def test_the_browsers_language_then_the_users_then_the_chosen_one(
    world: World, visit: Callable[[str], Client]
) -> None:
    client = visit("admin")
    swedish = {"accept-language": "sv-SE,sv;q=0.9"}
    assert heading(client) == "Envelopes"
    assert heading(client, **swedish) == "Ärenden"
    User.objects.filter(pk=world.admin.pk).update(language="no")
    assert heading(client, **swedish) == "Forespørsler"
    client.cookies["language"] = "fi"
    assert heading(client, **swedish) == "Allekirjoituspyynnöt"
    assert heading(visit("anonymous"), "/console/login", **swedish) == "Logga in"
