"""Pages of the signing room. Each step is an address and a form that works without JavaScript.

GET never changes anything. What may happen is decided by the core; a page only asks the gateway and shows the answer.
"""

from __future__ import annotations

from contextlib import suppress
from math import ceil
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import forms, gateway, limits
from .gateway import Room, State, Visit, Wait
from .identification import ahead, page_of
from .identifying import Asked
from .onward import host, onward
from .pages import in_room, locked, show, side, speaking, to, uncached, unknown
from .reading import unheard
from .session import client, forget, remember
from .tray_pages import ends, first_page

OPEN = (State.READ,)
FINISHED = (State.SIGNED, State.COMPLETED)


@uncached
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """The address in the message. GET tells what it is; POST opens the room and puts the token out of sight."""
    core = gateway.current()
    if request.method == "POST":
        limits.opening(request, token)
        opened = core.open_link(token, client(request))
        if opened is None:
            over = core.look(token)
            if over is None or over.state is not State.SIGN_IN_OVER:
                return unknown(request)
            return speaking(request, over, lambda: _link_page(request, over, token))
        _goes_on(core, Visit(opened.room_id, opened.secret, client(request)))
        response = to("home", opened.room_id)
        remember(response, opened)
        return response
    room = core.look(token)
    if room is None:
        return unknown(request)
    return speaking(request, room, lambda: _link_page(request, room, token))


def ticket(request: HttpRequest, ticket: UUID) -> HttpResponseBase:
    """The address of one signature, as programs hand it out."""
    return link(request, str(ticket))


def _goes_on(core: gateway.Gateway, who: Visit) -> None:
    """Where each thing is dealt with by itself and one can be done, it is on the table at once."""
    room = core.find(who)
    if room is None or room.state is not State.READ or room.table is not None:
        return
    if sum(task.open for task in room.tasks) == 1:
        core.go_on(who)


def _link_page(request: HttpRequest, room: Room, token: str, **context: Any) -> HttpResponse:
    if room.state in FINISHED and not room.viewer:
        return show(request, "already", room, _("You have already signed"), token=token)
    words = side(room)
    # Only opening can end these two.
    if words and room.state not in (State.LOCKED, State.PREPARING):
        return show(request, "side", room, words.heading, side=words, token=token, **context)
    values = {"sender": room.sender, "organisation": room.organization}
    if room.protected:
        return show(request, "link", room, _("%(organisation)s has a document for you") % values, token=token)
    heading = _("%(sender)s of %(organisation)s asks you to sign") % values
    if room.viewer:
        count = len(room.documents)
        heading = ngettext(
            "%(sender)s shares %(n)s document with you", "%(sender)s shares %(n)s documents with you", count
        ) % (values | {"n": count})
    return show(request, "link", room, heading, token=token)


@uncached
@require_POST
def link_resend(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the newer version's link to the address on file; the answer is the same whether or not there is one."""
    core = gateway.current()
    room = core.look(token)
    if room is None:
        return unknown(request)
    limits.sending(request)
    with suppress(Wait):  # it is on its way already, and that is what the page says
        core.resend_from_link(token, client(request))
    return speaking(request, room, lambda: _link_page(request, room, token, sent=True))


@in_room()
@require_GET
def home(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Leads to the page that the state asks for, or says what the state is."""
    match room.state:
        case State.LINK | State.CODE:
            return to("code", room.id)
        case State.ONE_TIME | State.IDENTIFY:
            return to(page_of(room), room.id)
        case State.READ if room.one_by_one:
            return unheard(request, room) or first_page(room)
        case State.PREPARING | State.NOT_YOUR_TURN if room.one_by_one:
            return to("tray", room.id)
        case State.READ | State.VIEW:
            return unheard(request, room) or to(
                "parts" if room.in_parts and not room.viewer else "read", room.id
            )
        case State.SIGNED | State.COMPLETED:
            return to("done", room.id)
    words = side(room)
    assert words is not None
    return show(request, "side", room, words.heading, side=words)


@in_room()
@require_POST
def reopen(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Start again after the sitting was over."""
    if room.state is State.SITTING_OVER:
        gateway.current().reopen(who)
    return to("home", room.id)


@in_room(State.SUPERSEDED)
@require_POST
def resend(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """As `link_resend`, from inside the room."""
    limits.sending(request)
    with suppress(Wait):  # it is on its way already
        gateway.current().resend(who)
    words = side(room)
    return show(request, "side", room, words.heading if words else "", side=words, sent=True)


@in_room(State.CODE, State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Who are you? One field."""
    if room.state is State.READ and room.asked is not Asked.CODE:
        return to("home", room.id)
    if (shut := locked(request, room)) is not None:
        return shut
    form = forms.CodeForm(request.POST or None, length=room.code.length)
    if request.method == "POST" and form.is_valid():
        limits.code(request)
        result = gateway.current().enter_code(who, form.cleaned_data["code"])
        if result.right or not result.tries_left:
            return to(ahead(room), room.id)
        form.add_error("code", forms.tries(result.tries_left))
    return _code_page(request, room, form)


def _code_page(request: HttpRequest, room: Room, form: forms.CodeForm, **context: Any) -> HttpResponse:
    heading = _("Check your phone") if room.code.by_sms else _("Enter your code")
    wait = room.code.resend_at and max(0, ceil((room.code.resend_at - timezone.now()).total_seconds()))
    status = 422 if form.is_bound and form.errors else 200
    return show(request, "code", room, heading, status=status, step=1, form=form, wait=wait or 0, **context)


@in_room(State.CODE, State.READ)
@require_POST
def code_again(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Another SMS with the code."""
    if room.state is State.READ and room.asked is not Asked.CODE:
        return to("home", room.id)
    limits.sending(request)
    form = forms.CodeForm(length=room.code.length)
    try:
        gateway.current().send_code(who)
    except Wait as too_early:
        text = ngettext(
            "You can ask for a new code in %(n)s second.",
            "You can ask for a new code in %(n)s seconds.",
            too_early.seconds,
        )
        return _code_page(request, room, form, notice=text % {"n": too_early.seconds}, tone="warn")
    fresh = gateway.current().find(who) or room
    return _code_page(request, fresh, form, notice=_("We sent the code again."), tone="ok")


@in_room(*FINISHED)
@require_GET
def done(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """What was signed and when; the sealed files when everybody has."""
    sealed = [document.sealed for document in room.documents if document.to_seal]
    ready = bool(room.documents) and all(sealed)
    last = room.state is State.COMPLETED
    heading = _("Everybody has signed") if last else _("You have signed")
    if not room.signs:
        heading = _("You are done")
    return show(
        request,
        "done",
        room,
        heading,
        last=last,
        ready=ready,
        waits=last and not ready,
        signed=sum(document.to_sign or not room.in_parts for document in room.documents),
        **ends(room),
        host=host(room.return_urls.done),
    )


@in_room(*OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def later(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Finish later: leave this browser, or have the link sent once more to the address on file."""
    heading, after = _("Finish later"), room.return_urls.later
    if request.method != "POST":
        return show(request, "later", room, heading, leads_to=after)
    if request.POST.get("what") == "send" and room.written_to:
        limits.sending(request)
        with suppress(Wait):  # it is on its way already
            gateway.current().resend(who)
        return show(request, "later", room, heading, leads_to=after, sent=True)
    gateway.current().postpone(who)
    answer = onward(request, after) or show(request, "left", None, _("You have left"))
    forget(answer, room.id)
    return answer
