"""What passes by itself is 503 with a time to come back, in the body of whoever owns the path; a fault of ours is 500."""

from __future__ import annotations

import base64
import errno
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from undersigned.dialects.signsquid import auth


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("gone"), 503),
        (InterfaceError("gone"), 503),
        (OSError(errno.ENOSPC, "full"), 503),
        (OSError(errno.EACCES, "no"), 500),
        (KeyError("bug"), 500),
    ],
)
def test_status_by_cause(error: Exception, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(auth, "find_api_key", fail)
    key = base64.b64encode(b"key:").decode()
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/contracts", headers={"authorization": f"Basic {key}"})
    assert answer.status_code == status
    assert answer.json() == {"message": "Service unavailable" if status == 503 else "Internal server error"}
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)
