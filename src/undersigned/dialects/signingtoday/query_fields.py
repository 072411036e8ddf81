"""Members that a list can be filtered and sorted by: each turns a comparison into a condition on rows, by ORM paths that we wrote.

Conditions are never unknown (SQL's NULL), so that "not" is their opposite: what has no value is unequal to every value.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from django.db.models import CharField, F, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, IContains

from .reading import moment_of

Operator = Literal["==", ">", ">=", "<", "<=", "=like="]
_LOOKUPS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
NOTHING = Q(pk__in=[])


class BadValue(Exception):
    """The member cannot be compared so; the argument says why."""


@dataclass(frozen=True)
class Given:
    """A value as it was written. `bare`: without quotation marks, so it may be null, true or false."""

    text: str
    bare: bool

    @property
    def null(self) -> bool:
        return self.bare and self.text.lower() == "null"

    @property
    def pattern(self) -> bool:
        return "*" in self.text


class Like(IContains):
    """`*` stands for anything; case does not matter, as in neither database it does where a pattern is compared."""

    def process_rhs(self, qn: Any, connection: Any) -> Any:
        rhs, params = super(IContains, self).process_rhs(qn, connection)
        parts = str(self.rhs).split("*")
        return rhs, ["%".join(connection.ops.prep_for_like_query(part) for part in parts), *params[1:]]


def _like(expression: Any, pattern: str) -> Q:
    return Q(Like(expression, pattern if "*" in pattern else f"*{pattern}*"))


@dataclass(frozen=True)
class Member(ABC):
    """`path`: where the value is, from the list's rows; `sorts`: it can be sorted by."""

    path: str
    sorts: bool = field(default=True, kw_only=True)
    has_members = False
    """It is an object; `keys` lead into it."""

    @abstractmethod
    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        """The rows whose value compares so. Raises BadValue."""

    def _lookup(self, operator: Operator, value: Any) -> Q:
        if operator == "=like=":
            raise BadValue("=like= is for texts")
        return Q(**{f"{self.path}__{_LOOKUPS[operator]}" if operator in _LOOKUPS else self.path: value})


@dataclass(frozen=True)
class Text(Member):
    """A text; `*` stands for anything."""

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator == "=like=" or (operator == "==" and value.pattern):
            return _like(Coalesce(F(self.path), Value(""), output_field=CharField()), value.text)
        if operator == "==" and value.null:
            return Q(**{self.path: ""}) | Q(**{f"{self.path}__isnull": True})
        return self._lookup(operator, value.text)


@dataclass(frozen=True)
class Moment(Member):
    """A time, to the millisecond, as it is shown."""

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator == "==" and value.null:
            return Q(**{f"{self.path}__isnull": True})
        at = moment_of(value.text)
        if at is None or at.year > 9998:
            raise BadValue(f"{value.text} is no time")
        end = at + timedelta(milliseconds=1)
        match operator:
            case "==":
                return Q(**{f"{self.path}__gte": at, f"{self.path}__lt": end})
            case ">":
                return Q(**{f"{self.path}__gte": end})
            case "<=":
                return Q(**{f"{self.path}__lt": end})
            case _:
                return self._lookup(operator, at)


@dataclass(frozen=True)
class Number(Member):
    """A whole number."""

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator == "==" and value.null:
            return Q(**{f"{self.path}__isnull": True})
        text = value.text.removeprefix("-")
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise BadValue(f"{value.text} is no whole number")
        return self._lookup(operator, int(value.text))


@dataclass(frozen=True)
class Truth(Member):
    """true or false."""

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator != "==" or value.text.lower() not in ("true", "false"):
            raise BadValue("compare with == true or == false")
        return Q(**{self.path: value.text.lower() == "true"})


@dataclass(frozen=True)
class Identifier(Member):
    """A UUID."""

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator != "==":
            raise BadValue("compare ids with == or !=")
        if value.null:
            return Q(**{f"{self.path}__isnull": True})
        try:
            return Q(**{self.path: uuid.UUID(value.text)})
        except ValueError:
            return NOTHING


@dataclass(frozen=True)
class Words(Member):
    """One of some words; `conditions`: what each means of a row. `path` is only sorted by."""

    conditions: Mapping[str, Q] = field(default_factory=dict)

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator != "==":
            raise BadValue("compare with == or !=")
        return self.conditions.get(value.text, NOTHING)


@dataclass(frozen=True)
class Among(Member):
    """Several values of a row: equal when one of them is. `rows`: all of them, of any row; `owner`: their column that holds the list's row;
    `member`: how one is compared."""

    rows: Callable[[], Any]
    member: Member
    sorts: bool = field(default=False, kw_only=True)

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if operator == "==" and value.null:
            return ~Q(pk__in=self.rows().values(self.path))
        return Q(pk__in=self.rows().filter(self.member.compare(operator, value)).values(self.path))


@dataclass(frozen=True)
class Json(Member):
    """A free JSON object; its members are named by dots: `extraData.order.number`."""

    sorts: bool = field(default=False, kw_only=True)
    has_members = True

    def compare(self, operator: Operator, value: Given, keys: Sequence[str] = ()) -> Q:
        if not keys:
            raise BadValue("name a member of it")
        if operator not in ("==", "=like="):
            raise BadValue("compare with ==, != or =like=")
        inner: Any = F(self.path)
        for key in keys[:-1]:
            inner = KeyTransform(key, inner)
        # What is no text is compared as it is written in JSON; SQLite gives numbers as such.
        text = Coalesce(
            Cast(KeyTextTransform(keys[-1], inner), TextField()), Value(""), output_field=TextField()
        )
        if value.null:
            return Q(Exact(text, "")) | Q(Exact(text, "null"))
        if operator == "=like=" or value.pattern:
            return _like(text, value.text)
        return Q(Exact(text, value.text))
