"""What is compressed, and what goes as it is."""

from __future__ import annotations

import gzip

import pytest
from django.conf import LazySettings
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(settings: LazySettings) -> Client:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    return Client(headers={"accept-encoding": "gzip"})


def test_pages_and_what_they_load_are_compressed(client: Client) -> None:
    page = client.get("/verify")
    assert (page["Content-Encoding"], page["Content-Length"]) == ("gzip", str(len(page.content)))
    assert b"<main" in gzip.decompress(page.content)
    assert "Content-Encoding" not in Client().get("/verify")
    assert "Accept-Encoding" in page["Vary"]
    style = client.get("/static/room/room.css")
    plain = b"".join(Client().get("/static/room/room.css").streaming_content)
    assert gzip.decompress(b"".join(style.streaming_content)) == plain


def test_programs_answers_parts_and_heads_go_as_they_are(client: Client) -> None:
    assert "Content-Encoding" not in client.get("/api/v1/contracts")
    part = client.get("/static/room/room.css", headers={"range": "bytes=0-99"})
    assert "Content-Encoding" not in part
    assert len(b"".join(part.streaming_content)) == 100
    assert "Content-Encoding" not in client.head("/static/room/room.css")
