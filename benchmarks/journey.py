"""What a contract costs from creation to sealed files and evidence: `python -m benchmarks.journey [DATABASE-URL]` prints JSON.

One client at a time against a server of its own: two signers, three pages, each signer's pages drawn at reading width as a browser has
them drawn, mails to an SMTP server, webhooks to a receiver. Processor time is that of all the server's processes: web, worker, the
nurseries with their disposable children; not the database's, not this program's.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from statistics import median
from typing import Any
from urllib.parse import urljoin
from urllib.request import Request

from tests.pdfs import make_pdf
from undersigned.app.cli.sandbox import _Page, _Signer

from .server import Server, free_port, undersigned, wait_for

JOURNEYS = 9
SIGNERS = (
    {"name": "Anna Virtanen", "email": "anna@example.com"},
    {"name": "Åsa Öberg", "email": "a@example.com"},
)
PHASES = ("create", "publish", "sittings", "seal")


class Reader(_Signer):
    """Signs as the sandbox signer does, and looks at each page of the documents on the way."""

    def _open(self, request: Request) -> tuple[str, _Page]:
        address, page = super()._open(request)
        if address.endswith("/read"):
            with self.browser.open(address) as answer:
                drawn = re.findall(rb' src="([^"]+-1000\.jpg)"', answer.read())
            assert drawn
            for picture in drawn:
                with self.browser.open(urljoin(address, picture.decode())) as answer:
                    answer.read()
        return address, page


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Mailbox:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the library's name
        return "250 OK"


@contextmanager
def receivers() -> Iterator[tuple[str, str]]:
    """Addresses of a webhook receiver and of a mail server that take everything."""
    from aiosmtpd.controller import Controller

    web = HTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    mail = Controller(_Mailbox(), hostname="127.0.0.1", port=free_port())
    mail.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}/", f"smtp://127.0.0.1:{mail.port}/?tls=none"
    finally:
        mail.stop()
        web.shutdown()


def enter(server: Server) -> None:
    """Give this process the server's settings and database: invitations are rendered from its keys and stored nowhere."""
    for name in [n for n in os.environ if n.startswith("UNDERSIGNED_")]:
        del os.environ[name]
    os.environ.update({k: v for k, v in server.environment.items() if k.startswith("UNDERSIGNED_")})
    from undersigned.app.cli.setup import django_setup

    django_setup()


def create(server: Server, pdf: bytes) -> str:
    """An unpublished contract with its people and its file; the path of its version."""
    status, path, _ = server.call("POST", "/api/v1/contracts", b'{"name": "Benchmark"}')
    assert status == 201
    for signer in SIGNERS:
        assert server.call("POST", f"{path}/versions/1/signatories", json.dumps(signer).encode())[0] == 201
    assert server.call("POST", f"{path}/versions/1/files?filename=a.pdf", pdf)[0] == 201
    return f"{path}/versions/1"


def publish(server: Server, version: str) -> None:
    assert server.call("POST", version)[0] == 200


def links(version: str) -> list[str]:
    """The signers' addresses."""
    from undersigned.envelopes import links
    from undersigned.envelopes.models import Recipient

    people = Recipient.objects.filter(envelope__collection__pub=version.split("/")[4]).order_by("position")
    return [links.url(person) for person in people]


def idle() -> bool:
    """Whether the workers have nothing left to do."""
    from undersigned.jobs.models import Job

    return not Job.objects.filter(state=Job.State.WAITING).exists()


def sign(server: Server, version: str) -> None:
    """Both signers, one after the other."""
    codes = [s["code"] for s in json.loads(server.call("GET", version)[2])["signatories"]]
    for address, code in zip(links(version), codes, strict=True):
        Reader(code, None, "").run(address)


def journey(server: Server, pdf: bytes) -> dict[str, dict[str, float]]:
    """Wall and processor milliseconds of each phase; each lasts until the workers are idle again."""
    version = ""

    def first() -> None:
        nonlocal version
        version = create(server, pdf)

    # The seal begins with the last signature: what the worker does while the last answer is under way counts for the sittings.
    steps: tuple[Callable[[], object], ...] = (
        first,
        lambda: publish(server, version),
        lambda: sign(server, version),
        lambda: None,
    )
    spent: dict[str, dict[str, float]] = {}
    for phase, step in zip(PHASES, steps, strict=True):
        before = server.now()
        step()
        if phase != "sittings":
            wait_for(idle)
        after = server.now()
        spent[phase] = {"ms": after[0] - before[0], "cpu_ms": after[1] - before[1]}
    assert server.call("GET", f"{version}/files/a.pdf")[0] == 200
    return spent


def measure(database_url: str) -> dict[str, Any]:
    """Medians over the journeys, the time to the first answer and what the processes hold afterwards."""
    pdf = make_pdf(3, "This agreement is made between the parties. " * 40)
    with receivers() as (web, mail), undersigned(database_url, mail_url=mail) as server:
        enter(server)
        from undersigned.accounts.models import Credential

        Credential.objects.update(webhook_url=web)
        time.sleep(2)  # the nurseries have started
        journey(server, pdf)  # not counted: it warms up
        before = server.now()
        runs = [journey(server, pdf) for _ in range(JOURNEYS)]
        after = server.now()
        return {
            "cpu_ms": round((after[1] - before[1]) / JOURNEYS, 1),
            "phases": {
                phase: {unit: round(median(run[phase][unit] for run in runs), 1) for unit in ("ms", "cpu_ms")}
                for phase in PHASES
            },
            "memory_mb": server.memory(),
        }


def main() -> None:
    json.dump(measure(sys.argv[1] if len(sys.argv) > 1 else ""), sys.stdout)


if __name__ == "__main__":
    main()
