"""The API put together."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from ninja import NinjaAPI

from undersigned.dialects.shared.door import door, patterns
from undersigned.dialects.shared.tokens import NO_STORE

from . import conversations, errors, files, tasks
from .answers import components
from .auth import Bearer, token
from .token_docs import TOKEN_PATH

api = NinjaAPI(
    title="SignSpace API",
    version="2",
    description="Files, signing requests, conversations.",
    auth=Bearer(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="signspace",
)
errors.register(api)
for _group in (files, tasks, conversations):
    api.add_router("", _group.router)

urlpatterns: list[URLPattern] = patterns(api, errors.answer, NO_STORE)
"""To be included at `api/v1/`."""
token_patterns: list[URLPattern] = [path("auth/token", door(token, errors.answer, NO_STORE))]
"""To be included at the root."""


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 description."""
    schema = dict(api.get_openapi_schema(path_prefix="api/v1/"))
    schema["paths"] = TOKEN_PATH | schema["paths"]
    schema["components"]["schemas"] |= components()
    schema["components"]["securitySchemes"]["Client"] = {
        "type": "http",
        "scheme": "basic",
        "description": "Client id and secret.",
    }
    return schema
