"""Pages for anybody speak the browser's language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from tests.locale.english import english_in, texts_of
from tests.locale.test_catalogues import COMPLETE
from undersigned.sealing import verdicts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def static_folder(settings: Any) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_no_english_is_left_on_public_pages(client: Client, language: str) -> None:
    headers = {"accept": "text/html", "accept-language": language}
    answers = [client.get(path, headers=headers) for path in ("/", "/verify", "/nothing-here")]
    answers.append(client.post("/verify", {}, headers=headers))
    answers.append(client.post("/verify", {"file": SimpleUploadedFile("a.pdf", b"no PDF")}, headers=headers))
    assert [a.status_code for a in answers] == [200, 200, 404, 422, 200]
    for answer in answers:
        page = answer.content.decode()
        assert f'<html lang="{language}" dir="ltr">' in page
        assert answer["Content-Language"] == language
        assert english_in(texts_of(page), language, "{authority}") == []


@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_every_verdict_is_said_in_the_language(language: str) -> None:
    with translation.override(language):
        said = [words for code in verdicts.VERDICTS for words in verdicts.verdict_words(code)]
        said += [verdicts.reason_words(code) for code in verdicts.REASONS]
        said += [verdicts.evidence_words(code, 23, 14) for code in verdicts.EVIDENCE]
    assert english_in(said, language) == []
    assert not re.search(r"[{}]", "".join(said))


def test_programs_are_answered_in_english(client: Client) -> None:
    """An API's answers are part of its contract."""
    answer = client.get("/api/v1/nothing", headers={"accept-language": "fi"})
    plain = client.get("/api/v1/nothing")
    assert answer.content.replace(b" ", b"") == plain.content.replace(b" ", b"")
