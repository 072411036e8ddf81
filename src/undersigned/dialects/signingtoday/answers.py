"""Answers that the routes share, and how OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from pydantic import BaseModel

from undersigned.envelopes.errors import NotFound
from undersigned.files import kinds, scan
from undersigned.files.models import File

from . import wire

_components: dict[str, Any] = {}


def json_of(value: Any, status: int = 200) -> HttpResponse:
    """A model, a list of models, or plain JSON."""
    return JsonResponse(_plain(value), safe=False, status=status)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def page_of(values: Sequence[BaseModel], count: int | None) -> HttpResponse:
    """`{"count", "values"}`: the shape of every list; `count` is null unless it was asked for."""
    return json_of({"count": count, "values": [_plain(value) for value in values]})


def empty() -> HttpResponse:
    """204."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response


def bytes_of(file: File, name: str) -> HttpResponseBase:
    """The file as it is, streamed. Raises NotFound, scan.Infected, scan.ScannerUnavailable."""
    if file.blob is None:
        raise NotFound
    media_type = file.media_type or kinds.served_as(file.blob.media_type)
    response = StreamingHttpResponse(scan.read_clean(file.blob), content_type=media_type)
    response["Content-Length"] = str(file.blob.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = attachment(name)
    return response


def attachment(name: str) -> str:
    """`Content-Disposition` with a name without blanks: clients cut it off there."""
    return content_disposition_header(True, "_".join(name.split()) or "file") or "attachment"


def statuses(success: int, model: Any, *refusals: int) -> dict[int, Any]:
    """For `response=` of a route; 401, 403, 429 and 500 are everywhere."""
    shapes: dict[int, Any] = {400: list[wire.Error], 404: None, 500: wire.Failure}
    named = sorted({*refusals, 401, 403, 429, 500})
    return {success: model} | {status: shapes.get(status, wire.Error) for status in named}


def takes(body: type[BaseModel], *, array: bool = False, required: bool = True) -> dict[str, Any]:
    """`requestBody` of a call that reads its JSON itself."""
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    _components.update(schema.pop("$defs", {}))
    schema = {"type": "array", "items": schema} if array else schema
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def takes_form(media_type: str = "multipart/form-data", **members: Any) -> dict[str, Any]:
    """`requestBody` of a call with a form; the schema of each member, `FILE` for a file. All named in `required` must be there."""
    required = members.pop("required", ())
    schema = {"type": "object", "properties": members, "required": list(required)}
    return {"required": True, "content": {media_type: {"schema": schema}}}


FILE: dict[str, Any] = {"type": "string", "format": "binary"}
TEXT: dict[str, Any] = {"type": "string"}


def query(
    name: str, kind: str = "string", text: str = "", *, required: bool = False, **more: Any
) -> dict[str, Any]:
    """A parameter of the query, for `openapi_extra`."""
    found = {"name": name, "in": "query", "required": required, "schema": {"type": kind, **more}}
    return found | ({"description": text} if text else {})


PAGING = [
    query("$top", "integer", "At most so many, after `$skip`; 1,000 at most and by default.", minimum=0),
    query("$skip", "integer", "Leave out so many at the beginning.", minimum=0),
    query("$count", "boolean", "Also give the number of all."),
]
SORTING = query("$orderBy", text="`member`, `member,asc` or `member,desc`.")
FILTER = query("$filter", text='`name == "Milk" or surname == "Br*"`; see the page about this API.')
LISTING = [*PAGING, SORTING, FILTER]
USER_ID = query("userId", text="Whose, instead of the caller's.", format="uuid")
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Our extension: a repetition with the same key and body has no second effect and gets the first answer, for 24 hours.",
}


def described(
    parameters: Sequence[dict[str, Any]] = (), body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """For `openapi_extra` of a route."""
    return ({"parameters": list(parameters)} if parameters else {}) | ({"requestBody": body} if body else {})


def a_file(*media_types: str) -> dict[str, Any]:
    """`responses` of a call that answers with a file, for `openapi_extra`."""
    content = {media_type: {"schema": FILE} for media_type in media_types}
    return {"responses": {200: {"description": "The file", "content": content}}}


def components() -> dict[str, Any]:
    """Schemas that the bodies refer to."""
    return dict(_components)
