"""The API put together. A path stands in one module only: of two routers with the same path the first would refuse the other's methods."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from ninja import NinjaAPI, Router

from undersigned.dialects.shared.door import door, patterns
from undersigned.dialects.shared.tokens import NO_STORE

from . import (
    by_file,
    copying,
    devices,
    errors,
    identities,
    notes,
    notifications,
    passwords,
    resources,
    robot_dsts,
    robots,
    service,
    sessions,
    trail,
    transactions,
    users,
)
from .answers import components
from .auth import Bearer, token
from .token_docs import TOKEN_PATH

ROUTERS: tuple[Router, ...] = (
    sessions.router,
    passwords.router,
    service.router,
    users.router,
    transactions.router,
    copying.router,
    by_file.router,
    robot_dsts.router,
    robots.router,
    devices.router,
    identities.router,
    resources.router,
    notes.router,
    trail.router,
    notifications.router,
)

api = NinjaAPI(
    title="Signing Today Web API",
    version="2.4.0",
    description="Signature transactions and templates, robots, users, devices.",
    auth=Bearer(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="signingtoday",
)
errors.register(api)
for _router in ROUTERS:
    api.add_router("", _router)

urlpatterns: list[URLPattern] = [
    path("oauth/token", door(token, errors.answer, NO_STORE)),
    *patterns(api, errors.answer, NO_STORE),
]
"""To be included at `api/`, behind the APIs at `api/v1/`."""


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 description."""
    schema = dict(api.get_openapi_schema(path_prefix="api/"))
    schema["paths"] = TOKEN_PATH | schema["paths"]
    schema["components"]["schemas"] |= components()
    schema["components"]["securitySchemes"]["Client"] = {
        "type": "http",
        "scheme": "basic",
        "description": "Client id and secret.",
    }
    return schema
