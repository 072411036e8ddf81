"""A real provider: npm's oidc-provider, installed once from its lock file into a cache folder, started for a test."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "oidc_provider"
PATIENCE = 60.0
ID_CLAIM = "urn:oid:1.2.246.21"
PEOPLE: dict[str, dict[str, Any]] = {
    "matti": {
        "name": "Matti Juhani Meikäläinen",
        "given_name": "Matti Juhani",
        "family_name": "Meikäläinen",
        ID_CLAIM: "010170-999R",
        "email": "matti@example.com",
        "email_verified": True,
        "customer": "matti7",
    },
    "liisa": {"name": "Liisa Virtanen", ID_CLAIM: "020280-998S", "email": "liisa@example.com"},
}


@dataclass(frozen=True)
class Bank:
    """Its issuer, and the clients that it knows: basic, post, public, each with its algorithm of signature."""

    issuer: str


def _packages() -> Path:
    """The folder with node_modules. Several processes of a test run may ask at once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "undersigned-tests"
    folder = base / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    base.mkdir(parents=True, exist_ok=True)
    with (base / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
            )
            if done.returncode:
                pytest.skip(f"npm ci: {done.stderr[-500:]}")
            (folder / "done").touch()
    return folder


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _clients(redirect_uri: str) -> list[dict[str, Any]]:
    common = {
        "redirect_uris": [redirect_uri],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
    }
    return [
        common | {"client_id": "basic", "client_secret": "s%: /+x", "id_token_signed_response_alg": "RS256"},
        common
        | {
            "client_id": "post",
            "client_secret": "another",
            "token_endpoint_auth_method": "client_secret_post",
            "id_token_signed_response_alg": "PS256",
        },
        common
        | {
            "client_id": "public",
            "token_endpoint_auth_method": "none",
            "id_token_signed_response_alg": "ES256",
            "userinfo_signed_response_alg": "ES256",
        },
    ]


@contextmanager
def running(redirect_uri: str, *, conform: bool = False, host: str = "127.0.0.1") -> Iterator[Bank]:
    """`conform`: claims are in the userinfo alone, as OpenID Connect Core 5.4 has it. `host` "localhost" is another site to a browser."""
    packages, port = _packages(), _free_port()
    issuer = f"http://{host}:{port}"
    config = {
        "issuer": issuer,
        "port": port,
        "clients": _clients(redirect_uri),
        "people": PEOPLE,
        "claims": ["name", "given_name", "family_name", ID_CLAIM, "email", "email_verified", "customer"],
        "conform": conform,
    }
    process = subprocess.Popen(
        ["node", "--no-warnings", str(HERE / "server.mjs")],
        env=os.environ | {"PACKAGES": str(packages), "CONFIG": json.dumps(config)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, f"{issuer}/.well-known/openid-configuration")
        yield Bank(issuer)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the provider ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the provider does not answer")
