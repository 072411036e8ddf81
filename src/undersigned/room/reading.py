"""The page on which the documents are read, and what belongs to it: the places of fields, how things stand meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from . import gateway
from .documents import Document, Page, Place
from .gateway import Room, State, Visit
from .pages import forever, in_room, news, show, state_word, to
from .parts import Box, FormField
from .session import heard
from .tray import Clause

SCREEN = 10
"""Pages on one screen without JavaScript; with it all are there, as empty places until they come near."""


@dataclass(frozen=True)
class FormBox:
    """Where a field of a form stands on a page; it leads to the field's control."""

    id: str
    field: FormField
    box: Box

    @property
    def value(self) -> str:
        """What shows there: the words, or a tick."""
        if self.box.option:
            return "✓" if self.field.value == self.box.option else ""
        labels = {o.value: o.label for o in self.field.options}
        return ", ".join(labels.get(v, v) for v in self.field.value.split("\n"))


@dataclass(frozen=True)
class ShownPage:
    """One page in the markup. `number` counts within the document, `places` are (number, place)."""

    number: int
    page: Page
    places: list[tuple[int, Place]]
    boxes: list[FormBox]
    clauses: list[Clause]


@dataclass(frozen=True)
class ShownDocument:
    """A document with those of its pages that are on this screen; `number` as listed."""

    number: int
    document: Document
    pages: list[ShownPage]


@dataclass(frozen=True)
class Screen:
    """What of all pages is in the markup, counted through all documents. `others`: the other screens as (first, last)."""

    documents: list[ShownDocument]
    first: int
    last: int
    others: list[tuple[int, int]]


@in_room(State.READ, State.VIEW)
@require_GET
def read(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The documents, at once; `?from=` names the first page of another screen."""
    if (first := unheard(request, room)) is not None:
        return first
    if (room.in_parts or room.one_by_one) and room.state is State.READ:
        return to("parts", room.id)
    context = reader(room, request.GET.get("from", ""))
    return show(request, "read", room, _("Read the documents"), step=0 if room.viewer else 2, **context)


def unheard(request: HttpRequest, room: Room) -> HttpResponseBase | None:
    """To the sender's words that come before the documents, while this browser has not shown them."""
    said = room.dialog_title or room.dialog_message
    return to("dialog", room.id) if said and not heard(request) else None


def reader(room: Room, asked: str, only: int = 0, boxes: Sequence[FormBox] = ()) -> dict[str, Any]:
    """What the reading page shows of all documents, or of the one with the number `only`, which may have a form to be filled in."""
    documents = [(n, d) for n, d in enumerate(room.documents, 1) if only in (0, n)]
    places = [(n, p) for n, p in enumerate(room.places, 1) if only in (0, p.document)]
    starts = _starts(documents)
    here = screen(room, documents, asked, boxes)
    shown = {page.number for part in here.documents for page in part.pages}
    return {
        "boxes_elsewhere": [b for b in boxes if b.box.page not in shown],
        "clauses_elsewhere": [c for c in _marked(room, only) if c.page not in shown],
        "screen": here,
        "documents": documents,
        "page_count": sum(len(d.pages) for _n, d in documents),
        "originals": [(n, d) for n, d in documents if d.original],
        "elsewhere": _elsewhere(places, here),
        "manifest": _manifest(room, documents),
        "places": [
            (n, place, room.documents[place.document - 1], _screen_of(starts[place.document] + place.page))
            for n, place in places
        ],
    }


def screen(
    room: Room, numbered: list[tuple[int, Document]], asked: str, boxes: Sequence[FormBox] = ()
) -> Screen:
    """The screen of ten pages that holds page `asked` (counted through these documents; the first when it makes no sense)."""
    flat = [(n, k) for n, document in numbered for k in range(1, len(document.pages) + 1)]
    wanted = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked) else 1
    first = _screen_of(min(max(wanted, 1), max(len(flat), 1)))
    here = flat[first - 1 : first - 1 + SCREEN]
    documents = []
    for number, pages in groupby(here, key=lambda at: at[0]):
        document = room.documents[number - 1]
        documents.append(
            ShownDocument(
                number,
                document,
                [
                    ShownPage(
                        k,
                        document.pages[k - 1],
                        _places_on(room, number, k),
                        [b for b in boxes if b.box.page == k],
                        [c for c in _marked(room, number) if c.page == k],
                    )
                    for _number, k in pages
                ],
            )
        )
    others = [(n, min(n + SCREEN - 1, len(flat))) for n in range(1, len(flat) + 1, SCREEN) if n != first]
    return Screen(documents, first, first + len(here) - 1, others)


def _marked(room: Room, document: int = 0) -> list[Clause]:
    """Clauses of what is on the table that are marked on a page; `document`: if it is about this one."""
    table = room.table
    if table is None or document not in (0, table.document):
        return []
    return [clause for clause in table.clauses if clause.width]


def _screen_of(page: int) -> int:
    return (page - 1) // SCREEN * SCREEN + 1


def _elsewhere(places: list[tuple[int, Place]], here: Screen) -> list[tuple[int, Place]]:
    """Fields on pages that are not in the markup, for the script to put there."""
    shown = {(part.number, page.number) for part in here.documents for page in part.pages}
    return [(n, p) for n, p in places if (p.document, p.page) not in shown]


def _starts(numbered: list[tuple[int, Document]]) -> dict[int, int]:
    """Pages before each document."""
    starts, total = {}, 0
    for number, document in numbered:
        starts[number] = total
        total += len(document.pages)
    return starts


def _places_on(room: Room, document: int, page: int) -> list[tuple[int, Place]]:
    return [(n, p) for n, p in enumerate(room.places, 1) if (p.document, p.page) == (document, page)]


def _manifest(room: Room, numbered: list[tuple[int, Document]]) -> dict[str, Any]:
    """What the script needs to lay out every page: sizes as runs of [width, height, how many], and where the fields stand."""
    documents = []
    for number, document in numbered:
        sizes = [
            [round(width), round(height), len(list(run))]
            for (width, height), run in groupby(document.pages, key=lambda p: (p.width, p.height))
        ]
        one = reverse("room:page", args=[room.id, document.id, document.version, 1, 600])
        text = reverse("room:text", args=[room.id, document.id, document.version, 1])
        documents.append(
            {
                "number": number,
                "name": document.name,
                "sizes": sizes,
                "pictures": one.removesuffix("1-600.jpg"),
                "texts": text.removesuffix("1.json"),
                "words": reverse("room:words", args=[room.id, number]),
                "file": reverse("room:file", args=[room.id, number]),
            }
        )
    places = [[p.document, p.page, p.top, p.height] for p in room.places]
    return {"documents": documents, "places": places}


@in_room(State.READ)
@require_GET
def places(request: HttpRequest, who: Visit, room: Room, revision: str) -> HttpResponseBase:
    """Where the fields stand, as a stylesheet: no inline style is needed. Physical left and top, in any language."""
    rules = [
        f"#place-{n}{{left:{p.left:.3f}%;top:{p.top:.3f}%;width:{p.width:.3f}%;height:{p.height:.3f}%}}"
        for n, p in enumerate(room.places, 1)
    ]
    rules += [
        f"#mark-{c.number}{{left:{c.left:.3f}%;top:{c.top:.3f}%;width:{c.width:.3f}%;height:{c.height:.3f}%}}"
        for c in _marked(room)
    ]
    response = HttpResponse("@layer pages{" + "".join(rules) + "}", content_type="text/css")
    return forever(response) if revision == room.places_revision else response


@in_room(asks=True)
@require_GET
def state(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """For pages that stay open: `state` changes when there is something new, `left` seconds of the sitting, `news` in words.

    Asking does not keep the sitting awake.
    """
    moved = room.state in (State.READ, State.VIEW) and "revision" in request.GET
    if moved:
        moved = not gateway.current().still_shown(
            who, request.GET["revision"][:4000], request.GET.get("digest", "")[:200]
        )
    told = news(room, moved=moved)
    return JsonResponse(
        {
            "state": state_word(room),
            "left": room.idle_left,
            "news": {"heading": told.heading, "text": told.text, "go": told.go} if told else None,
        }
    )


@in_room()
@require_POST
def stay(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The person is still there; to have been found keeps the sitting awake."""
    return JsonResponse({"left": room.idle_left})
