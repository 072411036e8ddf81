"""Signicat's OpenAPI against its server: whatever is sent, no crash, no undocumented status, no body of another form."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from undersigned.dialects.signicat.api import openapi
from undersigned.dialects.signicat.auth import TOKEN_PATHS

from .signicat_caller import Orders
from .test_signsquid_fuzz import CHECKS, hypothesis_settings, one_connection

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.definition.raw["operationId"])
def test_any_call(
    operation: Any, mode: GenerationMode, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 1_000_000)
    server = WSGIHandler()
    token = operation.path.removeprefix("/") in TOKEN_PATHS
    document = orders.document()
    order = orders.order(orders.task("t", document)) if "{order_id}" in operation.path else {}
    known = {
        "order_id": order.get("id", ""),
        "task_id": "t",
        "document_id": "document1" if order else document,
    }
    statuses = set()

    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    @hypothesis_settings
    def run(case: schemathesis.Case, real: bool) -> None:
        if real:  # so that what is well-formed reaches the use cases
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
            refer(case.body, document)
        authorization = "Basic eDp5" if token else f"Bearer {orders.token}"
        response = case.call_and_validate(app=server, headers={"Authorization": authorization}, checks=CHECKS)
        statuses.add(response.status_code)

    with one_connection():
        run()
    assert statuses != {401} or token


def refer(body: Any, document: str) -> None:
    """Have the documents of an order's tasks refer to one that is there."""
    tasks = body.get("tasks") if isinstance(body, dict) else None
    for task in tasks if isinstance(tasks, list) else ():
        documents = task.get("documents") if isinstance(task, dict) else None
        for one in documents if isinstance(documents, list) else ():
            if isinstance(one, dict):
                one |= {"documentRef": document, "source": "SESSION"}
