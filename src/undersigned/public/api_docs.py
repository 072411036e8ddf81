"""The APIs' descriptions: registered by `app`, shown at /docs/<dialect>. Nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Schema = Callable[[], dict[str, Any]]
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(frozen=True)
class Api:
    """One dialect: its word in the address, its name, and what gives its OpenAPI document."""

    name: str
    title: str
    schema: Schema


_apis: dict[str, Api] = {}


def register(name: str, title: str, schema: Schema) -> None:
    """Make a dialect's description known."""
    _apis[name] = Api(name, title, schema)


def apis() -> list[Api]:
    """All that are registered, by name."""
    return [_apis[name] for name in sorted(_apis)]


def find(name: str) -> Api | None:
    """The API with this word in its address."""
    return _apis.get(name)


@dataclass(frozen=True)
class Property:
    """One line of a table: a parameter or a member of a body."""

    name: str
    kind: str
    required: bool
    text: str
    where: str = ""


@dataclass(frozen=True)
class Body:
    """A request body or an answer's content in one media type."""

    media_type: str
    kind: str
    properties: list[Property]
    example: Any = None


@dataclass(frozen=True)
class Answer:
    """What a status means."""

    status: str
    text: str
    headers: list[Property]
    bodies: list[Body]


@dataclass(frozen=True)
class Operation:
    """One call."""

    anchor: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Property]
    bodies: list[Body]
    answers: list[Answer]


@dataclass
class Group:
    """Operations under one tag."""

    title: str
    operations: list[Operation] = field(default_factory=list)


class Reader:
    """Reads an OpenAPI 3.1 document into what the page shows; `$ref` is followed inside the document only."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def groups(self) -> list[Group]:
        """All operations by their first tag, in the document's order."""
        groups: dict[str, Group] = {}
        for path, item in self.document.get("paths", {}).items():
            for method in _METHODS:
                if method in item:
                    operation = item[method]
                    tag = (operation.get("tags") or [""])[0]
                    groups.setdefault(tag, Group(tag.capitalize())).operations.append(
                        self._operation(path, method, item, operation)
                    )
        return list(groups.values())

    def _operation(
        self, path: str, method: str, item: dict[str, Any], operation: dict[str, Any]
    ) -> Operation:
        parameters = [
            self._resolve(p) for p in [*item.get("parameters", []), *operation.get("parameters", [])]
        ]
        anchor = operation.get("operationId") or f"{method}{path}".replace("/", "-").replace("{", "").replace(
            "}", ""
        )
        return Operation(
            anchor=anchor,
            method=method.upper(),
            path=path,
            summary=operation.get("summary", ""),
            text=operation.get("description", ""),
            parameters=[
                Property(
                    p["name"],
                    self._kind(p.get("schema", {})),
                    bool(p.get("required")),
                    p.get("description", ""),
                    p.get("in", ""),
                )
                for p in parameters
            ],
            bodies=self._bodies(self._resolve(operation.get("requestBody", {})).get("content", {})),
            answers=[
                self._answer(str(status), self._resolve(a))
                for status, a in sorted(operation.get("responses", {}).items())
            ],
        )

    def _answer(self, status: str, answer: dict[str, Any]) -> Answer:
        headers = [
            Property(
                name,
                self._kind(self._resolve(h).get("schema", {})),
                False,
                self._resolve(h).get("description", ""),
            )
            for name, h in answer.get("headers", {}).items()
        ]
        return Answer(status, answer.get("description", ""), headers, self._bodies(answer.get("content", {})))

    def _bodies(self, content: dict[str, Any]) -> list[Body]:
        bodies = []
        for media_type, media in content.items():
            schema = self._resolve(media.get("schema", {}))
            bodies.append(
                Body(
                    media_type,
                    self._kind(media.get("schema", {})),
                    self._properties(schema),
                    _example(media, schema),
                )
            )
        return bodies

    def _properties(self, schema: dict[str, Any], depth: int = 0) -> list[Property]:
        if schema.get("type") == "array":
            schema = self._resolve(schema.get("items", {}))
        required = set(schema.get("required", []))
        found = []
        for name, part in schema.get("properties", {}).items():
            resolved = self._resolve(part)
            found.append(Property(name, self._kind(part), name in required, resolved.get("description", "")))
            inner = self._resolve(resolved.get("items", {})) if resolved.get("type") == "array" else resolved
            if inner.get("properties") and depth < 3:
                found += [
                    Property(f"{name}.{p.name}", p.kind, p.required, p.text)
                    for p in self._properties(inner, depth + 1)
                ]
        return found

    def _kind(self, schema: dict[str, Any]) -> str:
        """A type in words: `string (date-time)`, `array of Contract`, `"A" | "B"`, `string or null`."""
        if "$ref" in schema:
            return str(schema["$ref"]).rsplit("/", 1)[-1]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return " or ".join(self._kind(s) for s in schema[word])
        if "allOf" in schema:
            return " and ".join(self._kind(s) for s in schema["allOf"])
        if "enum" in schema:
            return " | ".join(f'"{v}"' for v in schema["enum"])
        if "const" in schema:
            return f'"{schema["const"]}"'
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            return " or ".join(map(str, kind))
        if kind == "array":
            return f"array of {self._kind(schema.get('items', {}))}"
        return f"{kind} ({schema['format']})" if "format" in schema else str(kind)

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(10):
            if "$ref" not in schema:
                return schema
            found: Any = self.document
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found.get(part, {})
            schema = found
        return {}


def _example(media: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    for named in media.get("examples", {}).values():
        return named.get("value")
    if "example" in schema:
        return schema["example"]
    return (schema.get("examples") or [None])[0]
