"""Paging by index: a page begins after a row, so the hundredth costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest


@dataclass(frozen=True)
class Page:
    """Rows in order; addresses of the neighbouring pages with all other parameters kept, empty at either end."""

    rows: list[Any]
    newer: str
    older: str


def numbered(request: HttpRequest, rows: QuerySet[Any], size: int) -> tuple[Page, int]:
    """The page with the number `?page=`, and how many rows there are: where they are ordered by what is no time."""
    pages = Paginator(rows, size)
    found = pages.get_page(request.GET.get("page"))
    kept = [(name, value) for name, value in request.GET.items() if name != "page" and value]

    def address(number: int) -> str:
        return "?" + urlencode([*kept, ("page", number)])

    newer = address(found.previous_page_number()) if found.has_previous() else ""
    older = address(found.next_page_number()) if found.has_next() else ""
    return Page(list(found), newer, older), pages.count


def paginate(
    request: HttpRequest,
    rows: QuerySet[Any],
    size: int = 25,
    *,
    by: str = "",
    descending: bool = True,
) -> Page:
    """The page that `?before=` (rows further on) or `?after=` (rows further back) names.

    `by`: a column of times that is never null in `rows`; rows that share one are told apart by their id. Without it the id alone orders.
    """
    onward, back = _mark(request.GET.get("before"), by), _mark(request.GET.get("after"), by)
    if back is not None:
        found = list(after(rows, by, back, not descending)[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list(after(rows, by, onward, descending)[: size + 1])
        more_newer, more_older = onward is not None, len(found) > size
        found = found[:size]
    kept = [(k, v) for k, v in request.GET.items() if k not in ("before", "after") and v]

    def address(name: str, row: Any) -> str:
        mark = f"{getattr(row, by).isoformat()}_{row.pk}" if by else str(row.pk)
        return "?" + urlencode([*kept, (name, mark)])

    return Page(
        found,
        newer=address("after", found[0]) if found and more_newer else "",
        older=address("before", found[-1]) if found and more_older else "",
    )


Mark = tuple[datetime | None, int]


def after(rows: QuerySet[Any], by: str, mark: Mark | None, descending: bool) -> QuerySet[Any]:
    """Rows in order, from behind `mark` (the last row's time, unless `by` is empty, and id)."""
    sign, word = ("-", "lt") if descending else ("", "gt")
    if mark is not None and by:
        at, pk = mark
        # The first condition says nothing new; it lets the database start in the middle of the index.
        rows = rows.filter(**{f"{by}__{word}e": at}).filter(
            Q(**{f"{by}__{word}": at}) | Q(**{by: at, f"pk__{word}": pk})
        )
    elif mark is not None:
        rows = rows.filter(**{f"pk__{word}": mark[1]})
    return rows.order_by(*([f"{sign}{by}"] if by else []), f"{sign}pk")


def _mark(given: str | None, by: str) -> Mark | None:
    """None for what no page of ours has sent."""
    at, _line, pk = (given or "").rpartition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    if not by:
        return None, int(pk)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, int(pk)) if moment.tzinfo is not None else None


def toggled(request: HttpRequest, column: str, descending: bool) -> str:
    """The address of the same list sorted by `column`, from its first page."""
    kept = [(k, v) for k, v in request.GET.items() if k not in ("before", "after", "sort") and v]
    return "?" + urlencode([*kept, ("sort", f"-{column}" if descending else column)])
