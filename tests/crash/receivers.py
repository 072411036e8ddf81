"""The other side of every message: a mail server, and an HTTP server for webhooks and text messages. They note all that arrives."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import unquote

from aiosmtpd.controller import Controller

LINK = re.compile(r"http://\S+/room/l/\S+")


class Inbox:
    """What came in. All counts are of arrivals, repetitions included."""

    def __init__(self) -> None:
        self.mails: dict[tuple[str, str], int] = defaultdict(int)
        """(address, Message-ID) to count."""
        self.links: dict[str, str] = {}
        """Address to the signing link that came there."""
        self.webhooks: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        """webhook-id to body to count."""
        self.texts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        """Number to text to count."""
        self.smtp_port = self.http_port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        headers = BytesHeaderParser(policy=policy.default).parsebytes(envelope.content)
        for address in envelope.rcpt_tos:
            self.mails[address, str(headers["Message-ID"])] += 1
            if b"/room/l/" in envelope.content:
                message = message_from_bytes(envelope.content, policy=policy.default)
                assert isinstance(message, EmailMessage)
                body = message.get_body(("plain",))
                found = LINK.search(body.get_content()) if body is not None else None
                if found:
                    self.links[address] = found.group()
        return "250 OK"

    def posted(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if path.startswith("/sms/"):
            self.texts[unquote(path.removeprefix("/sms/"))][str(json.loads(body)["message"])] += 1
        else:
            self.webhooks[headers["webhook-id"]][body.decode()] += 1

    def texts_to(self, number: str) -> list[str]:
        return list(self.texts[number])

    def as_json(self) -> dict[str, Any]:
        return {
            "mails": [[address, mail, count] for (address, mail), count in self.mails.items()],
            "webhooks": self.webhooks,
            "texts": self.texts,
        }


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def receiving() -> Iterator[Inbox]:
    """Both servers, on free ports of this machine."""
    inbox = Inbox()
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) < int(self.headers["Content-Length"]):
                    return  # the sender was killed in the middle of it
                with lock:
                    inbox.posted(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                return

        def log_message(self, *_: Any) -> None:
            pass

    inbox.smtp_port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.smtp_port)
    controller.start()
    try:
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
            inbox.http_port = listening.server_address[1]
            threading.Thread(
                target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()
            yield inbox
            listening.shutdown()
    finally:
        controller.stop()
