"""A provider of our own that says what a test tells it to say, true or not. Real HTTP, real signatures."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwk, jws

from undersigned.accounts.models import Organization
from undersigned.identity.models import Provider
from undersigned.identity.oidc import Answer

CLIENT, ID_CLAIM = "client-1", "urn:oid:1.2.246.21"
MATTI = {"name": "Matti Juhani Meikäläinen", ID_CLAIM: "010170-999R"}
LIISA = {"name": "Liisa Virtanen", ID_CLAIM: "020280-998S"}


@cache
def rsa(name: str) -> jwk.RSAKey:
    return jwk.RSAKey.generate_key(2048, {"kid": name})


@cache
def ec(name: str) -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": name})


def signed(claims: dict[str, Any], key: Any, alg: str, **header: Any) -> str:
    """A compact JWS; `alg` is what the header says."""
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact({"alg": alg, **header}, json.dumps(claims), key, registry=registry)


def unpadded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class Liar:
    """`claims` replace what would be true (None takes one away); `token` is handed out instead of a good one."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: dict(MATTI))
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    alg: str = "RS256"
    kid: str = "r1"
    token: str | None = None
    userinfo: dict[str, Any] | None = None
    nonce: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = [
            rsa("r1").as_dict(private=False) | {"use": "sig"},
            ec("e1").as_dict(private=False) | {"use": "sig"},
        ]

    def all_claims(self) -> dict[str, Any]:
        now = int(time.time())
        said = {
            "iss": self.url, "aud": CLIENT, "sub": "person-1", "nonce": self.nonce, "iat": now, "exp": now + 60,
            **self.person, **self.claims,
        }  # fmt: skip
        return {k: v for k, v in said.items() if v is not None}

    def id_token(self) -> str:
        if self.token is not None:
            return self.token
        key = ec(self.kid) if self.alg.startswith("ES") else rsa(self.kid)
        return signed(self.all_claims(), key, self.alg, kid=self.kid)

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        match path:
            case "/.well-known/openid-configuration":
                return 200, {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/jwks",
                } | (
                    {"userinfo_endpoint": f"{self.url}/me"} if self.userinfo is not None else {}
                ) | self.about
            case "/jwks":
                return 200, {"keys": self.keys}
            case "/token":
                return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
            case "/me":
                return 200, self.userinfo
        return 404, {}

    def provider(self, organization: Organization | None, key: str = "bank", **columns: Any) -> Provider:
        """Its row."""
        return Provider.objects.create(
            organization=organization, key=key, name="Great Bank", issuer=self.url, client_id=CLIENT,
            claims={"national_id": ID_CLAIM}, **columns,
        )  # fmt: skip

    def visit(self, url: str, **changes: Any) -> Answer:
        """What the browser brings back from `url`; the next token answers to its nonce."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        self.nonce = asked["nonce"]
        return Answer(**({"state": asked["state"], "code": "code-1", "issuer": None} | changes))


@contextmanager
def lying() -> Iterator[Liar]:
    """Runs while the test does."""
    it = Liar()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*it.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            it.forms.append(
                {k: v[0] for k, v in parse_qs(body).items()} | {"auth": self.headers["Authorization"] or ""}
            )
            self._say(*it.answer(self.path))

        def _say(self, status: int, said: Any) -> None:
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        it.url = f"http://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield it
        listening.shutdown()
