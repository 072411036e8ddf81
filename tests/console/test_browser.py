"""The console's pages in Chromium: they fit small and large screens and pass axe, light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, sync_playwright

from undersigned.delivery.models import Message

from .world import World

pytestmark = pytest.mark.browser
HOST = "http://console.test"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
LONG = "Framework agreement on maintenance works for the harbour buildings with Rindfleischetikettierungsüberwachung"
CUT = """() => [...document.querySelectorAll('.table-wrap')].filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.querySelector('caption')?.innerText}: ${e.scrollWidth} in ${e.clientWidth}`)"""
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def answers(world: World, visit: Callable[[str], Client]) -> dict[str, Answer]:
    """The main pages as the server answers them to a member, with what they load.

    They are asked for before the browser starts: Django refuses the database to a thread that runs an event loop, and
    Playwright's runs in this one.
    """
    world.sent.title = LONG
    world.sent.save(update_fields=["title"])
    message = Message.objects.filter(envelope_id=world.sent.pk, purpose="invitation").order_by("-pk")[0]
    tabs = ("timeline", "people", "documents", "messages", "webhooks")
    pages = [reverse(f"console:{n}") for n in ("home", "envelopes", "keys", "new-key", "outbox", "password")]
    pages += [reverse(f"console:envelope-{tab}", args=[world.sent.pk]) for tab in tabs]
    pages += [
        reverse("console:envelopes") + "?state=failed",
        reverse("console:envelope-people", args=[world.declined.pk]),
        reverse("console:key", args=[world.key.pk]),
        reverse("console:outbox-message", args=[message.pk]),
    ]
    visitors = {reverse("console:login"): visit("anonymous")}
    got: dict[str, Answer] = {}
    for path in [reverse("console:login"), *pages]:
        got[path] = _answer(visitors.get(path) or visit("owner"), path)
        assert got[path][0] == 200, path
        for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', got[path][2].decode()):
            if found not in got:
                got[found] = _answer(Client(), found)
                assert got[found][0] == 200, found
    return got


def _answer(client: Client, path: str) -> Answer:
    response = client.get(path)
    body = b"".join(response) if response.streaming else response.content
    return response.status_code, dict(response.headers), body


def test_pages_fit_their_screens_and_pass_axe(answers: dict[str, Answer]) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    wrong: list[str] = []

    def serve(route: Route) -> None:
        address = urlsplit(route.request.url)
        found = answers.get(address.path + (f"?{address.query}" if address.query else ""))
        if found is None:
            route.fulfill(status=404)
        else:
            route.fulfill(status=found[0], headers=found[1], body=found[2])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(reduced_motion="reduce")
        page.route("**/*", serve)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda m: wrong.append(f"{page.url}: {m.text}") if "Content Security" in m.text else None,
        )
        for path in [p for p in answers if not p.startswith("/static/")]:
            page.goto(f"{HOST}{path}")
            wrong += [f"{path}: {what}" for what in _faults(page)]
        browser.close()
    assert wrong == []


def _faults(page: Page) -> list[str]:
    """What does not fit at 320, 390 and 1280, and what axe finds at the latter two."""
    faults: list[str] = []
    for width, height, scheme in ((320, 568, "light"), (390, 844, "light"), (1280, 800, "dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            faults.append(f"{wide} wide at {width}")
        faults += [f"table cut at {width}: {what}" for what in page.evaluate(CUT)]
        if width > 320:
            found = Axe().run(page, options=RULES)
            faults += [
                f"axe at {width}: {v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]
            ]
    return faults
