"""The whole product in Finnish, with a look at it in Swedish: mails, pages, titles, dates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Server
from tests.journeys.test_signsquid import Client, link_in
from tests.locale.english import english_in, texts_of
from tests.pdfs import make_pdf

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
SENDER, TITLE = "Maija Mehiläinen", "Contrat d’essai 10 €"
NATIVE = ("Norsk (bokmål)", "English", TITLE)


def finnish_client(server: Server) -> Client:
    """An organisation that speaks Finnish, made as its operator would, and a key of its first user."""
    made = server.command(
        *("user", "add", "maija@osuuskunta", "--admin", "--organisation-name", "Osuuskunta Oy", "--language", "fi"),
        *("--email", "maija@osuuskunta.example", "--name", "Maija", "--surname", "Mehiläinen"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    key = server.command("credential", "add", "maija@osuuskunta", "--description", "Kirjasto").stdout
    client = Client(server)
    client.key = key.split()[-1]
    return client


def check(page: Page, title: str, language: str = "fi") -> None:
    """The page's title in front of the request's, and no English left."""
    expect(page).to_have_title(f"{title} - {TITLE} - {SENDER}")
    assert page.evaluate("document.documentElement.lang") == language
    assert english_in(texts_of(page.content()), language, *NATIVE) == []


def choose(page: Page, language: str) -> None:
    page.locator(".languages summary").click()
    page.get_by_role("button", name=language).click()


def test_a_signer_is_spoken_to_in_finnish(server: Server, chromium: Browser, tmp_path: Path) -> None:
    client = finnish_client(server)
    pdf = tmp_path / "in.pdf"
    pdf.write_bytes(make_pdf(pages=3, text="Vuokrasopimus"))
    contract = client.contract(pdf, {"name": "Matti Meikäläinen", "email": "matti@example.com"})
    code = client.get(f"/contracts/{contract}").json()["versions"][0]["signatories"][0]["code"]

    mail = server.mailbox.to("matti@example.com", "pyytää sinua allekirjoittamaan")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert text.startswith("Hei Matti Meikäläinen,\n\nMaija Mehiläinen (Osuuskunta Oy) pyytää sinua lukemaan")
    assert mail["From"].startswith("Maija Mehiläinen / Osuuskunta Oy")
    assert english_in(text.splitlines(), "fi", *NATIVE) == []

    page = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-US").new_page()
    page.goto(link_in(text))
    check(page, "Maija Mehiläinen (Osuuskunta Oy) pyytää sinua allekirjoittamaan")
    choose(page, "Svenska")
    check(page, "Maija Mehiläinen på Osuuskunta Oy ber dig skriva under", "sv")
    assert "/room/l/" in page.url
    page.get_by_role("button", name="Läs dokumenten").click()
    check(page, "Ange din kod", "sv")
    choose(page, "Suomi")
    check(page, "Anna koodi")
    page.get_by_label("Koodi").fill("AAAAAA")
    page.get_by_role("button", name="Jatka").click()
    check(page, "Virhe: Anna koodi")
    page.get_by_label("Koodi").fill(code)
    page.get_by_role("button", name="Jatka").click()
    check(page, "Lue asiakirjat")
    page.locator("#bar .primary").click()
    check(page, "Allekirjoituksesi")
    page.get_by_role("radio", name="Kirjoita").check()
    page.get_by_role("button", name="Käytä tätä").click()
    check(page, "Allekirjoita 1 asiakirja")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Allekirjoita 1 asiakirja").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kaikki ovat allekirjoittaneet", timeout=30000)
    check(page, "Kaikki ovat allekirjoittaneet")
    expect(page.locator("main")).to_contain_text(re.compile(r"\d\d?\.\d\d?\.\d{4} klo \d\d?\.\d\d \(UTC\)"))

    done = server.mailbox.to("matti@example.com", "Kaikki ovat allekirjoittaneet").get_body(("plain",))
    assert done is not None
    assert "Liitteenä on sinetöity tiedosto" in done.get_content()
    assert english_in(done.get_content().splitlines(), "fi", *NATIVE) == []
