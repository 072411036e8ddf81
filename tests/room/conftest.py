"""The room on the gateway in memory, for Django's client and for Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from waitress.server import create_server

from undersigned.room import gateway

from .fake_gateway import ROOM_ID, SECRET, FakeGateway


@pytest.fixture
def core(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    monkeypatch.setattr(gateway, "_gateway", fake)
    return fake


@pytest.fixture
def outside(core: FakeGateway) -> Client:
    """A browser that has not been here; checks CSRF as a browser would."""
    return Client()


@pytest.fixture
def signer(core: FakeGateway) -> Client:
    """A browser that holds the room's cookie."""
    client = Client()
    client.cookies.load({"room": SECRET})
    client.cookies["room"]["path"] = f"/room/{ROOM_ID}"
    return client


@pytest.fixture
def server(core: FakeGateway) -> Iterator[str]:
    """The room behind a real server; gives its address."""
    from django.core.wsgi import get_wsgi_application

    running = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.effective_port}"
    running.close()
    running.task_dispatcher.shutdown()
    thread.join(5)
