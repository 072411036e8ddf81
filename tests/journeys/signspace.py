"""A program that calls the SignSpace API over HTTP."""

from __future__ import annotations

import base64
import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.journeys.conftest import Server


class Program:
    """The demo's client, with a token."""

    def __init__(self, server: Server) -> None:
        it = server.credentials["signspace"]
        self.base, self.handle = it["base_url"], it["acting_handle"]
        pair = base64.b64encode(f"{it['client_id']}:{it['client_secret']}".encode()).decode()
        form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        answer = self._ask(it["token_url"], form, f"Basic {pair}")
        self.token = f"Bearer {json.loads(answer)['access_token']}"

    def call(self, operation: str, **body: Any) -> Any:
        """POST, in the client's own name."""
        content = json.dumps({"acting_handle": self.handle, **body}).encode()
        return json.loads(self._ask(f"{self.base}/{operation}", content, self.token, "application/json"))

    def read(self, operation: str, **query: str) -> Any:
        return json.loads(self.download(operation, **query))

    def download(self, operation: str = "files.download", **query: str) -> bytes:
        return self._ask(f"{self.base}/{operation}?{urllib.parse.urlencode(query)}", None, self.token)

    def file(self, path: Path) -> str:
        content = base64.b64encode(path.read_bytes()).decode()
        return str(self.call("files.create", name=path.name, base64=content)["_id"])

    def _ask(
        self,
        url: str,
        body: bytes | None,
        authorization: str,
        kind: str = "application/x-www-form-urlencoded",
    ) -> bytes:
        headers = {"Authorization": authorization} | ({"Content-Type": kind} if body else {})
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return bytes(answer.read())
