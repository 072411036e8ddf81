"""What the pages of the room load: page images, text, signature pictures, PDFs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from . import gateway, limits, looks
from .documents import Document, FileAnswer
from .forms import SignatureForm, rejected
from .gateway import Reason, Room, State, Visit, Withheld
from .looks import Rejected
from .pages import forever, in_room, show, unknown
from .paragraphs import paragraphs

WIDTHS = (160, 600, 1000, 1600, 2400)  # pixels; 160 for thumbnails
WORDS_PAGES = 10  # pages of text a screen
READABLE = (State.READ, State.VIEW, State.SIGNED, State.COMPLETED)


@in_room(*READABLE, brief=True)
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
    return forever(HttpResponse(content, content_type="image/jpeg"))


@in_room(*READABLE, brief=True)
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
    return forever(JsonResponse({"lines": rows}))


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
    texts = [
        (n, paragraphs(core.page_text(who, document.id, document.version, n))) for n in range(first, end + 1)
    ]
    context: dict[str, Any] = {
        "document": document,
        "number": number,
        "texts": texts,
        "earlier": (max(1, first - WORDS_PAGES), first - 1) if first > 1 else None,
        "later": (end + 1, min(end + WORDS_PAGES, last)) if end < last else None,
    }
    step = 2 if room.state is State.READ else 0
    return show(request, "words", room, _("Text of %(name)s") % {"name": document.name}, step=step, **context)


@in_room(State.READ, brief=True)
@require_GET
def typed(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Preview of a typed signature, drawn on the server by the code that draws it in the PDF."""
    limits.preview(room.id)
    name, hand = " ".join(request.GET.get("name", "").split())[:100], request.GET.get("hand", "")
    if not name or hand not in looks.HANDS:
        return HttpResponse(status=404)
    try:
        return _picture("image/svg+xml", gateway.current().typed_picture(who, name, hand))
    except Rejected:
        return HttpResponse(status=422)


@in_room(State.READ, brief=True)
@require_GET
def kept(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The signature kept for this sitting."""
    try:
        return _picture(*gateway.current().kept_picture(who))
    except LookupError:
        return HttpResponse(status=404)


@in_room(State.READ, brief=True)
@require_POST
def uploaded(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Preview of an uploaded signature, cleaned as it will be kept; what is wrong with it comes as text with status 422."""
    limits.preview(room.id)
    form = SignatureForm({"kind": "uploaded", "shade": request.POST.get("shade", "")}, request.FILES)
    if not form.is_valid():
        return _in_words(str(next(iter(form.errors.values()))[0]))
    look = form.appearance
    try:
        return _picture("image/png", gateway.current().cleaned_picture(who, look.image, look.shade))
    except Rejected as reason:
        return _in_words(rejected(reason, len(look.image)))


def _in_words(text: str) -> HttpResponse:
    return HttpResponse(text, status=422, content_type="text/plain; charset=utf-8")


def _picture(media_type: str, content: bytes) -> HttpResponse:
    # Opened by itself, an SVG is a page: nothing in it may run or load.
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Security-Policy": "default-src 'none'; sandbox"}
    )


@in_room(*READABLE)
@require_GET
def unsigned(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """The PDF as it was shown, named so that nobody takes it for the signed one."""

    def name(document: Document) -> str:
        return _("%(title)s (not signed).pdf") % {"title": _stem(document.name)}

    return _handed_out(request, who, room, number, gateway.current().unsigned_file, name)


@in_room(*READABLE)
@require_GET
def original(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """The file that a document's pages are about, as it came. To be kept, never to be shown: it may hold anything."""
    return _handed_out(request, who, room, number, gateway.current().original_file, lambda d: d.name)


@in_room(State.SIGNED, State.COMPLETED)
@require_GET
def sealed(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """The sealed file."""

    def name(document: Document) -> str:
        return document.signed_name or f"{_stem(document.name)}.pdf"

    return _handed_out(request, who, room, number, gateway.current().sealed_file, name)


def _handed_out(
    request: HttpRequest,
    who: Visit,
    room: Room,
    number: int,
    get: Callable[[Visit, str], FileAnswer],
    name: Callable[[Document], str],
) -> HttpResponseBase:
    """Document `number` (from 1) as a download; or why not."""
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    document = room.documents[number - 1]
    try:
        return _download(get(who, document.id), name(document))
    except LookupError:
        return unknown(request)
    except Withheld as e:
        return _withheld(request, room, e.reason)


def _withheld(request: HttpRequest, room: Room, reason: Reason) -> HttpResponse:
    if reason is Reason.INFECTED:
        text = _("It did not pass the virus scan. Its owner has been told.")
        return show(request, "withheld", room, _("This file is not handed out"), status=403, text=text)
    text = _(
        "We could not check the file for viruses. We do not hand it out without that. Please try again in a minute."
    )
    return show(request, "withheld", room, _("Not possible right now"), status=503, text=text)


def _stem(name: str) -> str:
    return re.sub(r"\.pdf$", "", name, flags=re.IGNORECASE)


def _download(answer: FileAnswer, name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(answer.chunks, content_type=answer.media_type)
    response["Content-Length"] = str(answer.size)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=name) or "attachment"
    )
    return response
