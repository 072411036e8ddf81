"""A program that calls the Signicat API over HTTP, and people who do what its orders ask of them."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.journeys.conftest import Server


class Program:
    """The demo's client, with a token; the credentials travel in the form, as the vendor's SDK sends them."""

    def __init__(self, server: Server) -> None:
        it = server.credentials["signicat"]
        self.base = it["base_url"]
        form = {"grant_type": "client_credentials"} | {
            k: it[k] for k in ("scope", "client_id", "client_secret")
        }
        self.token = ""
        _, answer, _ = self.ask("POST", it["token_url"], urllib.parse.urlencode(form).encode(), FORM)
        self.token = json.loads(answer)["access_token"]

    def document(self, content: bytes) -> str:
        status, answer, _ = self.ask("POST", "/documents", content, "application/pdf")
        assert status == 201, answer
        return str(json.loads(answer)["documentId"])

    def order(self, **order: Any) -> Any:
        status, answer, _ = self.ask("POST", "/orders", json.dumps(order).encode(), "application/json")
        assert status == 201, answer
        return json.loads(answer)

    def read(self, path: str) -> Any:
        """What is at `path`; None when nothing is."""
        status, answer, _ = self.ask("GET", path)
        assert status in (200, 404), answer
        return json.loads(answer) if status == 200 else None

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes, Any]:
        """Status, content, headers. Content-Type also without a body, as one of the known clients does it."""
        url = path if path.startswith("http") else self.base + path
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as e:
            return e.code, e.read(), e.headers


FORM = "application/x-www-form-urlencoded"


def act(server: Server, what: str, *arguments: str) -> str:
    """Have `signicat_people` do something in the server's database, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.journeys.signicat_people", what, *arguments],
        env=server.environment | {"DJANGO_SETTINGS_MODULE": "undersigned.app.django_settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()
