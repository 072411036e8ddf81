"""A program that calls the Signing Today API over HTTP."""

from __future__ import annotations

import base64
import json
import secrets
import urllib.error
import urllib.request
from typing import Any

from tests.journeys.conftest import Server


class Program:
    """The demo's client, with a token of the demo's user, got with a multipart form as in the vendor's samples."""

    def __init__(self, server: Server) -> None:
        it = server.credentials["signingtoday"]
        self.base = it["base_url"]
        pair = base64.b64encode(f"{it['client_id']}:{it['client_secret']}".encode()).decode()
        body, kind = _form(username=it["username"], password=it["password"], grant_type="password")
        answer = self._ask("POST", it["token_url"], body, kind, f"Basic {pair}")
        self.token = f"Bearer {json.loads(answer)['access_token']}"

    def call(self, method: str, path: str, value: Any = None) -> Any:
        """JSON in and out. The Content-Type comes with every call, also without a body."""
        body = json.dumps(value).encode() if value is not None else b""
        answer = self._ask(method, self.base + path, body, "application/json", self.token)
        return json.loads(answer) if answer else None

    def upload(self, dst: str, name: str, content: bytes) -> Any:
        """A file comes into a draft; the draft with it."""
        body, kind = _form(
            file=(name, content), filename=name, resourceType="PDF_Document", title=name.removesuffix(".pdf")
        )
        return json.loads(self._ask("PATCH", f"{self.base}/DST/{dst}/resources", body, kind, self.token))

    def download(self, resource: str) -> bytes:
        return self._ask("GET", f"{self.base}/resource/{resource}", None, "application/json", self.token)

    def publish(self, title: str, files: dict[str, bytes], *documents: dict[str, Any], **more: Any) -> str:
        """Create, upload, put the plan on what was uploaded, publish; the id."""
        body = {"title": title} | more
        dst = str(self.call("POST", "/DSTs", body)["id"])
        made: dict[str, Any] = {}
        for name, content in files.items():
            made = self.upload(dst, name, content)
        plans = [
            plan | {"plainDocumentUuid": one["plainDocumentUuid"]}
            for plan, one in zip(documents, made["documents"], strict=True)
        ]
        self.call("PUT", f"/DST/{dst}", body | {"documents": plans})
        self.call("POST", f"/DST/{dst}/publish")
        return dst

    def _ask(self, method: str, url: str, body: bytes | None, content_type: str, authorization: str) -> bytes:
        headers = {"Content-Type": content_type, "Authorization": authorization}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{method} {url}: {e.code} {e.read()[:2000]!r}") from e


def _form(**parts: str | tuple[str, bytes]) -> tuple[bytes, str]:
    """A multipart form and its media type."""
    boundary = secrets.token_hex(16)
    lines = []
    for name, part in parts.items():
        filename, content = part if isinstance(part, tuple) else ("", part.encode())
        named = f'; filename="{filename}"\r\nContent-Type: application/pdf' if filename else ""
        lines.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
            + content
            + b"\r\n"
        )
    return b"".join([*lines, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
