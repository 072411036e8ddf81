"""Answers that the routes share, and how OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from pydantic import BaseModel

from undersigned.envelopes.errors import NotFound
from undersigned.files import kinds, scan
from undersigned.files.models import File

from . import wire

DOCUMENT_TYPES = ("application/pdf", "text/plain", "application/x-ltv-sdo", "application/octet-stream")


def json_of(value: BaseModel | Sequence[BaseModel], status: int = 200) -> HttpResponse:
    """The object or the array of objects, without the members that are unset: clients throw on null."""
    if isinstance(value, BaseModel):
        return JsonResponse(value.model_dump(by_alias=True, exclude_none=True), status=status)
    found = [v.model_dump(by_alias=True, exclude_none=True) for v in value]
    return JsonResponse(found, safe=False, status=status)


def empty() -> HttpResponse:
    """204."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response


def bytes_of(file: File, location: str = "") -> HttpResponseBase:
    """The file as it is, streamed; `location` names the stored copy. Raises NotFound, scan.Infected, scan.ScannerUnavailable."""
    if file.blob is None:
        raise NotFound
    headers = {"Content-Length": str(file.blob.size), "X-Content-Type-Options": "nosniff"}
    if location:
        headers["Location"] = location
    media_type = file.media_type or kinds.served_as(file.blob.media_type)
    return StreamingHttpResponse(scan.read_clean(file.blob), content_type=media_type, headers=headers)


def statuses(success: int, model: Any, *refusals: int) -> dict[int, Any]:
    """For `response=` of a route: 401, 403 and 429 are everywhere."""
    named = sorted({*refusals, 401, 403, 429})
    return {success: model} | {s: wire.Violated if s == 400 else wire.Problem for s in named}


def file_statuses(*refusals: int) -> dict[int, Any]:
    """As `statuses`, of a call that answers with a file."""
    return statuses(200, None, 404, 503, *refusals)


_CONTENT = {"schema": {"type": "string", "format": "binary"}}
LOCATION = {"Location": {"schema": {"type": "string", "format": "uri"}, "description": "Absolute address."}}
A_FILE: dict[str, Any] = {
    "responses": {200: {"description": "The file", "content": dict.fromkeys(DOCUMENT_TYPES, _CONTENT)}}
}
A_KEPT_FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file; Location names the stored copy.",
            "headers": LOCATION,
            "content": {"application/pdf": _CONTENT},
        }
    }
}
A_DOCUMENT_BODY: dict[str, Any] = {
    "required": True,
    "description": "The bytes of the document, never multipart.",
    "content": dict.fromkeys(DOCUMENT_TYPES, _CONTENT),
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Our extension: a repetition with the same key and body has no second effect and gets the first answer, for 24 hours.",
}


def takes(body: type[BaseModel]) -> dict[str, Any]:
    """`requestBody` of a call that reads its JSON itself."""
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def components() -> dict[str, Any]:
    """Schemas that the bodies refer to."""
    found: dict[str, Any] = wire.NewOrder.model_json_schema(ref_template="#/components/schemas/{model}")
    return dict(found.get("$defs", {}))
