"""A program that calls the Signing Today API through Django's client, for one of its users."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.test import Client

from undersigned.accounts import tokens
from undersigned.accounts.credentials import create_oauth_client
from undersigned.accounts.models import Credential, User

BASE = "/api"


@dataclass
class Today:
    """A client of the user's organisation, and a session of the user."""

    credential: Credential
    secret: str
    user: User
    token: str = ""
    refresh: str = ""
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, user: User) -> Today:
        """A client of its own for this user."""
        made = cls(*create_oauth_client(user, "signingtoday", Credential.Reach.USER, "tests"), user)
        return made.as_user(user)

    def as_user(self, user: User) -> Today:
        """The same client, another user's session."""
        session = tokens.begin(self.credential, user)
        return Today(self.credential, self.secret, user, session.token, session.refresh)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.credential.client_id}:{self.secret}".encode()).decode()

    def ask_token(self, *, basic: str | None = None, **form: str) -> HttpResponse:
        """By Basic with the client's own secret, unless `basic` says otherwise; the form is multipart, as in the vendor's samples."""
        headers = {"Authorization": self.basic if basic is None else basic}
        return self.client.post(f"{BASE}/oauth/token", form, headers=headers)  # type: ignore[return-value]

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        query: dict[str, Any] | None = None,
        **headers: str,
    ) -> HttpResponse:
        """`path` below the base. The Content-Type comes with every call, as the vendor's SDK sends it."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        address = BASE + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        return self.client.generic(method, address, body, content_type=content_type, headers=given)  # type: ignore[return-value]

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.send("GET", path, query=query, **headers)

    def delete(self, path: str, query: dict[str, Any] | None = None) -> HttpResponse:
        return self.send("DELETE", path, query=query)

    def post(
        self, path: str, value: Any = None, query: dict[str, Any] | None = None, **headers: str
    ) -> HttpResponse:
        return self.send("POST", path, _json(value), query=query, **headers)

    def put(self, path: str, value: Any = None, query: dict[str, Any] | None = None) -> HttpResponse:
        return self.send("PUT", path, _json(value), query=query)

    def patch(self, path: str, value: Any = None, query: dict[str, Any] | None = None) -> HttpResponse:
        return self.send("PATCH", path, _json(value), query=query)

    def upload(
        self, method: str, path: str, parts: dict[str, Any], query: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A multipart form; files are `SimpleUploadedFile`s among the parts."""
        from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

        return self.send(method, path, encode_multipart(BOUNDARY, parts), MULTIPART_CONTENT, query)

    def read(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """The JSON at `path`."""
        response = self.get(path, query)
        assert response.status_code == 200, response.content
        return json.loads(response.content)


def _json(value: Any) -> bytes:
    return b"" if value is None else json.dumps(value).encode()
