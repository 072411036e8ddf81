"""SignSpace's OpenAPI against its server: whatever is sent, no crash, no undocumented status, no body of another form."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from undersigned.dialects.signspace.api import openapi

from .signspace_caller import ANN, Space
from .test_signsquid_fuzz import CHECKS, hypothesis_settings, one_connection

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.definition.raw["operationId"])
def test_any_call(
    operation: Any, mode: GenerationMode, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 1_000_000)
    server = WSGIHandler()
    name = operation.definition.raw["operationId"]
    task = space.task(ANN)
    known = {
        "acting_handle": space.robot.email,
        "task": task["_id"],
        "conversation": task["conversation"],
        "conversations": [task["conversation"]],
        "files": task["files"],
    }
    authorization = f"Bearer {space.token}" if name != "token" else "Basic eDp5"
    statuses = set()

    @given(operation.as_strategy(generation_mode=mode), st.booleans(), st.booleans())
    @hypothesis_settings
    def run(case: schemathesis.Case, mine: bool, real: bool) -> None:
        if isinstance(case.body, dict) and name != "token":
            if mine:  # so that what is well-formed gets past the door
                case.body["acting_handle"] = space.robot.email
            if real:  # and reaches the use cases
                case.body |= {k: v for k, v in known.items() if k in case.body}
        if real and case.query and "id" in case.query:
            case.query["id"] = [task["files"][0] if name == "files.download" else task["_id"]]
        response = case.call_and_validate(app=server, headers={"Authorization": authorization}, checks=CHECKS)
        statuses.add(response.status_code)

    with one_connection():
        run()
    assert statuses != {401} or name == "token"
