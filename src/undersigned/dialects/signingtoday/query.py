"""The options of lists: `$top`, `$skip`, `$count`, `$orderBy`, `$filter`, and `userId`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from undersigned.accounts.capabilities import require
from undersigned.accounts.models import Capability, User
from undersigned.envelopes.errors import NotFound

from . import filters, reading
from .auth import user_of
from .errors import Faulty
from .filters import BadFilter, Table

TOP_MAX = 1000

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page; `count`: of all that the filter leaves, where that was asked for."""

    rows: list[Row]
    count: int | None


@dataclass(frozen=True)
class Options:
    """What the query asks for. `order`: ORM paths."""

    condition: Q
    order: tuple[str, ...]
    top: int
    skip: int
    count: bool


def options(request: HttpRequest, table: Table, default_order: str = "pk") -> Options:
    """The options of the query, by the table of members that may be named. Raises Faulty: all that is wrong at once."""
    faults: dict[str, list[str]] = {}

    def read(call: Callable[[], Value], name: str, otherwise: Value) -> Value:
        try:
            return call()
        except BadFilter as e:
            faults[name] = [str(e)]
        except Faulty as e:
            faults.update({path: list(said) for path, said in e.faults.items()})
        return otherwise

    def condition() -> Q:
        return filters.parse(reading.parameter(request, "$filter", most=filters.LENGTH_MAX + 20), table)

    found = Options(
        read(condition, "$filter", Q()),
        read(lambda: _order(reading.parameter(request, "$orderBy"), table), "$orderBy", ())
        or (default_order,),
        _or(read(lambda: reading.integer(request, "$top", most=2**31 - 1), "$top", None), TOP_MAX),
        _or(read(lambda: reading.integer(request, "$skip"), "$skip", None), 0),
        read(lambda: reading.boolean(request, "$count"), "$count", False),
    )
    if faults:
        raise Faulty(faults)
    return found


def page(request: HttpRequest, found: QuerySet[Row], table: Table, default_order: str = "pk") -> Page[Row]:
    """The rows that the query asks for. Raises Faulty."""
    asked = options(request, table, default_order)
    found = found.filter(asked.condition)
    total = found.count() if asked.count else None
    rows = found.order_by(*dict.fromkeys((*asked.order, "pk")))
    return Page(list(rows[asked.skip : asked.skip + min(asked.top, TOP_MAX)]), total)


def whose(request: HttpRequest, capability: Capability) -> User | None:
    """The user whom `userId` names; None where it is not given. Raises Forbidden where it is somebody else and the caller lacks the
    capability, NotFound, Faulty."""
    value = reading.parameter(request, "userId")
    if not value:
        return None
    user = user_of(request)
    wanted = reading.uuid_of(value)
    if wanted == user.pub:
        return user
    require(user, capability)
    found = User.objects.filter(organization=user.organization, pub=wanted).first()
    if found is None:
        raise NotFound
    found.organization = user.organization
    return found


def _order(text: str, table: Table) -> tuple[str, ...]:
    text = text.strip().removeprefix("$orderBy=")
    if not text:
        return ()
    name, _, way = (part.strip() for part in text.partition(","))
    member = table.get(name)
    if member is None or not member.sorts:
        raise BadFilter(f"Nothing can be sorted by {name}")
    if way.lower() not in ("", "asc", "desc"):
        raise BadFilter("Sort by member, member,asc or member,desc")
    return (f"-{member.path}" if way.lower() == "desc" else member.path,)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
