"""Secrets in addresses stay out of the log."""

from __future__ import annotations

import io
import logging

import pytest
from django.conf import LazySettings
from django.test import Client

TOKEN = "s3cret" * 7


@pytest.fixture
def log() -> io.StringIO:
    """What the real handler writes."""
    return io.StringIO()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"), [("get", "resend"), ("post", ""), ("put", ""), ("post", "resend")]
)
def test_no_refusal_writes_a_link_down(
    settings: LazySettings, log: io.StringIO, method: str, path: str
) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    former = handler.setStream(log)
    try:
        client = Client(enforce_csrf_checks=True)
        address = f"/room/l/{TOKEN}/{path}" if path else f"/room/l/{TOKEN}"
        assert getattr(client, method)(address).status_code in (403, 404, 405)
        logging.getLogger("django.request").error("Internal Server Error: %s", address)
    finally:
        handler.setStream(former or handler.stream)
    assert "/room/l/…" in log.getvalue()
    assert TOKEN not in log.getvalue()
