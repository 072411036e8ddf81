"""Signsquid's OpenAPI against its server: whatever is sent, no crash, no undocumented status, no body of another form."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.pdfs import make_pdf
from undersigned.app.wsgi import application
from undersigned.dialects.signsquid.api import openapi

from .caller import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_wsgi


@pytest.fixture
def described() -> Any:
    loaded = schemathesis.openapi.from_dict(openapi())
    loaded.app = application
    return loaded


fuzzed = schemathesis.pytest.from_fixture("described")


@pytest.fixture
def version(api: Caller) -> str:
    """A draft, so that what is well-formed reaches the use cases."""
    return api.draft()


@fuzzed.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_any_call(case: schemathesis.Case, api: Caller, version: str, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    known = version.split("/")
    # Half of the calls go to a contract that exists, by the form of what was generated.
    if len(str(case.path_parameters)) % 2:
        for name, value in (("contract_id", known[2]), ("version", known[4])):
            if name in case.path_parameters:
                case.path_parameters[name] = value
    if case.operation.definition.raw["operationId"] == "addFile" and len(str(case.query)) % 2:
        case.body = make_pdf()
    case.call_and_validate(headers={"Authorization": api.authorization}, checks=CHECKS)
