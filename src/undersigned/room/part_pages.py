"""Pages of a request in which more is asked than to read and sign: what is asked, and each document with what is to be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import gateway, limits, tray_pages
from .documents import Document
from .gateway import Room, State, Visit
from .onward import onward
from .pages import forever, in_room, show, side, to, unknown
from .part_forms import FillForm, UploadForm, control, fault_text, posted
from .parts import Act, Faulty, NotTaken
from .reading import FormBox, reader, unheard
from .session import hear

FINISHED = (State.SIGNED, State.COMPLETED)


@in_room(State.READ, State.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def dialog(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """What the sender says before anything is read."""
    if request.method == "POST":
        response = to("home", room.id)
        hear(response, room.id)
        return response
    if not room.dialog_title and not room.dialog_message:
        return to("home", room.id)
    heading = room.dialog_title or _("A message from %(sender)s") % {"sender": room.sender}
    return show(request, "dialog", room, heading)


@in_room(State.READ)
@require_GET
def parts(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """All documents, with what is asked and what is done; and the next one to open."""
    if (first := unheard(request, room)) is not None:
        return first
    if room.one_by_one:
        return to("tray", room.id)
    if not room.in_parts:
        return to("read", room.id)
    count = len(room.documents)
    heading = ngettext("%(n)s document for you", "%(n)s documents for you", count) % {"n": count}
    following = room.next_document()
    return show(
        request,
        "parts",
        room,
        heading,
        step=2,
        rows=[(n, d, *asked(d)) for n, d in enumerate(room.documents, 1)],
        following=following,
        next_document=room.documents[following - 1] if following else None,
    )


def asked(document: Document) -> tuple[str, str, str]:
    """What is asked of the person with a document, in words; the word of its state, and that state: done, waits, todo."""
    words = {
        Act.VIEW: _("Read"),
        Act.UPLOAD: _("Add a file"),
        Act.FILL: _("Fill in"),
        Act.SIGN: _("Sign"),
    }
    ask = ", ".join(words[p.act] for p in document.parts)
    if document.prepared and document.waits:
        return ask, _("Being prepared"), "waits"
    if document.done:
        return ask, _("Done"), "done"
    if document.prepared:
        return ask, _("Ready to sign"), "done"
    return ask, _("To do"), "todo"


@in_room(State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """One document, with what is to be done with it. POST: the person has read it."""
    if (first := unheard(request, room)) is not None:
        return first
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    one = room.documents[number - 1]
    act = one.open.act if one.open else None
    if request.method == "POST":
        if act is Act.VIEW:
            gateway.current().view(who, number)
        return _after(request, who, number)
    if act is Act.UPLOAD:
        return to("bring", room.id, str(number))
    if not one.to_read:
        return to("home" if room.one_by_one else "parts", room.id)
    return _document_page(request, room, number, FillForm(one) if act is Act.FILL else None)


def _document_page(
    request: HttpRequest, room: Room, number: int, form: FillForm | None, status: int = 200
) -> HttpResponse:
    one = room.documents[number - 1]
    heading = {
        Act.FILL: _("Fill in your part"),
        Act.VIEW: _("Read this document"),
    }.get(one.open.act if one.open else Act.SIGN, _("Read this document"))
    boxes = _boxes(one) if form is not None else []
    context = reader(room, request.GET.get("from", ""), number, boxes)
    context |= {
        "number": number,
        "only": one,
        "act": one.open.act.value if one.open else "",
        "form": form,
        "left": sum(f.missing for f in one.form),
        "following": room.next_document(number),
        "leads_to": room.return_urls.done,
    }
    if room.one_by_one:
        context["said_before"] = tray_pages.said_before(room, request.GET.get("after", ""))
        room = tray_pages.alone(room, number)
    return show(request, "read", room, heading, status=status, step=2, **context)


def _boxes(one: Document) -> list[FormBox]:
    """Everything of the form that stands on a page and can be filled in."""
    return [
        FormBox(f"at-{f.number}-{k}", f, box)
        for f in one.form
        if not f.read_only
        for k, box in enumerate(f.boxes, 1)
    ]


@in_room(State.READ)
@require_GET
def boxes(request: HttpRequest, who: Visit, room: Room, number: int, version: str) -> HttpResponseBase:
    """Where the fields of a form stand, as a stylesheet."""
    if not 1 <= number <= len(room.documents):
        return HttpResponse(status=404)
    one = room.documents[number - 1]
    rules = [
        f"#{f.id}{{left:{f.box.left:.3f}%;top:{f.box.top:.3f}%;width:{f.box.width:.3f}%;height:{f.box.height:.3f}%}}"
        for f in _boxes(one)
    ]
    response = HttpResponse("@layer pages{" + "".join(rules) + "}", content_type="text/css")
    return forever(response) if version == one.version else response


@in_room(State.READ)
@require_POST
def fill(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """Keep what was filled in. `only` names one field (the script asks so, and is answered in JSON); `finish`: that is all."""
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    one = room.documents[number - 1]
    if one.open is None or one.open.act is not Act.FILL:
        return _after(request, who, number)
    core, only = gateway.current(), request.POST.get("only", "")
    values = posted(one, request.POST, only)
    faults: dict[str, str] = {}
    try:
        core.fill(who, number, values)
        if "finish" in request.POST:
            core.finish(who, number)
    except Faulty as e:
        faults = e.faults
    if only:
        return _kept_one(who, one, number, only, faults)
    if not faults and "finish" in request.POST:
        return _after(request, who, number)
    if not faults:
        return to("document", room.id, str(number))
    form = FillForm(one, values)
    form.show_faults(faults)
    return _document_page(request, room, number, form, status=422)


def _kept_one(who: Visit, one: Document, number: int, only: str, faults: dict[str, str]) -> HttpResponseBase:
    field = next((f for f in one.form if control(f.number) == only), None)
    fresh = gateway.current().find(who)
    left = 0
    if fresh is not None and len(fresh.documents) >= number:
        left = sum(f.missing for f in fresh.documents[number - 1].form)
    fault = faults.get(str(field.number), "") if field is not None else ""
    error = fault_text(field, fault) if field is not None and fault else ""
    words = ngettext("%(n)s required field left", "%(n)s required fields left", left) % {"n": left}
    return JsonResponse(
        {
            "error": error,
            "left": left,
            "said": _("Saved.") + " " + (words if left else _("Nothing required is left.")),
        }
    )


@in_room(State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """Add the file that is asked for."""
    if (first := unheard(request, room)) is not None:
        return first
    if not 1 <= number <= len(room.documents):
        return unknown(request)
    one = room.documents[number - 1]
    if one.open is None or one.open.act is not Act.UPLOAD:
        return to("document", room.id, str(number))
    bound = request.method == "POST"
    form = UploadForm(request.POST if bound else None, request.FILES if bound else None)
    if bound and form.is_valid():
        limits.upload(room.id)
        chosen = form.chosen
        try:
            gateway.current().bring(who, number, chosen.name or "", cast(BinaryIO, chosen), form.is_picture)
        except NotTaken as e:
            form.add_error("picture" if form.is_picture else "file", e.text)
        else:
            return _after_upload(request, who, number)
    heading = _("Add %(description)s") % {"description": one.caption or one.name}
    return show(
        request,
        "bring",
        room,
        heading,
        status=422 if bound else 200,
        step=2,
        leads_to=room.return_urls.done,
        form=form,
        number=number,
        only=one,
    )


def _after_upload(request: HttpRequest, who: Visit, number: int) -> HttpResponseBase:
    """What was added shows, so that the person sees that it is the right one; unless that was the last act of all."""
    fresh = gateway.current().find(who)
    if fresh is not None and fresh.state is State.READ and fresh.documents[number - 1].to_read:
        return to("document", fresh.id, str(number))
    return _after(request, who, number)


def _after(request: HttpRequest, who: Visit, number: int) -> HttpResponseBase:
    """On to the next document, to signing, or out."""
    room = gateway.current().find(who)
    if room is None:
        return unknown(request)
    if room.one_by_one:
        return _after_form(request, who, room, number)
    if room.state in FINISHED and not room.signs:
        return onward(request, room.return_urls.done) or to("done", room.id)
    if room.state is not State.READ:
        return to("home", room.id)
    following = room.next_document(number)
    if following:
        return to("document", room.id, str(following))
    return to("parts", room.id)


def _after_form(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    filled = next((t for t in room.tasks if t.document == number and t.act is Act.FILL), None)
    return tray_pages.after(request, who, filled) if filled is not None else to("home", room.id)


def waiting(request: HttpRequest, room: Room) -> HttpResponse:
    """Pages that this person will sign are being made."""
    words = side(replace(room, state=State.PREPARING))
    assert words is not None
    return show(request, "side", room, words.heading, side=words)
