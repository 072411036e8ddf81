"""What the pages of the room load: page images, text, signature pictures, PDFs."""

from __future__ import annotations

import re
import time
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from . import gateway
from .gateway import FileAnswer, Rejected, Room, State, Visit
from .pages import in_room, show, unknown

WIDTHS = (160, 600, 1000, 1600, 2400)  # pixels; 160 for thumbnails
PREVIEWS_A_MINUTE = 20
WORDS_PAGES = 10  # pages of text a screen
READABLE = (State.READ, State.SIGNED, State.COMPLETED)


def _forever(response: HttpResponse) -> HttpResponse:
    """The address holds the version, so the answer never changes; for this browser alone."""
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@in_room(*READABLE)
@require_GET
def page(
    request: HttpRequest, who: Visit, room: Room, document: str, version: str, page: int, width: int
) -> HttpResponseBase:
    """A page as a JPEG picture."""
    if width not in WIDTHS:
        return HttpResponse(status=404)
    try:
        content = gateway.current().page_image(who, document, version, page, width)
    except LookupError:
        return HttpResponse(status=404)
    return _forever(HttpResponse(content, content_type="image/jpeg"))


@in_room(*READABLE)
@require_GET
def text(
    request: HttpRequest, who: Visit, room: Room, document: str, version: str, page: int
) -> HttpResponseBase:
    """The lines of a page with their places in percent, for the layer over the picture."""
    try:
        lines = gateway.current().page_text(who, document, version, page)
    except LookupError:
        return HttpResponse(status=404)
    rows = [[line.text, line.left, line.top, line.width, line.height] for line in lines]
    return _forever(JsonResponse({"lines": rows}))


@in_room(*READABLE)
@require_GET
def words(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """A document as plain text for reading, ten pages a screen (`?from=`)."""
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    document = room.documents[number - 1]
    last = len(document.pages)
    asked = request.GET.get("from", "1")
    first = min(max(int(asked) if re.fullmatch(r"\d{1,6}", asked) else 1, 1), last)
    end = min(first + WORDS_PAGES - 1, last)
    core = gateway.current()
    texts = [(n, core.page_text(who, document.id, document.version, n)) for n in range(first, end + 1)]
    context: dict[str, Any] = {
        "document": document,
        "number": number,
        "texts": texts,
        "earlier": max(1, first - WORDS_PAGES) if first > 1 else None,
        "later": end + 1 if end < last else None,
    }
    step = 2 if room.state is State.READ else 0
    return show(request, "words", room, _("Text of %(name)s") % {"name": document.name}, step=step, **context)


@in_room(State.READ)
@require_GET
def typed(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Preview of a typed signature, at most twenty a minute and sitting."""
    window = f"room-preview-{room.id}-{int(time.time() // 60)}"
    cache.add(window, 0, 120)
    if cache.incr(window) > PREVIEWS_A_MINUTE:
        return HttpResponse(status=429, headers={"Retry-After": str(60 - int(time.time()) % 60)})
    name, hand = " ".join(request.GET.get("name", "").split())[:100], request.GET.get("hand", "")
    if not name or hand not in gateway.HANDS:
        return HttpResponse(status=404)
    try:
        return _picture("image/svg+xml", gateway.current().typed_picture(who, name, hand))
    except Rejected:
        return HttpResponse(status=422)


@in_room(State.READ)
@require_GET
def kept(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The signature kept for this sitting."""
    try:
        return _picture(*gateway.current().kept_picture(who))
    except LookupError:
        return HttpResponse(status=404)


def _picture(media_type: str, content: bytes) -> HttpResponse:
    # Opened by itself, an SVG is a page: nothing in it may run or load.
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Security-Policy": "default-src 'none'; sandbox"}
    )


@in_room(*READABLE)
@require_GET
def unsigned(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """The PDF as it was shown, named so that nobody takes it for the signed one."""
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    document = room.documents[number - 1]
    try:
        answer = gateway.current().unsigned_file(who, document.id)
    except LookupError:
        return unknown(request)
    return _download(answer, _("%(title)s (not signed).pdf") % {"title": _stem(document.name)})


@in_room(State.SIGNED, State.COMPLETED)
@require_GET
def sealed(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """The sealed PDF."""
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    document = room.documents[number - 1]
    try:
        answer = gateway.current().sealed_file(who, document.id)
    except LookupError:
        return unknown(request)
    return _download(answer, f"{_stem(document.name)}.pdf")


def _stem(name: str) -> str:
    return re.sub(r"\.pdf$", "", name, flags=re.IGNORECASE)


def _download(answer: FileAnswer, name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(answer.chunks, content_type="application/pdf")
    response["Content-Length"] = str(answer.size)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=name) or "attachment"
    )
    return response
