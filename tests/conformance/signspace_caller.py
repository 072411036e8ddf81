"""A program that calls the SignSpace API through Django's client, and the people who sign what it sends."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.pdfs import make_pdf
from undersigned.accounts.credentials import create_oauth_client
from undersigned.accounts.models import Credential, Organization, User
from undersigned.delivery.models import Message
from undersigned.envelopes import links, shown
from undersigned.envelopes.appearance import Look, keep
from undersigned.envelopes.decline import decline
from undersigned.envelopes.models import Envelope, Recipient, Sitting
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.sign import SignRequest, sign

from .signers import run_jobs

BASE = "/api/v1/"
ROBOT = "robot.email@domain.com"
ANN = {"handle": "ann@example.com", "role": "signer", "display_name": "Ann Lee"}
BOB = {"handle": "bob@example.com", "role": "signer", "display_name": "Bob Ray"}
EVE = {"handle": "eve@example.com", "role": "watcher"}
NOBODY = "63a198e76cd3aa8f6875e3b2"
CREATE, UPDATE = "tasks.signingRequest.create", "tasks.signingRequest.update"


def robot_of(organization: Organization, email: str = ROBOT, username: str = "robot") -> User:
    return User.objects.create_user(
        organization, username, None, kind=User.Kind.ROBOT, email=email, name="Robby", surname="Roe"
    )


@dataclass
class Space:
    """A client with its token."""

    robot: User
    credential: Credential
    secret: str
    token: str = ""
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, robot: User) -> Space:
        credential, secret = create_oauth_client(robot, "signspace", Credential.Reach.ROBOT, "tests")
        made = cls(robot, credential, secret)
        made.token = json.loads(made.ask_token().content)["access_token"]
        return made

    def ask_token(
        self,
        body: str = "grant_type=client_credentials",
        content_type: str = "application/x-www-form-urlencoded",
        authorization: str | None = None,
    ) -> HttpResponse:
        pair = f"{self.credential.client_id}:{self.secret}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        headers = {"Authorization": basic if authorization is None else authorization}
        return self.client.generic(
            "POST", "/auth/token", body.encode(), content_type=content_type,
            headers={k: v for k, v in headers.items() if v},
        )  # type: ignore[return-value]  # fmt: skip

    def send(
        self,
        method: str,
        operation: str,
        body: bytes = b"",
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.generic(method, BASE + operation, body, content_type=content_type, headers=given)  # type: ignore[return-value]

    def post(self, operation: str, value: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        """With the robot as `acting_handle`, unless the value says otherwise."""
        content = {"acting_handle": self.robot.email} | (value or {})
        return self.send("POST", operation, json.dumps(content).encode(), **headers)

    def get(self, operation: str, query: str = "") -> HttpResponse:
        return self.send("GET", f"{operation}?{query}" if query else operation)

    # --- what must succeed --------------------------------------------------------------------
    def done(self, operation: str, value: dict[str, Any] | None = None) -> Any:
        response = self.post(operation, value)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def read(self, operation: str, query: str = "") -> Any:
        response = self.get(operation, query)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def file(self, name: str = "Lease.pdf", content: bytes | None = None, **more: Any) -> str:
        """The id of a new file."""
        data = base64.b64encode(make_pdf() if content is None else content).decode()
        found: str = self.done("files.create", {"name": name, "base64": data, **more})["_id"]
        return found

    def task(self, *people: dict[str, Any], **more: Any) -> Any:
        """A new request that was sent; the object."""
        files = more.pop("files", None) or [self.file()]
        content = {
            "title": "Lease",
            "files": files,
            "participants": list(people or (ANN,)),
            "create_conversation": True,
        }
        return self.done("tasks.signingRequest.create", content | more)

    def now(self, task: Any) -> Any:
        """The task as it is now."""
        (found,) = self.read("tasks.get", f"id={task['_id']}")
        return found

    # --- people -------------------------------------------------------------------------------
    def sign(self, task: Any, person: dict[str, Any]) -> None:
        run_jobs()
        sitting = enter(recipient_of(task, person))
        seen = shown.current(sitting.recipient)
        keep(sitting, Look("typed", name=sitting.recipient.full_name or "A B", hand="caveat"))
        sign(again(sitting), SignRequest("I agree.", "en", seen.revision, seen.digest, secrets.token_hex(8)))

    def refuse(self, task: Any, person: dict[str, Any], reason: str = "Not like this.") -> None:
        decline(enter(recipient_of(task, person)), reason)

    def completed(self, *people: dict[str, Any], **more: Any) -> Any:
        """A request that all have signed and that is sealed."""
        people = people or (ANN,)
        task = self.task(*people, **more)
        for person in people:
            if person["role"] == "signer":
                self.sign(task, person)
        run_jobs()
        return self.now(task)


def envelope_of(task: Any) -> Envelope:
    return Envelope.objects.get(pub=task["_id"])


def recipient_of(task: Any, person: dict[str, Any]) -> Recipient:
    return Recipient.objects.get(envelope__pub=task["_id"], email=person["handle"])


def enter(recipient: Recipient) -> Sitting:
    """Open the link: enough for who needs nothing else."""
    return open_sitting(links.token(recipient), "192.0.2.1", "tests").sitting


def errors(response: Any) -> Any:
    """The paths and sentences of a 400."""
    assert response.status_code == 400, response.content
    body = json.loads(response.content)
    assert (body["error"], list(body)) == ("invalid_request", ["error", "message", "errors"])
    return body["errors"]


def refused(response: Any, status: int, code: str) -> str:
    body = json.loads(response.content)
    assert (response.status_code, body["error"], list(body)) == (status, code, ["error", "message"]), body
    message: str = body["message"]
    return message


def mails(task: Any, purpose: str = "", channel: str = "email") -> list[Message]:
    rows = Message.objects.filter(envelope_id=envelope_of(task).pk, channel=channel).order_by("pk")
    return list(rows.filter(purpose=purpose) if purpose else rows)
