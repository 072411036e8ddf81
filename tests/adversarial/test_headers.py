"""What every answer carries: policies, no caching of what is personal, cookies that scripts cannot read, no script in a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from undersigned.app.middleware import CONTENT_SECURITY_POLICY
from undersigned.console.views.messages import MAIL_POLICY

from .routes import ROWS, Row
from .test_authorization import address
from .world import World, call, with_cookie, with_key

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial, pytest.mark.xdist_group("headers")]
FRAMED = "console/outbox/<int:message_id>/html"
"""The HTML of a mail, which the console shows in a frame of its own."""
PUBLIC = {
    "",
    "language",
    "auth/open/.well-known/openid-configuration",
    "docs/<slug:dialect>",
    "docs/<slug:dialect>/openapi.json",
    "ca/root.pem",
    "crl/<slug:name>.crl",
}
"""Holds nothing about anybody."""


@pytest.fixture(scope="module")
def answers(common_world: World) -> list[tuple[str, str, Any]]:
    """The answer of each row to who may: method, pattern, response. Asked once, since the tests only look at them."""
    return [(m, p, answer(common_world, m, p, row)) for (m, p), row in ROWS.items() if p != "console/logout"]


def answer(world: World, method: str, pattern: str, row: Row) -> Any:
    client = world.clients["nobody" if row.kind == "public" else "right"]
    extra: dict[str, Any] = {"HTTP_ACCEPT": "text/html"}
    if row.kind.startswith("api"):
        extra, client = with_key(world.keys["right"]), Client()
    if row.kind == "room":
        client = with_cookie(world.rooms["right"][1])
    return call(client, method, address(world, pattern), row.form, row.media_type, **extra)


def errors() -> list[tuple[str, str, Any]]:
    """What no view answers."""
    page = {"HTTP_ACCEPT": "text/html"}
    return [
        ("GET", path, call(Client(), "GET", path, **extra))
        for path, extra in [
            ("/nothing", page),
            ("/nothing", {}),
            ("/api/v1/contracts/x/y", {}),
            ("/room/l/nothing", page),
            ("/static/ui/ui.css", {}),
            ("/static/nothing.css", {}),
            ("/", page | {"HTTP_HOST": "evil.example"}),
        ]
    ]


def test_policies(answers: list[tuple[str, str, Any]]) -> None:
    wrong = []
    for method, pattern, response in [*answers, *errors()]:
        policy = response.get("Content-Security-Policy", "")
        html = response.get("Content-Type", "").startswith("text/html")
        framed = pattern == FRAMED
        expected = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Frame-Options": "SAMEORIGIN" if framed else "DENY",
        }
        wrong += [(method, pattern, k) for k, v in expected.items() if response.get(k) != v]
        if "X-Request-ID" not in response or not policy.startswith("default-src 'none'"):
            wrong.append((method, pattern, policy))
        if framed:
            assert policy == MAIL_POLICY
            assert "sandbox" in policy
        elif (
            "unsafe" in policy
            or "*" in policy
            or "http" in policy
            or (html and "sandbox" not in policy and "frame-ancestors 'none'" not in policy)
        ):
            wrong.append((method, pattern, policy))
    assert wrong == []
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def test_what_is_personal_is_cached_nowhere(answers: list[tuple[str, str, Any]]) -> None:
    wrong = []
    for method, pattern, response in answers:
        cache = response.get("Cache-Control", "")
        if pattern.startswith(("api/v1/contracts", "api/v1/webhookevents")):
            good = cache == "no-cache"  # as the vendor sends it
        elif "<opaque:version>" in pattern:
            good = cache.startswith("private, ")  # the version is in the address
        elif pattern in PUBLIC or pattern.startswith(("ocsp", "tsa")):
            good = True
        else:
            good = "no-store" in cache
        if not good:
            wrong.append((method, pattern, cache))
    assert wrong == []


def test_cookies(answers: list[tuple[str, str, Any]]) -> None:
    names = set()
    for method, pattern, response in answers:
        for name, cookie in response.cookies.items():
            names.add(name)
            assert cookie["httponly"], (method, pattern, name)
            assert cookie["samesite"] == "Lax", (method, pattern, name)
            assert cookie["path"].startswith(
                "/" if name in ("csrftoken", "language") else ("/room/", "/console/")
            )
        if pattern.startswith(("api/", "ocsp", "tsa", "crl", "healthz", "docs")) or pattern == "":
            assert not response.cookies, (method, pattern)
    assert names <= {"room", "csrftoken", "console", "language"}
    assert "room" in names


def test_pages_hold_no_script_and_no_style(answers: list[tuple[str, str, Any]]) -> None:
    for method, pattern, response in [*answers, *errors()]:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            continue
        if pattern == FRAMED:
            continue  # a mail's own styles, under a policy that lets nothing run
        page = response.content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), (method, pattern)
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)\s*=", page), (method, pattern)
        assert "javascript:" not in page, (method, pattern)


def test_behind_https_cookies_are_secure_and_the_browser_stays_there(tmp_path: Path) -> None:
    code = (
        "from undersigned.app import django_settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000, s.ALLOWED_HOSTS)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")} | {
        "UNDERSIGNED_PUBLIC_URL": "https://sign.example",
        "UNDERSIGNED_DEMO": "false",
        "UNDERSIGNED_DATA_DIR": str(tmp_path),
    }
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "True True True ['sign.example']"
