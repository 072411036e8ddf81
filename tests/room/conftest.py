"""The room on the gateway in memory, for Django's client and for Chromium."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from tests.quiet import quiet_page
from undersigned.room import gateway, limits

from .fake_gateway import ROOM_ID, SECRET, FakeGateway


@pytest.fixture
def core(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    monkeypatch.setattr(gateway, "_gateway", fake)
    return fake


@pytest.fixture
def outside(core: FakeGateway, db: None) -> Client:
    """A browser that has not been here; checks CSRF as a browser would."""
    return Client()


@pytest.fixture
def signer(core: FakeGateway, db: None) -> Client:
    """A browser that holds the room's cookie."""
    client = Client()
    client.cookies.load({"room": SECRET})
    client.cookies["room"]["path"] = f"/room/{ROOM_ID}"
    return client


@pytest.fixture
def server(core: FakeGateway, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The room behind a real server; gives its address. Nothing of it needs a database, so what limits callers is left out."""
    from django.core.wsgi import get_wsgi_application

    monkeypatch.setattr(limits, "take", lambda *_: None)

    running = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{running.effective_port}"
    yield settings.PUBLIC_URL
    # In its own thread, which would else wait on sockets that are closed under it.
    running.trigger.pull_trigger(lambda: wasyncore.close_all(running._map))
    thread.join(5)
    running.task_dispatcher.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: Playwright's event loop would stand in the way of Django's database in later tests."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, server: str) -> Iterator[BrowserContext]:
    made = browser.new_context(
        base_url=server, viewport={"width": 390, "height": 844}, reduced_motion="reduce", has_touch=True
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    with quiet_page(context) as made:
        yield made
