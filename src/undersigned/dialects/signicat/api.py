"""The API put together."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from ninja import NinjaAPI

from undersigned.dialects.shared.door import door, patterns
from undersigned.dialects.shared.tokens import NO_STORE

from . import documents, errors, orders, packaging, tasks
from .addresses import BASES
from .answers import components
from .auth import TOKEN_PATHS, Bearer, configuration, token
from .docaction import docaction
from .token_docs import TOKEN_ENDPOINTS

api = NinjaAPI(
    title="Signicat Sign API",
    version="1",
    description="Signing orders with tasks, documents, notifications and packages. Answers leave out members that are unset.",
    auth=Bearer(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="signicat",
)
errors.register(api)
for _group in (documents, orders, packaging, tasks):
    api.add_router("", _group.router)

urlpatterns: list[URLPattern] = patterns(api, errors.answer, NO_STORE)
"""To be included at each of `addresses.BASES`."""
root_patterns: list[URLPattern] = [
    *(path(where, door(token, errors.answer, NO_STORE)) for where in TOKEN_PATHS),
    path("auth/open/.well-known/openid-configuration", door(configuration, errors.answer, {})),
    path("std/docaction/<str:service>", docaction, name="docaction"),
]
"""To be included at the root."""


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 description, at the first of the two bases."""
    schema = dict(api.get_openapi_schema(path_prefix=f"{BASES[0]}/"))
    schema["paths"] = TOKEN_ENDPOINTS | schema["paths"]
    schema["components"]["schemas"] |= components()
    schemes = schema["components"]["securitySchemes"]
    schemes["Client"] = {"type": "http", "scheme": "basic", "description": "Client id and secret."}
    return schema
