"""Mails on a small screen, in every language."""

from __future__ import annotations

import shutil

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import sync_playwright

from undersigned.delivery import texts
from undersigned.delivery.params import Params

from .conftest import CODE, PARAMS, URL
from .test_texts import LONG


@pytest.mark.browser
def test_no_mail_is_wider_than_a_phone() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    mails: dict[tuple[str, str], str] = {}
    values = PARAMS | LONG | {"code_apart": True, "reason": "Too dear", "message": "Wartungsvertrag" * 8}
    for language in ("de", "fi"):  # the longest words
        with translation.override(language):
            for purpose in texts.MAILS:
                material = texts.Material(Params(**values), "Acme Oy", {"url": URL * 3, "code": CODE})
                words = texts.mail(purpose, material)
                mails[language, purpose] = render_to_string("delivery/mail/layout.html", {"words": words})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 320, "height": 568})
        for which, html in mails.items():
            page.set_content(html)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, which
        browser.close()
