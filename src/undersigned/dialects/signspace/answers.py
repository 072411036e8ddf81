"""Answers that the routes share, and how OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse
from pydantic import BaseModel

from . import wire


def json_of(value: BaseModel | Sequence[BaseModel]) -> HttpResponse:
    """200 with the object or the array of objects; created objects too (the API is calls, not resources)."""
    if isinstance(value, BaseModel):
        return JsonResponse(value.model_dump(by_alias=True))
    return JsonResponse([v.model_dump(by_alias=True) for v in value], safe=False)


def statuses(model: Any, *refusals: int) -> dict[int, Any]:
    """For `response=` of a route: 401 and 429 are everywhere."""
    errors = {status: wire.Invalid if status == 400 else wire.Error for status in (*refusals, 401, 429)}
    return {200: model, **dict(sorted(errors.items()))}


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Our extension: a repetition with the same key and body has no second effect and gets the first answer, for 24 hours.",
}


def takes(body: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a call that reads its JSON itself."""
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }


def query(
    name: str, schema: dict[str, Any], description: str = "", *, required: bool = False
) -> dict[str, Any]:
    """A parameter of an address."""
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


def ids(what: str) -> dict[str, Any]:
    """`id`, repeated once per object."""
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return query("id", schema, f"Id of a {what}; repeated for several.", required=True)


def components() -> dict[str, Any]:
    """Schemas that the bodies refer to."""
    found: dict[str, Any] = {}
    for model in (wire.NewRequest, wire.UpdateRequest, wire.SetRetention):
        found |= model.model_json_schema(ref_template="#/components/schemas/{model}").get("$defs", {})
    return found
