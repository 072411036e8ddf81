"""The API put together."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern
from ninja import NinjaAPI

from undersigned.dialects.shared.door import patterns

from . import contracts, errors, events, files, signatories, versions
from .answers import NO_CACHE
from .auth import ApiKey

api = NinjaAPI(
    title="Signsquid API",
    version="1",
    description="Contracts, their versions, signatories and files; webhooks when somebody has signed.",
    auth=ApiKey(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="signsquid",
)
errors.register(api)
for _resource in (contracts, versions, signatories, files, events):
    api.add_router("", _resource.router)

urlpatterns: list[URLPattern] = patterns(api, errors.answer, NO_CACHE)
"""To be included at `api/v1/`."""


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 description."""
    return dict(api.get_openapi_schema(path_prefix="api/v1/"))
