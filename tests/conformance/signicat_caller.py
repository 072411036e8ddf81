"""A program that calls the Signicat API through Django's client, and the people who sign what it orders."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.pdfs import make_pdf
from undersigned.accounts.credentials import create_oauth_client
from undersigned.accounts.models import Credential, User
from undersigned.base.clock import now
from undersigned.envelopes import artifacts, fill, links, proofs, shown
from undersigned.envelopes.appearance import Look, keep
from undersigned.envelopes.decline import decline
from undersigned.envelopes.models import Assignment, Envelope, Field, Recipient, Sitting
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.envelopes.upload import upload
from undersigned.envelopes.view import view
from undersigned.files.models import File
from undersigned.files.store import Received, store_pdf

from .signers import run_jobs

BASE = "/enterprise/sign"
TOKEN = "/auth/open/connect/token"
DRAWN = [{"handwritten": True}]
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass
class Orders:
    """A client with its token."""

    credential: Credential
    secret: str
    token: str = ""
    base: str = BASE
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, user: User) -> Orders:
        made = cls(*create_oauth_client(user, "signicat", Credential.Reach.CLIENT, "tests"))
        made.token = json.loads(made.ask_token().content)["access_token"]
        return made

    def ask_token(
        self,
        body: str = "grant_type=client_credentials&scope=signicat-api",
        path: str = TOKEN,
        *,
        basic: str | None = None,
        content_type: str = FORM_TYPE,
    ) -> HttpResponse:
        """By Basic with the client's own secret, unless `basic` says otherwise; empty: no header."""
        own = "Basic " + base64.b64encode(f"{self.credential.client_id}:{self.secret}".encode()).decode()
        header = own if basic is None else basic
        headers = {"Authorization": header} if header else {}
        return self.client.generic("POST", path, body.encode(), content_type=content_type, headers=headers)  # type: ignore[return-value]

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        """`path` below the base, or absolute, as in `Location`."""
        path = path.removeprefix("http://testserver")
        path = path if path.startswith((self.base, BASE)) else self.base + path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.generic(method, path, body, content_type=content_type, headers=given)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def delete(self, path: str) -> HttpResponse:
        return self.send("DELETE", path)

    def post(self, path: str, value: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, b"" if value is None else json.dumps(value).encode(), **headers)

    def upload(
        self, content: bytes | None = None, content_type: str = "application/pdf", **headers: str
    ) -> Any:
        return self.send(
            "POST", "/documents", make_pdf() if content is None else content, content_type, **headers
        )

    # --- what must succeed --------------------------------------------------------------------
    def read(self, path: str) -> Any:
        response = self.get(path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def bytes(self, path: str) -> bytes:
        response = self.get(path)
        assert response.status_code == 200, response.content
        return b"".join(response)  # type: ignore[arg-type]

    def document(self, content: bytes | None = None, content_type: str = "application/pdf") -> str:
        """The id of a new session document."""
        response = self.upload(content, content_type)
        assert response.status_code == 201, response.content
        found: str = json.loads(response.content)["documentId"]
        return found

    def order(self, *tasks: dict[str, Any], **more: Any) -> Any:
        """A new order; the answer."""
        response = self.post("/orders", {"tasks": list(tasks) or [self.task()], **more})
        assert response.status_code == 201, response.content
        return json.loads(response.content)

    def task(self, name: str = "task1", ref: str | None = None, **more: Any) -> dict[str, Any]:
        """One document to sign with a drawn signature."""
        documents = [sheet("document1", ref or self.document())]
        return {"id": name, "documents": documents, "signatureMethods": DRAWN} | more

    def status(self, order: Any, task: str = "task1") -> Any:
        return self.read(f"/orders/{order['id']}/tasks/{task}/status")

    def events(self, order: Any, task: str = "task1") -> list[str]:
        return [e["eventType"] for e in self.read(f"/orders/{order['id']}/tasks/{task}/events")]

    # --- people -------------------------------------------------------------------------------
    def sign(self, order: Any, task: str = "task1", values: Mapping[str, str] | None = None) -> None:
        """Do all that is asked of a person, and sign."""
        run_jobs()
        sitting = enter(person(order, task))
        settle(sitting, values or {})
        run_jobs()
        if not Assignment.objects.filter(recipient=sitting.recipient, action="sign").exists():
            return
        sitting.refresh_from_db()
        prove(sitting, "sign")
        agree(sitting)

    def refuse(self, order: Any, task: str = "task1", reason: str = "Not like this.") -> None:
        decline(enter(person(order, task)), reason)

    def completed(self, *tasks: dict[str, Any], **more: Any) -> Any:
        """An order that all have signed, with its results."""
        tasks = tasks or (self.task(),)
        order = self.order(*tasks, **more)
        for task in tasks:
            self.sign(order, task["id"])
        run_jobs()
        return order


def sheet(name: str, ref: str | None = None, action: str = "SIGN", **more: Any) -> dict[str, Any]:
    """A document of a task."""
    found = {"id": name, "action": action, "source": "SESSION" if ref else "UPLOAD"}
    return found | ({"documentRef": ref} if ref else {}) | more


def envelope_of(order: Any) -> Envelope:
    return Envelope.objects.get(pub=order["id"])


def person(order: Any, task: str = "task1") -> Recipient:
    return Recipient.objects.select_related("envelope__organization").get(envelope__pub=order["id"], key=task)


def enter(recipient: Recipient) -> Sitting:
    """Open the link, with an artifact where one is asked for, and prove what is asked before anything is shown."""
    token = links.token(recipient)
    if recipient.identity.artifact:
        at = now(recipient.envelope.organization.clock_offset)
        token = artifacts.token(recipient, artifacts.issue(recipient, at))
    sitting = open_sitting(token, "192.0.2.1", "tests").sitting
    prove(sitting, "open")
    return sitting


def prove(sitting: Sitting, moment: str) -> None:
    """As if a provider had answered."""
    if proofs.moment(sitting) != moment or not proofs.offered_ways(sitting):
        return
    way = proofs.offered_ways(sitting)[0]
    if way.method == "link":
        return
    envelope = sitting.recipient.envelope
    at = now(envelope.organization.clock_offset)
    proofs.record(envelope, sitting, way.method, at, provider="tests", asked_as=way.asked_as)
    sitting.refresh_from_db()


def agree(sitting: Sitting) -> None:
    """Sign what was shown."""
    seen = shown.current(sitting.recipient)
    keep(sitting, Look("typed", name=sitting.recipient.full_name or "A B", hand="caveat"))
    sign(again(sitting), SignRequest("I agree.", "en", seen.revision, seen.digest, secrets.token_hex(8)))


def settle(sitting: Sitting, values: Mapping[str, str]) -> None:
    """Look, bring, fill in."""
    recipient = sitting.recipient
    for assignment in Assignment.objects.filter(recipient=recipient).order_by("pk"):
        match assignment.action:
            case "view":
                view(sitting, [assignment.pk])
            case "upload":
                upload(sitting, assignment.pk, brought(recipient))
            case "fill":
                known = Field.objects.filter(document=assignment.document_id, key__in=values)
                given = {f.key: values[f.key] for f in known}
                fill.save(sitting, assignment.document_id, given)
                fill.finish(sitting, assignment.document_id)


def brought(recipient: Recipient) -> File:
    from undersigned.files import storage

    path = storage.new_temporary(".pdf")
    path.write_bytes(make_pdf(text="Passport"))
    with path.open("rb") as stream:
        from undersigned.files.store import receive

        received: Received = receive(stream)
    with received:
        return store_pdf(recipient.envelope.organization, received, "Passport.pdf")
