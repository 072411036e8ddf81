"""The demo organisation: made once, kept, moved with the address; deleting its file rotates the secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from undersigned.accounts.credentials import find_api_key
from undersigned.accounts.models import Organization
from undersigned.app.demo import banner, seed
from undersigned.envelopes import links
from undersigned.envelopes.models import Envelope

pytestmark = [pytest.mark.django_db]


def test_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    first = seed("http://one.example", file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == first
    assert find_api_key("signsquid", first["signsquid"]["api_key"]) is not None
    assert links.find(first["sample_signing_url"].rsplit("/", 1)[1]) is not None
    assert first["signsquid"]["api_key"] in banner(first, file)
    assert seed("http://one.example", file) == first
    assert Organization.objects.get(slug="demo").sandbox
    assert Envelope.objects.count() == 1


def test_another_address_keeps_the_secrets(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    first = seed("http://one.example", file)
    moved = seed("http://two.example:8040", file)
    assert moved["signsquid"]["base_url"] == "http://two.example:8040/api/v1"
    assert moved["signsquid"]["api_key"] == first["signsquid"]["api_key"]
    assert "one.example" not in file.read_text()


def test_without_its_file_the_secrets_are_new(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    first = seed("http://one.example", file)
    file.unlink()
    second = seed("http://one.example", file)
    assert find_api_key("signsquid", first["signsquid"]["api_key"]) is None
    assert find_api_key("signsquid", second["signsquid"]["api_key"]) is not None
    assert second["console"]["password"] != first["console"]["password"]
