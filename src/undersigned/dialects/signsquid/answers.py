"""Answers that the routes share, and how OpenAPI describes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse

from . import wire

NO_CACHE = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1"}
"""On every answer, as the vendor sends them."""


def address(*segments: object) -> str:
    """The absolute address of a resource, from the installation's public address; no trailing slash, no query."""
    return "/".join([f"{settings.PUBLIC_URL}/api/v1", *(quote(str(s), safe="") for s in segments)])


def created(*segments: object) -> HttpResponse:
    """201 with `Location` and nothing else."""
    response = empty(201)
    response["Location"] = address(*segments)
    return response


def empty(status: int) -> HttpResponse:
    """No content and no type of it; clients compare the whole status line, so never 204."""
    response = HttpResponse(status=status, headers=NO_CACHE)
    del response["Content-Type"]
    response["Content-Length"] = "0"
    return response


def statuses(success: int, model: Any, *refusals: int) -> dict[int, Any]:
    """For `response=` of a route: 401 and 429 are everywhere."""
    errors = {status: wire.Invalid if status == 400 else wire.Message for status in (*refusals, 401, 429)}
    return {success: model, **dict(sorted(errors.items()))}


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Our extension: a repetition with the same key and body has no second effect and gets the first answer, for 24 hours.",
}
_LOCATION = {
    "headers": {
        "Location": {"schema": {"type": "string", "format": "uri"}, "description": "Absolute address."}
    }
}


def describe(
    *,
    body: type[Any] | None = None,
    location: bool = False,
    parameters: tuple[dict[str, Any], ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body itself."""
    extra: dict[str, Any] = dict(more)
    if parameters:
        extra["parameters"] = list(parameters)
    if body is not None:
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body.model_json_schema()}},
        }
    if location:
        extra["responses"] = {201: _LOCATION}
    return extra
