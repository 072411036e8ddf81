"""An integrator's program and its signers. Whatever breaks, they repeat the same call, as real clients do."""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.pdfs import make_pdf
from undersigned.app.cli.sandbox import SignerError, _Page, _Signer

from .receivers import Inbox

PATIENCE = 600.0
"""Seconds after which a client gives up: something is stuck."""
_BROKEN = (OSError, http.client.HTTPException)


class GaveUp(Exception):
    """It did not happen in `PATIENCE` seconds."""


@dataclass
class Trouble:
    """What clients met on their way."""

    seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self._lock:
            self.seen[what] += 1


class Client:
    """Calls the API. Creating calls carry a key, so that a lost answer can be asked for again."""

    def __init__(self, url: str, key: str, trouble: Trouble) -> None:
        self.netloc = urlsplit(url).netloc
        self.trouble = trouble
        self.authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode()

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """The first answer that is not a server's failure. A client whose upload broke off begins anew."""
        headers = {"Authorization": self.authorization, "Content-Type": "application/octet-stream"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            connection = http.client.HTTPConnection(self.netloc, timeout=60)
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status < 500:
                    return answer.status, dict(answer.headers), content
                self.trouble.note(f"API {answer.status}")
            except _BROKEN as e:
                self.trouble.note(f"API {type(e).__name__}")
            finally:
                connection.close()
            time.sleep(0.2)
        raise GaveUp(f"{method} {path}")

    def expect(self, status: int, method: str, path: str, body: bytes = b"") -> tuple[dict[str, str], bytes]:
        found, headers, content = self.call(method, path, body)
        if found != status:
            raise AssertionError(f"{method} {path}: {found} {content[:300]!r}")
        return headers, content


class Person(_Signer):
    """The sandbox signer, but one who reloads the page when it breaks: the same request again, forms included. Each comes from an address
    of their own, by way of one proxy: a quick machine has more people at once than one address may be."""

    trouble = Trouble()
    numbers = itertools.count(1)
    gate: threading.Barrier | None = None
    """Where both signers wait before the last button, so that they press it at the same instant."""

    def __init__(self, code: str, decline: str | None, name: str) -> None:
        super().__init__(code, decline, name)
        number = next(self.numbers)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.browser.addheaders.append(("X-Forwarded-For", address))

    def _submit(self, address: str, page: _Page, having: str | None, **values: str) -> tuple[str, _Page]:
        if having == "request_key" and self.gate is not None:
            with contextlib.suppress(threading.BrokenBarrierError):  # the other one has had trouble
                self.gate.wait(20)
        return super()._submit(address, page, having, **values)

    def _open(self, request: urllib.request.Request) -> tuple[str, _Page]:
        end = time.monotonic() + PATIENCE
        if request.data is not None:
            request.add_header("Origin", "{0.scheme}://{0.netloc}".format(urlsplit(request.full_url)))
            request.add_header("Referer", request.full_url)
        while time.monotonic() < end:
            try:
                with self.browser.open(request, timeout=60) as answer:
                    return answer.url or request.full_url, _Page(answer.read().decode("utf-8", "replace"))
            except urllib.error.HTTPError as e:
                with e:
                    page = _Page(e.read().decode("utf-8", "replace"))
                if e.code < 500:
                    return e.url or request.full_url, page
                self.trouble.note(f"room {e.code} {page.heading.strip()}")
            except _BROKEN as e:
                self.trouble.note(f"room {type(getattr(e, 'reason', e)).__name__}")
            time.sleep(0.2)
        raise GaveUp(request.full_url)


@dataclass
class Contract:
    """What the client believes to have made."""

    name: str
    emails: list[str]
    phone: str
    id: str = ""
    codes: list[str] = field(default_factory=list)
    finished: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "emails": self.emails, "phone": self.phone, "id": self.id}


def two_signers(client: Client, inbox: Inbox, number: int, made: list[Contract]) -> None:
    """One contract from its creation to two signatures made at the same time; noted in `made` before anything is asked."""
    contract = Contract(
        f"Agreement {number}",
        [f"first{number}@one.example", f"second{number}@two.example"],
        f"+1555{number:07d}",
    )
    made.append(contract)
    headers, _ = client.expect(201, "POST", "/api/v1/contracts", json.dumps({"name": contract.name}).encode())
    contract.id = headers["Location"].rsplit("/", 1)[1]
    version = f"/api/v1/contracts/{contract.id}/versions/1"
    for position, email in enumerate(contract.emails):
        person = {"name": f"Person {position} {number}", "email": email}
        if position:
            person["mobilePhone"] = contract.phone
        client.expect(201, "POST", f"{version}/signatories", json.dumps(person).encode())
    client.expect(201, "POST", f"{version}/files?filename=agreement.pdf", make_pdf(1, contract.name))
    client.expect(200, "POST", version)
    signatories = json.loads(client.expect(200, "GET", version)[1])["signatories"]
    contract.codes = [s["code"] for s in signatories]
    failures: list[BaseException] = []
    gate = threading.Barrier(2)

    def sign(email: str, code: str) -> None:
        try:
            if email == contract.emails[1]:
                _text_with(inbox, contract.phone, code)
            _sign(client, inbox, version, email, code, gate)
        except BaseException as e:  # noqa: BLE001 - told to the main thread below
            failures.append(e)

    people = [
        threading.Thread(target=sign, args=pair, daemon=True)
        for pair in zip(contract.emails, contract.codes, strict=True)
    ]
    for person_thread in people:
        person_thread.start()
    for person_thread in people:
        person_thread.join()
    if failures:
        raise failures[0]
    contract.finished = True


def _text_with(inbox: Inbox, phone: str, code: str) -> None:
    """Wait until the phone has the code: who signs sooner makes the text unwanted, and then it is never sent."""
    end = time.monotonic() + PATIENCE
    while not any(text.endswith(code) for text in inbox.texts_to(phone)):
        if time.monotonic() > end:
            raise GaveUp(f"text to {phone}")
        time.sleep(0.1)


def _sign(client: Client, inbox: Inbox, version: str, email: str, code: str, gate: threading.Barrier) -> None:
    end = time.monotonic() + PATIENCE
    while email not in inbox.links:
        if time.monotonic() > end:
            raise GaveUp(f"invitation to {email}")
        time.sleep(0.1)
    while time.monotonic() < end:
        person = Person(code, None, "")
        person.gate = gate
        try:
            person.run(inbox.links[email])
        except SignerError as e:
            client.trouble.note(f"person: {e}")
        state = json.loads(client.expect(200, "GET", version)[1])["signatories"]
        if any(s["email"] == email and s["status"] == "Agreed" for s in state):
            return
        time.sleep(0.2)
    raise GaveUp(f"signature of {email}")
