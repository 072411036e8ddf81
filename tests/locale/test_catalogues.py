"""The catalogues: complete, compiled, and each entry fit for its place."""

from __future__ import annotations

import ast
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polib
import pytest
from django.conf import LazySettings, settings
from django.utils import timezone, translation

from tests.delivery.conftest import CODE, URL, core, draft, organization
from tests.delivery.test_texts import LONG, Words
from tests.messages import CATALOGUE, PACKAGE, extract, untranslated
from undersigned.base import languages
from undersigned.delivery import account, fit, outbox, texts
from undersigned.delivery.outbox import Draft
from undersigned.delivery.render import render
from undersigned.public.templatetags import ui

__all__ = ["core", "draft", "organization"]
COMPLETE = {"da", "de", "es", "fi", "fr", "it", "nb", "sv"}
"""Languages that must have every string."""
OURS = sorted(code for code, _ in settings.LANGUAGES if code != "en")
RUN = "run `make messages`, then fill in src/undersigned/locale/*/LC_MESSAGES/django.po and run it again"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(PACKAGE / CATALOGUE.format(language))


def translated(language: str) -> Iterator[tuple[str, str]]:
    """Source and translation of every entry and form."""
    for entry in catalogue(language):
        if entry.msgid_plural:
            for form, text in entry.msgstr_plural.items():
                if text:
                    yield (entry.msgid if form == 0 else entry.msgid_plural), text
        elif entry.msgstr:
            yield entry.msgid, entry.msgstr


def test_there_is_a_catalogue_for_each_language() -> None:
    assert sorted(p.parts[-3] for p in PACKAGE.glob(CATALOGUE.format("*"))) == OURS


def test_the_catalogues_hold_the_strings_of_the_sources(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed")
    monkeypatch.chdir(tmp_path)  # and back at the end
    copy = tmp_path / "undersigned"
    shutil.copytree(
        PACKAGE,
        copy,
        ignore=shutil.ignore_patterns("static", "*.pyc", *(code for code in OURS if code != "fi")),
    )
    settings.LOCALE_PATHS = [copy / "locale"]
    extract(copy)
    wanted = {(e.msgid, e.msgid_plural) for e in polib.pofile(copy / CATALOGUE.format("fi"))}
    for language in OURS:
        held = {(e.msgid, e.msgid_plural) for e in catalogue(language)}
        assert (language, wanted - held, held - wanted) == (language, set(), set()), RUN


def test_no_string_hides_in_an_f_string() -> None:
    """There xgettext before Python 3.12's grammar does not see it."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            inside = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
            calls = {
                call.func.id
                for call in inside
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            }
            assert calls.isdisjoint({"_", "gettext", "ngettext", "pgettext"}), (
                f"{path}:{getattr(node, 'lineno', 0)}"
            )


@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_nothing_is_untranslated(language: str) -> None:
    assert [e.msgid for e in untranslated(catalogue(language))] == [], RUN


@pytest.mark.parametrize("language", OURS)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    path = PACKAGE / CATALOGUE.format(language)
    assert path.with_suffix(".mo").read_bytes() == polib.pofile(path).to_binary(), "run `make messages`"


@pytest.mark.parametrize("language", OURS)
def test_every_entry_fits_its_place(language: str) -> None:
    for source, text in translated(language):
        both = f"{language}: {source!r} / {text!r}"
        assert set(PLACEHOLDER.findall(source)) == set(PLACEHOLDER.findall(text)), both
        assert Counter(TAG.findall(source)) == Counter(TAG.findall(text)), both
        assert text == text.strip(), both
        assert "  " not in text, both
        assert "\n" not in text, both
        assert len(source) < 3 or (source[-1] in ".?") == (text[-1] in ".?"), both
        assert source[-1] != ":" or text[-1] == ":", both
        assert "“" not in text or language in ("de", "es"), f"quotes of the language: {both}"


@pytest.mark.parametrize("language", OURS)
def test_plural_forms_are_those_of_the_language(language: str) -> None:
    written = catalogue(language)
    assert (
        written.metadata["Plural-Forms"]
        == f"nplurals=2; plural={'(n > 1)' if language == 'fr' else '(n != 1)'};"
    )
    assert all(sorted(e.msgstr_plural) == [0, 1] for e in written if e.msgid_plural)


@pytest.mark.django_db
@pytest.mark.usefixtures("core")
@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_every_mail_fits_in_every_language(language: str, draft: Callable[..., Draft]) -> None:
    for purpose, (_, secret) in texts.MAILS.items():
        values = {
            "code_apart": True,
            "reason": "Too dear",
            "message": "Please",
            "methods": ["Bank ID"],
            "signed": 1,
            "signers": 2,
            "at": "2026-11-30T12:00:00Z",
        }
        it = render(outbox.post(draft(purpose, language=language, **values | LONG)))
        assert len(it.subject) < 60, (purpose, it.subject)
        assert "{" not in it.subject + it.text, (purpose, it.text)
        assert Words(it.html).words == it.text.split(), purpose
        assert (URL in it.text) == (secret == "url"), purpose
        assert f'<html lang="{language}" dir="ltr">' in it.html
        about_an_envelope = purpose not in (*account.PURPOSES, "code") and not purpose.endswith("_protected")
        assert (LONG["title"][:6] in it.subject) == about_an_envelope, it.subject


@pytest.mark.django_db
@pytest.mark.usefixtures("core")
@pytest.mark.parametrize("language", sorted(COMPLETE))
def test_every_sms_fits_in_every_language(language: str, draft: Callable[..., Draft]) -> None:
    for purpose in texts.SMS:
        short = render(outbox.post(draft(purpose, "sms", language=language))).text
        assert fit.sms_parts(short) == (1, True), short
        assert "Acme Oy" in short or purpose == "signer_code"
        assert "Anna Virtanen" in short or purpose in ("code", "invitation_protected")
        long = render(
            outbox.post(
                draft(purpose, "sms", language=language, dedup_key=f"long {purpose}", sender="x" * 200)
            )
        ).text
        assert fit.sms_parts(long)[0] == 1, long
        assert (URL if texts.SMS[purpose][1] == "url" else CODE) in long


@pytest.mark.parametrize(
    ("language", "day", "moment", "size"),
    [
        ("en", "3 May 2026", "3 May 2026, 14:02 (UTC+3)", "1.4 MB"),
        ("da", "3. maj 2026", "3. maj 2026 kl. 14.02 (UTC+3)", "1,4 MB"),
        ("de", "3. Mai 2026", "3. Mai 2026, 14:02 Uhr (UTC+3)", "1,4 MB"),
        ("es", "3 de mayo de 2026", "3 de mayo de 2026 a las 14:02 (UTC+3)", "1,4 MB"),
        ("fi", "3.5.2026", "3.5.2026 klo 14.02 (UTC+3)", "1,4 MB"),
        ("fr", "3 mai 2026", "3 mai 2026 à 14:02 (UTC+3)", "1,4 MB"),
        ("it", "3 mag 2026", "3 mag 2026 alle 14:02 (UTC+3)", "1,4 MB"),
        ("nb", "3. mai 2026", "3. mai 2026 kl. 14.02 (UTC+3)", "1,4 MB"),
        ("sv", "3 maj 2026", "3 maj 2026 kl. 14:02 (UTC+3)", "1,4 MB"),
    ],
)
def test_dates_and_numbers_are_written_as_there(language: str, day: str, moment: str, size: str) -> None:
    at = datetime(2026, 5, 3, 11, 2, tzinfo=UTC)
    with translation.override(language), timezone.override("Europe/Helsinki"):
        assert (ui.day(at), ui.moment(at), ui.filesize_mb(1_400_000)) == (day, moment, size)
        assert fit.moment(at, "Europe/Helsinki") == moment.replace("(UTC+3)", "EEST")
        assert fit.date(at, "Europe/Helsinki") == day


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("fi", "fi"),
        ("FI", "fi"),
        ("de-AT", "de"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("tlh", "en"),
        ("", "en"),
        ("x" * 900, "en"),
        ("../fi", "en"),
    ],
)
def test_a_language_that_we_do_not_speak_becomes_english(wanted: str, spoken: str) -> None:
    assert languages.spoken(wanted) == spoken
