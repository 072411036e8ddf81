"""A program that calls the Signsquid API through Django's client, with the headers of real clients."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.pdfs import make_pdf

BASE = "/api/v1"
JOHN = {"name": "John Doe", "email": "john.doe@example.com"}
REQUIRED, INVALID = ["Required"], ["Invalid"]


@dataclass
class Caller:
    authorization: str
    client: Client = field(default_factory=Client)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        """`path` below the base or absolute, as in `Location`."""
        path = path.removeprefix("http://testserver")
        path = path if path.startswith(BASE) else BASE + path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            given.setdefault("Authorization", self.authorization)
        return self.client.generic(method, path, body, content_type=content_type, headers=given)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, value: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, b"" if value is None else json.dumps(value).encode(), **headers)

    def upload(self, path: str, content: bytes, **headers: str) -> HttpResponse:
        return self.send("POST", path, content, "application/octet-stream", **headers)

    # --- the flow of the documentation ---------------------------------------------------------
    def contract(self, name: str = "My new contract name") -> str:
        """Make a contract; its path below the base."""
        response = self.post("/contracts", {"name": name})
        assert response.status_code == 201, response.content
        return response["Location"].removeprefix("http://testserver" + BASE)

    def draft(self, *signatories: dict[str, Any], contract: str = "", version: int = 1) -> str:
        """A version ready to be published; its path."""
        path = f"{contract or self.contract()}/versions/{version}"
        for signatory in signatories or ({"name": "John Doe", "email": "john.doe@example.com"},):
            response = self.post(f"{path}/signatories", signatory)
            assert response.status_code == 201, response.content
        response = self.upload(f"{path}/files?filename=contract.pdf", make_pdf())
        assert response.status_code == 201, response.content
        return path

    def published(self, *signatories: dict[str, Any], contract: str = "", version: int = 1) -> str:
        """A published version; its path."""
        path = self.draft(*signatories, contract=contract, version=version)
        response = self.post(path)
        assert response.status_code == 200, response.content
        return path

    def read(self, path: str) -> Any:
        """The JSON at `path`."""
        response = self.get(path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)


def errors(response: Any) -> Any:
    """The words of a 400, by member."""
    assert response.status_code == 400, response.content
    body = json.loads(response.content)
    assert body["message"] == "Your request is invalid"
    return body["errors"]
