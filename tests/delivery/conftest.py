"""Real servers on loopback, and the ports as the core would answer them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import LazySettings

from undersigned.accounts.models import Organization, User
from undersigned.delivery import ports
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft
from undersigned.delivery.params import Params

URL = "https://sign.example.com/room/l/Zm9vYmFy"
CODE = "738402"


@dataclass
class Core:
    """What `envelopes` will register: gives links and codes, refuses what was cancelled, remembers what it was told."""

    wanted: bool = True
    told: list[tuple[str, int, str]] = field(default_factory=list)
    values: dict[str, str] = field(
        default_factory=lambda: {"orderId": "42", "taskUrl": URL, "name": "Matti <i>M</i>"}
    )

    def still_wanted(self, message: Message) -> bool:
        assert message.still_if
        return self.wanted

    def secrets(self, message: Message) -> dict[str, str]:
        return {"url": URL, "code": CODE}

    def expand(self, message: Message, text: str) -> str:
        for name, value in self.values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def callback(self, message: Message) -> str:
        address = self.expand(message, message.address or "")
        return f"{address}&requestId=o1" if "?" in address else address

    def sent(self, message: Message) -> None:
        self.told.append(("sent", message.pk, ""))

    def failed(self, message: Message, error: str) -> None:
        self.told.append(("failed", message.pk, error))


@pytest.fixture
def core() -> Iterator[Core]:
    it = Core()
    former = ports.register(ports.Ports(it, it, it))
    yield it
    ports.register(former)


@pytest.fixture
def organization(settings: LazySettings) -> Organization:
    settings.PUBLIC_URL = "https://sign.example.com"
    return Organization.objects.create(slug="acme", name="Acme Oy")


@pytest.fixture
def user(organization: Organization) -> User:
    return User.objects.create_user(organization, "anna", name="Anna", surname="Virtanen")


PARAMS: dict[str, Any] = {
    "name": "Matti Meikäläinen",
    "sender": "Anna Virtanen",
    "sender_email": "anna@acme.example",
    "title": "Lease 2026",
    "documents": 2,
    "due_at": "2026-12-01T12:00:00Z",
    "time_zone": "Europe/Helsinki",
}


@pytest.fixture
def draft(organization: Organization) -> Callable[..., Draft]:
    """A draft to Matti; further arguments are columns of the draft, or else values of the text."""

    def make(purpose: str = "invitation", channel: str = "email", **given: Any) -> Draft:
        columns = {k: given.pop(k) for k in list(given) if k in Draft.__dataclass_fields__}
        defaults = {
            "address": "+358401234567" if channel == "sms" else "matti@example.fi",
            "dedup_key": f"{channel}:{purpose}",
            "envelope_id": 17,
            "params": Params(**PARAMS | given),
        }
        return Draft(organization, purpose, channel, **defaults | columns)

    return make


@dataclass
class Mailbox:
    """An SMTP server that keeps what it takes and answers as told: `rcpt` or `data` in place of 250."""

    mails: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    rcpt: str = ""
    data: str = ""
    hang_up: bool = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data:
            return self.data
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        self.senders.append(str(envelope.mail_from))
        return f"250 2.0.0 Ok: queued as Q{len(self.mails)}"

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up:
            server.transport.abort()
        return "221 Bye"

    def parsed(self) -> list[EmailMessage]:
        return [message_from_bytes(m, policy=policy.default) for m in self.mails]  # type: ignore[misc]


class FreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@pytest.fixture
def mailbox(settings: LazySettings) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = FreePort(box, hostname="127.0.0.1", port=0)
    controller.start()
    port = controller.port
    settings.MAIL_URL = f"smtp://127.0.0.1:{port}/?tls=none"
    settings.EMAIL_BACKEND = "undersigned.delivery.smtp.EmailBackend"  # Django's test runner puts its own
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "sign@acme.example"
    yield box
    controller.stop()


@dataclass
class Receiver:
    """An HTTP server that keeps requests (of a GET the word in place of its body) and answers with the statuses given, the last one for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    answer: bytes = b""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"GET")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            it.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(it.statuses.pop(0) if len(it.statuses) > 1 else it.statuses[0])
            self.send_header("Content-Length", str(len(it.answer)))
            self.end_headers()
            self.wfile.write(it.answer)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        it.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield it
        server.shutdown()
        thread.join()
