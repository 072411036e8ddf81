"""A whole day of a server that logs all it can: no secret and nobody's address is in what it wrote."""

from __future__ import annotations

import base64
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.conftest import Server, server, until
from tests.journeys.curl import curl
from tests.journeys.test_signsquid import Client, link_in
from tests.pdfs import make_pdf

__all__ = ["server"]
pytestmark = [pytest.mark.adversarial, pytest.mark.xdist_group("journeys")]
PEOPLE: list[dict[str, object]] = [
    {"name": "Aino Aalto", "email": "aino.aalto@example.com", "mobilePhone": "7065551234"},
    {"name": "Bo Berg", "email": "bo.berg@example.com"},
]


@pytest.fixture
def options() -> dict[str, str]:
    return {"UNDERSIGNED_LOG_LEVEL": "DEBUG"}


class Browser:
    """Follows redirects and keeps cookies; gives pages with their status, and all Set-Cookie values."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, url: str, **form: str) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self.opener.open(urllib.request.Request(url, data, {"Accept": "text/html"})) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as e:
            return e.read().decode()

    def submit(self, url: str, **form: str) -> str:
        """Post a page's form with its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask(url))
        return self.ask(url, csrfmiddlewaretoken=token[1] if token else "", **form)

    def secrets(self) -> set[str]:
        return {str(cookie.value) for cookie in self.jar if cookie.value}


def test_nothing_secret_is_written_down(server: Server, tmp_path: Path) -> None:
    api, pdf = Client(server), tmp_path / "in.pdf"
    pdf.write_bytes(make_pdf(text="Secret words of the agreement"))
    contract = api.contract(pdf, *PEOPLE)
    codes = [s["code"] for s in api.get(f"/contracts/{contract}").json()["versions"][0]["signatories"]]
    links = []
    for person in PEOPLE:
        body = server.mailbox.to(str(person["email"]), "asks you to sign").get_body(("plain",))
        assert body is not None
        links.append(link_in(body.get_content()))
    browser = Browser()
    _wander(browser, server, links, codes)
    for link, code in zip(links, codes, strict=True):
        done = server.command("sandbox", "sign", link, "--code", code)
        assert done.returncode == 0, done.stderr
    until("three events", lambda: len(server.receiver.posts) >= 3)
    curl("wrong" + server.key, "GET", f"{server.api}/contracts")
    curl(server.key, "GET", f"{server.api}/contracts/{contract}/{server.key}")

    log = (server.folder / "log").read_text()
    log = log[log.index(server.credentials["console"]["password"]) :].partition("\n  All of this")[
        2
    ]  # the banner
    assert "WARNING django.request Not Found: /room/l/…" in log
    console = server.credentials["console"]
    secrets = {
        "tokens": {link.rsplit("/", 1)[1] for link in [*links, server.credentials["sample_signing_url"]]},
        "codes": {*codes, *(code.lower() for code in codes)},
        "keys": {server.key, base64.b64encode(f"{server.key}:".encode()).decode().rstrip("=")},
        "webhook secret": {server.credentials["signsquid"]["webhook"]["secret"].removeprefix("whsec_")},
        "password": {console["password"]},
        "cookies": browser.secrets(),
        "people": {"aino.aalto@", "bo.berg@", "65551234", "Aino Aalto", "Bo Berg"},
        "words": {"Secret words of the agreement", "Contrat d"},
    }
    found = {
        (kind, next(line[:300] for line in log.splitlines() if secret in line))
        for kind, some in secrets.items()
        for secret in some
        if secret in log
    }
    assert found == set()


def _wander(browser: Browser, server: Server, links: list[str], codes: list[str]) -> None:
    """What people do by mistake, each with a secret in hand."""
    browser.ask(links[0])
    browser.ask(links[0][:-3])
    browser.ask(f"{links[0]}/nothing")
    browser.ask(f"{links[0]}/resend", nothing="x")  # without the form's token
    browser.submit(links[0], x="")
    room = next(c.path for c in browser.jar if c.name == "room")
    browser.submit(f"{server.url}{room}/code", code=codes[1])  # somebody else's
    browser.submit(f"{server.url}{room}/code", code=codes[0])
    browser.ask(f"{server.url}{room}/sealed/1")
    console = server.credentials["console"]
    browser.submit(console["url"], username=console["username"], password="wrong " + console["password"])
    browser.submit(console["url"], username=console["username"], password=console["password"])
    for page in ("", "envelopes?q=aino.aalto@example.com", "outbox", "keys", "password"):
        browser.ask(f"{server.url}/console/{page}")
    browser.ask(f"{server.url}/verify?code={codes[0]}")
