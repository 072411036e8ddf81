"""Create, get, list 50 and sign per second, as a ratio to the bare slice in `benchmarks.peer`: `python -m benchmarks.throughput [DATABASE-URL]`.

Both serve copies of one database with one web process each and the same number of threads; one client with one connection asks one
after the other, in nine interleaved rounds. The worker does not run, so that nothing else happens meanwhile.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.pdfs import make_pdf

from .databases import created, replaced
from .server import Server

ROUNDS = 9
CALLS = {"create": 40, "get": 40, "list": 40, "sign": 2}
LISTED = 50


class Client:
    """Sends prepared bytes over a kept connection; costs next to nothing beside the server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, request: bytes) -> int:
        """The status of the answer, all of which is read."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        missing = int(fields[b"content-length"]) - len(body)
        while missing > 0:
            missing -= len(self._more())
        return int(head[9:12])

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise SystemExit("the server has closed the connection")
        return data


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def seed(signings: int) -> dict[str, Any]:
    """An account of fifty contracts, one that creates, and signers who have only the last button to press."""
    from undersigned.accounts.credentials import create_api_key
    from undersigned.accounts.models import Organization, User
    from undersigned.app import prepare
    from undersigned.app.django_settings import UNDERSIGNED

    prepare.run(UNDERSIGNED)
    organization = Organization.objects.get()
    reader, writer = (
        User.objects.create_user(organization, name, email=f"{name}@example.com")
        for name in ("reader", "writer")
    )
    keys = [
        "Basic " + b64encode(f"{create_api_key(user, 'signsquid', 'bench')[1]}:".encode()).decode()
        for user in (reader, writer)
    ]
    contracts = [draft(reader, f"Agreement {n}").collection.pub for n in range(LISTED)]
    got = f"/api/v1/contracts/{contracts[LISTED // 2]}"
    return {
        "create": [request("POST", "/api/v1/contracts", b'{"name": "Benchmark"}', Authorization=keys[1])],
        "get": [request("GET", got, Authorization=keys[0])],
        "list": [request("GET", "/api/v1/contracts", Authorization=keys[0])],
        "sign": buttons(writer, signings),
    }


def draft(by: Any, title: str) -> Any:
    """A contract with two signers."""
    from undersigned.accounts.models import Credential
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
    from undersigned.envelopes.create_collection import create_collection
    from undersigned.envelopes.models import Collection

    actor = Actor(by.organization, by, None, Credential.Reach.ACCOUNT)
    envelope = create_collection(actor, "signsquid", Collection.Kind.CONTRACT, title).envelopes.get()
    for name, mail in (("Anna Virtanen", "anna@example.com"), ("Åsa Öberg", "a@example.com")):
        add_recipient(actor, envelope.pk, NewRecipient(name=name, email=mail))
    return envelope


def buttons(by: Any, count: int) -> list[bytes]:
    """Requests that sign, each by the first of two signers of a contract of three pages."""
    import io

    from tests.jobs.testing import run_due
    from undersigned.accounts.models import Credential
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.add_document import add_document
    from undersigned.envelopes.send import send
    from undersigned.files.models import File
    from undersigned.files.store import copy_file, receive, store_pdf

    actor = Actor(by.organization, by, None, Credential.Reach.ACCOUNT)
    with receive(io.BytesIO(make_pdf(3, "This agreement is made between the parties. " * 40))) as received:
        file = store_pdf(by.organization, received, "a.pdf", user=by)
    envelopes = [draft(by, f"To be signed {n}") for n in range(count)]
    for envelope in envelopes:
        add_document(actor, envelope.pk, copy_file(file, File.Kind.UPLOAD))
        send(actor, envelope.pk)
    run_due()
    return [button(envelope.recipients.order_by("position")[0]) for envelope in envelopes]


def button(recipient: Any) -> bytes:
    """The signer opens the link, gives the code, types a signature: what is left is one request."""
    from django.conf import settings

    from undersigned.envelopes import links, shown
    from undersigned.envelopes.appearance import Look, keep
    from undersigned.envelopes.enter_code import enter_code
    from undersigned.envelopes.open_sitting import open_sitting

    opened = open_sitting(links.token(recipient), "127.0.0.1", "bench")
    enter_code(opened.sitting, recipient.code)
    opened.sitting.refresh_from_db()
    keep(opened.sitting, Look("typed", name=recipient.full_name, hand="caveat"))
    seen = shown.current(recipient)
    token = "a" * 32
    form = {"agree": "on", "revision": seen.revision, "digest": seen.digest}
    form |= {"request_key": secrets.token_urlsafe(24), "csrfmiddlewaretoken": token}
    return request(
        "POST",
        f"/room/{opened.sitting.pub}/sign",
        urlencode(form).encode(),
        Cookie=f"room={opened.secret}; csrftoken={token}",
        Content_Type="application/x-www-form-urlencoded",
        Origin=settings.PUBLIC_URL,
    )


@contextmanager
def copies(database_url: str) -> Iterator[tuple[dict[str, str], dict[str, str], dict[str, Any]]]:
    """A seeded database and its copy, as options for two servers, and the requests."""
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        ours = {"data_dir": f"{folder}/ours", "database_url": database_url, "workers": "0"}
        peers = ours | {"data_dir": f"{folder}/peer"}
        for name, value in {**ours, "public_url": "http://127.0.0.1", "log_level": "ERROR"}.items():
            os.environ[f"UNDERSIGNED_{name.upper()}"] = value
        from undersigned.app.cli.setup import django_setup

        django_setup()
        from django.db import connections

        requests = seed(CALLS["sign"] * (ROUNDS + 1))
        connections.close_all()
        shutil.copytree(ours["data_dir"], peers["data_dir"])
        if not database_url:
            yield ours, peers, requests
            return
        name = urlsplit(database_url).path.lstrip("/")
        with created(replaced(database_url, f"{name}_peer"), template=name) as url:
            yield ours, peers | {"database_url": url}, requests


def measure(database_url: str) -> dict[str, Any]:
    """For each operation, ours and the peer's: calls per second and processor milliseconds a call; and the ratios."""
    public = {"public_url": "http://127.0.0.1"}
    with copies(database_url) as (ours, peers, requests), ExitStack() as stack:
        servers = {
            "ours": Server("undersigned.app.cli", "serve", **ours, **public),
            "peer": Server("benchmarks.peer", **peers, **public),
        }
        for server in servers.values():
            stack.callback(server.stop)
        return interleave(servers, requests)


@dataclass
class _Spent:
    rates: list[float] = field(default_factory=list)
    cpu: float = 0.0


def interleave(servers: dict[str, Server], requests: dict[str, list[bytes]]) -> dict[str, Any]:
    """Ratios of calls per second are medians of the rounds'; processor time is the mean over all of them."""
    clients = {name: Client(server.port) for name, server in servers.items()}
    spent = {operation: {name: _Spent() for name in servers} for operation in CALLS}
    for number in range(ROUNDS + 1):  # the first warms up and is not counted
        for operation, calls in CALLS.items():
            prepared = requests[operation]
            todo = prepared[number * calls : (number + 1) * calls] if len(prepared) > 1 else prepared * calls
            for name in list(servers)[:: 1 if number % 2 else -1]:
                cpu, begun = servers[name].cpu(), time.perf_counter()
                answers = {clients[name].call(one) for one in todo}
                seconds = time.perf_counter() - begun
                assert answers <= {200, 201, 302, 303}, (operation, name, answers)
                if number:
                    spent[operation][name].rates.append(calls / seconds)
                    spent[operation][name].cpu += servers[name].cpu() - cpu
    return {operation: _compared(CALLS[operation], of["ours"], of["peer"]) for operation, of in spent.items()}


def _compared(calls: int, ours: _Spent, peer: _Spent) -> dict[str, Any]:
    return {
        "ours": round(median(ours.rates), 1),
        "peer": round(median(peer.rates), 1),
        "ratio": round(median(a / b for a, b in zip(ours.rates, peer.rates, strict=True)), 2),
        "cpu_ms": [round(of.cpu / calls / len(of.rates), 2) for of in (ours, peer)],
        "cpu_ratio": round(peer.cpu / ours.cpu, 2),
    }


def main() -> None:
    json.dump(measure(sys.argv[1] if len(sys.argv) > 1 else ""), sys.stdout)


if __name__ == "__main__":
    main()
