"""The contract of the Signing Today API, `contracts/signingtoday.json`: calls as it documents them, and whether answers are like it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from .today_caller import Today
from .today_dsts import UUID, pdf

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signingtoday.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
MODELS = {name: {f["name"]: f for f in model["fields"]} for name, model in CONTRACT["models"].items()}
for _model, _more in CONTRACT["model_additions_seed_v2_4_0"].items():
    MODELS[_model] |= {name: {"name": name, "type": "any"} for name in _more}
EXAMPLE = OPERATIONS["createDST"]["request"]["example"]
NOBODY = "737dc132-a3f0-41e9-a2a3-2a2ae2dbcce4"


def path_of(operation: str, **ids: object) -> str:
    """Its path, with ids that nobody has unless they are named."""
    path: str = OPERATIONS[operation]["path"]
    return re.sub(r"\{(\w+)\}", lambda m: str(ids.get(m[1], NOBODY if m[1] == "id" else 1)), path)


def call(today: Today, operation: str, **ids: object) -> HttpResponse:
    """As the vendor's SDK sends it: the documented body or form, Content-Type on every call."""
    one = OPERATIONS[operation]
    path = path_of(operation, **ids)
    query = (
        {"targetDocId": 0}
        if operation == "swapDocuments"
        else {"page": 1}
        if operation == "getThumbnail"
        else None
    )
    request = one.get("request") or {}
    if request.get("content_type") == "multipart/form-data":
        parts = {name: value for name, value in request["example"].items() if name != "file"}
        return today.upload(one["method"], path, parts | {"file": pdf()}, query)
    body = json.dumps(request["example"]).encode() if request else b""
    return today.send(one["method"], path, body, query=query)


def is_like(value: Any, kind: str, at: str = "$") -> None:
    """All members of a model are there, each of its type or null; more may be there."""
    if kind.startswith("array"):
        assert isinstance(value, list), at
        for number, one in enumerate(value):
            is_like(one, kind[6:-1], f"{at}[{number}]")
        return
    if kind not in MODELS:
        plain(value, kind, at)
        return
    assert isinstance(value, dict), at
    assert set(MODELS[kind]) <= set(value), (at, set(MODELS[kind]) - set(value))
    for name, member in MODELS[kind].items():
        if value[name] is not None:
            is_like(value[name], member["type"], f"{at}.{name}")
            if kind != "User" and "enum" in member:
                assert value[name] in member["enum"], (at, name)


def plain(value: Any, kind: str, at: str) -> None:
    base, _, form = kind.rstrip(")").partition("(")
    types: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "object": dict,
    }
    if base in types:
        assert isinstance(value, types[base]), (at, value, kind)
        assert base == "boolean" or not isinstance(value, bool), (at, value)
    if form == "uuid":
        assert UUID.fullmatch(value), (at, value)
    if form == "date-time":
        assert datetime.fromisoformat(value).tzinfo is not None, (at, value)
    if form == "int32":
        assert -(2**31) <= value < 2**31, at


def has_members(value: Any, documented: Any, at: str = "$") -> None:
    """What the documented example has. What clients keep in `extraData` is theirs."""
    if isinstance(documented, dict) and isinstance(value, dict) and not at.endswith("extraData"):
        assert set(documented) <= set(value), (at, set(documented) - set(value))
        for name in documented:
            has_members(value[name], documented[name], f"{at}.{name}")
    elif isinstance(documented, list) and isinstance(value, list):
        for one in value:
            has_members(one, documented[0], f"{at}[]")


def refused(status: int, response: HttpResponse) -> None:
    """The error bodies of the contract."""
    if status == 404:
        assert response.content == b""
        return
    found = json.loads(response.content)
    assert isinstance(found, list) == (status == 400)
    for one in found if status == 400 else [found]:
        assert set(one) == ({"code", "message"} if status == 500 else {"code", "message", "target"})
        assert one["message"]


def same_shape(value: Any, documented: Any, at: str = "$") -> None:
    """The members and JSON types of the example; more may be there, and null where the example has null."""
    if documented is None:
        return
    assert type(value) is type(documented), at
    if isinstance(documented, dict):
        assert set(documented) <= set(value), at
        for name in documented:
            same_shape(value[name], documented[name], f"{at}.{name}")
    elif isinstance(documented, list):
        assert len(value) >= len(documented), at
        for found in value:
            same_shape(found, documented[0], f"{at}[]")
