"""Signsquid's OpenAPI against its server: whatever is sent, no crash, no undocumented status, no body of another form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.pdfs import make_pdf
from undersigned.dialects.signsquid.api import openapi

from .caller import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@contextmanager
def one_connection() -> Iterator[None]:
    """A request's end must not close the connection that holds the test's transaction; Django's test client, which connects the
    receivers again after each call, sees to it in the same way."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.definition.raw["operationId"])
def test_any_call(operation: Any, mode: GenerationMode, api: Caller, settings: LazySettings) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    server = WSGIHandler()
    drafts = [api.draft()] if "{" in operation.path else []
    statuses = set()

    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    @hypothesis_settings
    def run(case: schemathesis.Case, real: bool) -> None:
        if real and drafts:  # a version that exists, so that what is well-formed reaches the use cases
            _, _, contract_id, _, version = drafts[0].split("/")
            known = {"contract_id": contract_id, "version": version, "filename": "contract.pdf"}
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
            if operation.definition.raw["operationId"] == "addFile" and isinstance(case.body, bytes):
                case.body = make_pdf()
        response = case.call_and_validate(
            app=server, headers={"Authorization": api.authorization}, checks=CHECKS
        )
        statuses.add(response.status_code)

    with one_connection():
        run()
    assert statuses != {401}


hypothesis_settings = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
