"""How we prove ourselves to somebody's HTTP server: Basic (RFC 7617), Digest (RFC 7616), a client certificate under TLS."""

from __future__ import annotations

import hashlib
import secrets
import ssl
import tempfile
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote
from urllib.request import parse_http_list

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""Strongest first, which is what RFC 7616 section 3.7 has a client choose."""


@dataclass(frozen=True)
class HttpAuth:
    """`client_key` and `client_certificate` are PEM, without a password, and count only together; the latter may hold the chain."""

    mode: Literal["", "basic", "digest"] = ""
    username: str = ""
    password: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    client_certificate: str = ""

    @property
    def has_certificate(self) -> bool:
        return bool(self.client_key and self.client_certificate)

    def basic(self) -> str:
        """The value of Authorization for mode "basic"."""
        return "Basic " + b64encode(f"{self.username}:{self.password}".encode()).decode()

    def answer(self, challenges: str, method: str, target: str) -> str | None:
        """The value of Authorization that answers a 401's WWW-Authenticate; None when nothing in it can be answered.

        `target`: path and query as they stand in the request.
        """
        found = parse_challenges(challenges)
        if self.mode == "basic" and any(scheme == "basic" for scheme, _ in found):
            return self.basic()
        if self.mode != "digest":
            return None
        digests = [values for scheme, values in found if scheme == "digest"]
        for name in _HASHES:
            for values in digests:
                if values.get("algorithm", "MD5").upper().removesuffix("-SESS") == name:
                    return self._digest(values, name, method, target)
        return None

    def _digest(self, values: dict[str, str], name: str, method: str, target: str) -> str | None:
        """RFC 7616 section 3.4; without qop as RFC 2069 had it, which old servers still ask for."""
        realm, nonce, offered = values.get("realm", ""), values.get("nonce", ""), values.get("qop")
        if offered is not None and "auth" not in [q.strip().lower() for q in offered.split(",")]:
            return None  # auth-int alone

        def h(text: str) -> str:
            return _HASHES[name](text.encode()).hexdigest()

        count, cnonce = "00000001", secrets.token_hex(16)
        a1 = h(f"{self.username}:{realm}:{self.password}")
        if values.get("algorithm", "").upper().endswith("-SESS"):
            a1 = h(f"{a1}:{nonce}:{cnonce}")
        a2 = h(f"{method}:{target}")
        with_qop = offered is not None
        response = h(f"{a1}:{nonce}:{count}:{cnonce}:auth:{a2}" if with_qop else f"{a1}:{nonce}:{a2}")
        parts = [_username(self.username), f"realm={_quoted(realm)}", f"nonce={_quoted(nonce)}"]
        parts += [f'uri="{target}"', f'response="{response}"']
        if "algorithm" in values:
            parts.append(f"algorithm={values['algorithm']}")
        if with_qop:
            parts += ["qop=auth", f"nc={count}", f'cnonce="{cnonce}"']
        if "opaque" in values:
            parts.append(f"opaque={_quoted(values['opaque'])}")
        return "Digest " + ", ".join(parts)

    def tls_context(self) -> ssl.SSLContext:
        """The system's trust, with the client certificate. Raises ValueError, ssl.SSLError when key and certificate do not fit together.

        Python's ssl reads keys from files only: it lies there encrypted, under a password that nobody else knows, and is gone at once.
        """
        context = ssl.create_default_context()
        password = secrets.token_bytes(32).hex()
        key = load_pem_private_key(self.client_key.encode(), None)
        locked = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
        )
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # mode 0600
            file.write(locked + b"\n" + self.client_certificate.encode())
            file.flush()
            context.load_cert_chain(file.name, password=password)
        return context


def _username(username: str) -> str:
    if username.isascii():
        return f"username={_quoted(username)}"
    return f"username*=UTF-8''{quote(username, safe='')}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_challenges(header: str) -> Sequence[tuple[str, dict[str, str]]]:
    """Schemes in lower case with their parameters, names in lower case, values without quotes and escapes (RFC 9110 section 11.6.1)."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in parse_http_list(" ".join(header.split())):
        before, sign, value = part.partition("=")
        scheme, blank, name = before.strip().partition(" ")
        if not sign or blank:
            found.append((scheme.lower(), {}))
        if sign and found:
            found[-1][1][(name if blank else scheme).strip().lower()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
