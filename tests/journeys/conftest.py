"""A whole server in processes of its own, with a mail server and a webhook receiver beside it."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE = 60.0
"""Seconds to wait for something that a loaded machine takes longer over; never for something that may be missing."""
PAGE_PATIENCE = 30_000
"""Milliseconds to wait so for what a page shows."""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(what: str, check: Any) -> Any:
    """Ask `check` until it answers something true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


@dataclass
class Mailbox:
    """What an SMTP server took in."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    def to(self, address: str, subject: str) -> EmailMessage:
        """The first mail to `address` whose subject holds `subject`."""
        return until(
            f"a mail to {address} about {subject}",
            lambda: next(
                (m for m in list(self.mails) if m["To"] and address in m["To"] and subject in m["Subject"]),
                None,
            ),
        )

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"


@dataclass
class Receiver:
    """What was posted to our webhook address: headers and exact bytes. Browsers that are sent to it find a page."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@dataclass
class Server:
    """A running server; `credentials` is its credentials file."""

    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    credentials: dict[str, Any]
    mailbox: Mailbox
    receiver: Receiver

    @property
    def api(self) -> str:
        return str(self.credentials["signsquid"]["base_url"])

    @property
    def key(self) -> str:
        return str(self.credentials["signsquid"]["api_key"])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `undersigned` with this server's options."""
        return subprocess.run(
            [sys.executable, "-m", "undersigned.app.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@contextmanager
def receiving() -> Iterator[Receiver]:
    it = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>Shop</title><h1>Back at the shop</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            it.posts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        it.url = f"http://127.0.0.1:{listening.server_address[1]}/hook"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield it
        listening.shutdown()


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def patient() -> Iterator[None]:
    """Whoever uses it waits longer for what a page shows."""
    expect.set_options(timeout=PAGE_PATIENCE)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def options() -> dict[str, str]:
    """Further options of the server; a module that has any gets servers of its own."""
    return {}


@pytest.fixture(scope="session")
def common_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all that want nothing special of it: starting one takes as long as many a test."""
    with mail_server() as mailbox, receiving() as receiver:
        yield from serving(tmp_path_factory.mktemp("server"), mailbox, receiver, {})


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path, options: dict[str, str]) -> Iterator[Server]:
    """A running server whose mailbox and receiver are empty; others may have used it before."""
    if options:
        with mail_server() as mailbox, receiving() as receiver:
            yield from serving(tmp_path, mailbox, receiver, options)
    else:
        common: Server = request.getfixturevalue("common_server")
        common.mailbox.mails.clear()
        common.receiver.posts.clear()
        yield common


def serving(folder: Path, mailbox: Mailbox, receiver: Receiver, options: dict[str, str]) -> Iterator[Server]:
    """Start a server, hand it out, and stop it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
    environment = clean | {
        "UNDERSIGNED_PORT": str(port),
        "UNDERSIGNED_DATA_DIR": str(folder / "data"),
        "UNDERSIGNED_CREDENTIALS_FILE": str(folder / "credentials.json"),
        "UNDERSIGNED_MAIL_URL": f"smtp://127.0.0.1:{mailbox.port}/?tls=none",
        **options,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "undersigned.app.cli", "serve"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until("the server", lambda: process.poll() is not None or _healthy(url))
        assert process.poll() is None, (folder / "log").read_text()
        credentials = json.loads((folder / "credentials.json").read_text())
        running = Server(folder, url, process, environment, credentials, mailbox, receiver)
        listed = running.command("credential", "list", "anna@demo").stdout
        running.command("credential", "webhook", listed.split()[0], receiver.url)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: Playwright's event loop would stand in the way of Django's database in later tests."""
    import shutil

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
