"""Signing Today's OpenAPI against its server: whatever is sent, no crash, no undocumented status, no body of another form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from undersigned.dialects.signingtoday.api import openapi
from undersigned.envelopes.models import Comment

from .test_signsquid_fuzz import CHECKS, hypothesis_settings, one_connection
from .today_caller import Today
from .today_dsts import TEXT_FORM, document, draft, published

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


def _cases() -> Iterator[Any]:
    """What takes nothing cannot be sent wrongly."""
    for operation in OPERATIONS:
        wrongly = any(True for _ in operation.iter_parameters()) or operation.body
        for mode in GenerationMode if wrongly else [GenerationMode.POSITIVE]:
            yield pytest.param(
                operation, mode, id=f"{operation.method.upper()} {operation.path} {mode.value}"
            )


@pytest.mark.parametrize(("operation", "mode"), list(_cases()))
def test_any_call(
    operation: Any, mode: GenerationMode, today: Today, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 1_000_000)
    monkeypatch.setattr("undersigned.envelopes.comment.WRITTEN_MAX", 1_000_000)
    monkeypatch.setattr("undersigned.accounts.limits.take", lambda *_: None)
    server = WSGIHandler()
    known = _known(operation, today)
    statuses = set()

    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    @settings(parent=hypothesis_settings, max_examples=8)
    def run(case: schemathesis.Case, real: bool) -> None:
        if real:  # so that what is well-formed reaches the use cases
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
        basic = operation.path.endswith("/oauth/token")
        authorization = today.basic if basic else f"Bearer {today.token}"
        response = case.call_and_validate(app=server, headers={"Authorization": authorization}, checks=CHECKS)
        statuses.add(response.status_code)

    with one_connection():
        run()
    assert statuses


def _known(operation: Any, today: Today) -> dict[str, str]:
    """Ids that are somebody's, for what the operation's address asks for."""
    if "{" not in operation.path:
        return {}
    forms = [*document()["forms"], TEXT_FORM]
    dst = published(today, document(forms=forms)) if "fill" in operation.path else draft(today)
    today.post(f"/DST/{dst['id']}/note", {"text": "Hello"})
    return {
        "dst_id": dst["id"],
        "resource_id": dst["resources"][0]["id"],
        "note_id": str(Comment.objects.latest("pk").pk),
        "doc_id": "0",
        "sign_id": "0",
        "user_id": str(today.user.pub),
    }
