"""Paging by index: pages begin after a row id, so the hundredth costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest


@dataclass(frozen=True)
class Page:
    """Rows, newest first; addresses of the neighbouring pages with all other parameters kept, empty at either end."""

    rows: list[Any]
    newer: str
    older: str


def paginate(request: HttpRequest, rows: QuerySet[Any], size: int = 25) -> Page:
    """The page that `?before=` (ids below) or `?after=` (ids above) names."""
    before, after = _number(request.GET.get("before")), _number(request.GET.get("after"))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows.order_by("-pk")[: size + 1])
        more_newer, more_older = before is not None, len(found) > size
        found = found[:size]
    kept = [(k, v) for k, v in request.GET.items() if k not in ("before", "after") and v]

    def address(**moved: int) -> str:
        return "?" + urlencode([*kept, *moved.items()])

    return Page(
        found,
        newer=address(after=found[0].pk) if found and more_newer else "",
        older=address(before=found[-1].pk) if found and more_older else "",
    )


def _number(given: str | None) -> int | None:
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 19 else None
