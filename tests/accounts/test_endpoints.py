"""A user's own server: what may be configured, and that secrets stay secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from tests.base.certificates import Authority
from undersigned.accounts.endpoints import MASK, Endpoint, endpoint_of, has_address, keep_endpoint
from undersigned.accounts.models import User
from undersigned.base.errors import Invalid
from undersigned.base.http_auth import HttpAuth

pytestmark = pytest.mark.django_db
API = "signingtoday"
SAMPLE = Endpoint(
    "https://hooks.example/dst",
    {"Authorization": ("Token eed3fc66",), "X-A": ("1", "2")},
    HttpAuth("basic", "jdo", "A12345678z", "clientKey", ""),
)


def test_kept_and_read(user: User) -> None:
    assert endpoint_of(user) == Endpoint()
    assert not has_address(user.pk, API)
    kept = keep_endpoint(user, API, SAMPLE)
    assert kept.secret.startswith("whsec_")
    assert endpoint_of(user) == kept == replace(SAMPLE, secret=kept.secret)
    assert endpoint_of(user.pk).sent_headers == {"Authorization": "Token eed3fc66", "X-A": "1, 2"}
    assert has_address(user.pk, API)
    assert not has_address(user.pk, "another")


def test_nothing_secret_lies_in_the_table(user: User) -> None:
    keep_endpoint(user, API, SAMPLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_endpointconfig")
        row = b" ".join(
            bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in cursor.fetchone()
        )
    for secret in (b"A12345678z", b"clientKey", b"eed3fc66", b"whsec_"):
        assert secret not in row
    assert "A12345678z" not in repr(endpoint_of(user))


def test_what_is_masked_stays(user: User) -> None:
    first = keep_endpoint(user, API, SAMPLE)
    masked = endpoint_of(user).masked
    assert (masked.auth.password, masked.auth.client_key) == (MASK, MASK)
    assert keep_endpoint(user, API, replace(masked, url="https://other.example/")) == replace(
        first, url="https://other.example/"
    )
    absent = replace(SAMPLE, auth=replace(SAMPLE.auth, password=""))
    assert keep_endpoint(user, API, absent, keep_password=True).auth.password == "A12345678z"
    assert keep_endpoint(user, API, absent).auth.password == ""
    assert Endpoint().masked == Endpoint()


@pytest.mark.parametrize(
    "headers",
    [
        {"X": ("a\r\nY: b",)},
        {"X": ("a\x00",)},
        {"X": ("\u0142",)},
        {"X Y": ("a",)},
        {"X:": ("a",)},
        {"": ("a",)},
        {"Host": ("a",)},
        {"content-length": ("1",)},
        {"Transfer-Encoding": ("chunked",)},
        {"Webhook-Id": ("a",)},
        {"X": ("a",), "x": ("b",)},
        {f"X-{n}": ("a",) for n in range(51)},
        {"X": ("a" * 20_000,)},
    ],
)
def test_headers_that_are_refused(user: User, headers: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(Invalid) as caught:
        keep_endpoint(user, API, Endpoint(headers=headers))
    assert set(caught.value.faults) == {"headers"}
    assert endpoint_of(user) == Endpoint()


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "https://u:p@x.example/", "x", "https://x.example/" + "a" * 2000]
)
def test_addresses_that_are_refused(user: User, url: str) -> None:
    with pytest.raises(Invalid) as caught:
        keep_endpoint(user, API, Endpoint(url))
    assert set(caught.value.faults) == {"url"}


def test_client_certificate_must_fit_its_key(user: User, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    key, certificate = authority.issue("robot.example")
    other = authority.issue("robot.example")[0]
    keep_endpoint(user, API, Endpoint(auth=HttpAuth(client_key=key, client_certificate=certificate)))
    for bad, named in (
        (HttpAuth(client_key=other, client_certificate=certificate), "client_certificate"),
        (HttpAuth(client_key="x", client_certificate=certificate), "client_key"),
        (HttpAuth(client_key=key, client_certificate="x"), "client_certificate"),
        (HttpAuth(client_key=MASK, client_certificate="x"), "client_certificate"),
    ):
        with pytest.raises(Invalid) as caught:
            keep_endpoint(user, API, Endpoint(auth=bad))
        assert set(caught.value.faults) == {named}
    assert endpoint_of(user).auth.client_key == key
