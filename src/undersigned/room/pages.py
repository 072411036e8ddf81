"""How a page of the room is made: language, time zone, steps, heading, and the words of the states beside the main path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from undersigned.base import languages
from undersigned.base.page_policy import content_security_policy

from . import gateway
from .gateway import Room, State, Visit
from .identifying import Asked
from .onward import host, origin
from .session import visit

P = ParamSpec("P")


def show(
    request: HttpRequest,
    template: str,
    room: Room | None,
    heading: str,
    *,
    status: int = 200,
    step: int = 0,
    leads_to: str | Sequence[str] = (),
    **context: Any,
) -> HttpResponse:
    """Render a page. `heading` is its h1 and begins its title; `step` (1 to 3) marks where one is, 0 shows no steps.

    `leads_to`: the sender's addresses to which the answer to its form may redirect.
    """
    names = [_("Identify"), _("Read"), _("Sign")]
    if room is not None and (room.in_parts or room.one_by_one):
        names = [_("Identify"), _("Documents"), *([_("Sign")] if room.signs else [])]
    steps = [
        {"name": name, "state": "done" if n < step else "current" if n == step else "todo"}
        for n, name in enumerate(names, 1)
    ]
    context |= {
        "room": room,
        "heading": heading,
        "steps": steps if step else [],
        "step": step,
        "state_word": state_word(room) if room else "",
        "said": (State.LINK, State.CODE, State.ONE_TIME, State.IDENTIFY, State.READ),
        "title_shown": "" if room is None or room.hides_content else room.title,
        "same_page": _same_page(request, room, context.get("token", "")) if room else "",
    }
    if room is not None and (back := room.return_urls.later) and origin(back):
        context.setdefault("back", back)
        context.setdefault("host", host(back))
    response = render(request, f"room/{template}.html", context, status=status)
    response["Content-Language"] = translation.get_language() or "en"
    urls = [leads_to] if isinstance(leads_to, str) else leads_to
    if targets := [target for url in urls if (target := origin(url))]:
        response["Content-Security-Policy"] = content_security_policy(targets)
    if room is not None and room.sandbox:
        response["X-Undersigned-Sandbox"] = "yes"
    return response


def _same_page(request: HttpRequest, room: Room, token: str) -> str:
    """Where a reader who has chosen another language comes back to; what a form posted to may answer no GET."""
    if request.method != "POST":
        return request.get_full_path()
    return reverse("room:link", args=[token]) if token else reverse("room:home", args=[room.id])


def state_word(room: Room) -> str:
    """Changes when a page that waits has something new to show."""
    sealed = sum(document.sealed for document in room.documents)
    pad = "" if room.pad is None else "taken" if room.pad.taken else "free"
    return f"{room.state}-{room.revision}-{sealed}-{room.kept.revision if room.kept else ''}-{pad}"


def speaking(request: HttpRequest, room: Room, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Run `make` in the language that the reader chose, else the recipient's, and in the recipient's time zone."""
    language = languages.chosen(request) or languages.spoken(room.language)
    with translation.override(language), timezone.override(ZoneInfo(room.time_zone)):
        return make()


def uncached(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """View decorator: pages about a signing stay in no cache, not even the browser's; a view may decide otherwise."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(*args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return wrapper


def forever(response: HttpResponse) -> HttpResponse:
    """The address holds the version, so the answer never changes; for this browser alone."""
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def unknown(request: HttpRequest) -> HttpResponse:
    """The same answer for unknown, foreign and malformed links."""
    response = show(request, "unknown", None, _("This link does not work"), status=404)
    # Django's log line would hold the address, and a link cut short is still most of a secret.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


RoomView = Callable[Concatenate[HttpRequest, Visit, Room, P], HttpResponseBase]


def in_room(
    *states: State,
    asks: bool = False,
    brief: bool = False,
) -> Callable[[RoomView[P]], Callable[..., HttpResponseBase]]:
    """View decorator: finds the room by address and cookie; in other `states` than these it leads to where one belongs.

    Without states every state is let in. A sitting that ends between the look and the action leads there too. The answer is never
    cached unless the view says so. `asks`: the page asks by itself, so the sitting is not kept awake. `brief`: the view needs nothing of
    the room but that it is there (`gateway.Gateway.glance`).
    """

    def decorate(view: RoomView[P]) -> Callable[..., HttpResponseBase]:
        @uncached
        @wraps(view)
        def wrapper(
            request: HttpRequest, room_id: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            who = visit(request, room_id)
            core = gateway.current()
            look = core.ask if asks else core.glance if brief else core.find
            room = look(who) if who.secret else None
            if room is None:
                return unknown(request)
            if states and room.state not in states:
                return to("home", room_id)
            try:
                return speaking(request, room, lambda: view(request, who, room, *args, **kwargs))
            except gateway.Gone:
                return to("home", room_id)

        return wrapper

    return decorate


def to(name: str, room_id: str, *rest: str) -> HttpResponseRedirect:
    """303 to a page of the room."""
    response = HttpResponseRedirect(reverse(f"room:{name}", args=[room_id, *rest]))
    response.status_code = 303
    return response


@dataclass(frozen=True)
class Side:
    """Words of a state beside the main path. `tone`: info, ok, warn, bad; `icon`: a lucide name."""

    heading: str
    text: str
    tone: str = "info"
    icon: str = "info"
    action: str = ""  # resend, reopen, write, back
    waits: bool = False  # the page asks again by itself


@dataclass(frozen=True)
class News:
    """What has happened while a page was open, and the word on the button that leads on."""

    heading: str
    text: str
    go: str


def locked(request: HttpRequest, room: Room) -> HttpResponse | None:
    """Too many failed tries, where reading is free and only signing waits; None when nothing is locked."""
    if room.state not in _OPEN or room.code.locked_until is None:
        return None
    words = side(replace(room, state=State.LOCKED))
    assert words is not None
    return show(request, "side", room, words.heading, side=replace(words, waits=False))


_OPEN = (State.READ, State.VIEW)


def news(room: Room, *, moved: bool) -> News | None:
    """What somebody who still looks at an open page must be told; None while nothing has changed for them."""
    if room.state is State.SITTING_OVER or (room.state in _OPEN and not moved):
        return None
    if room.state in _OPEN:
        text = _("Please read it again.") if room.viewer else moved_text(room)
        return News(moved_heading(), text, _("Show the new version"))
    if room.state in (State.SIGNED, State.COMPLETED):
        return News(
            _("You have signed") if room.signs else _("You are done"),
            _("Nothing is left to do here."),
            _("Go on"),
        )
    words = side(room)
    return News(words.heading, words.text, _("Go on")) if words else None


def moved_heading() -> str:
    return _("The document has just changed")


def moved_text(room: Room) -> str:
    values = {"sender": room.sender}
    return _("%(sender)s has put in a new version. You have signed nothing. Please read it again.") % values


def side(room: Room) -> Side | None:
    """What to say in a state that has no page of its own; None for the main path."""
    ended = day(room.ended_at)
    values = {"sender": room.sender, "organisation": room.organization, "date": ended}
    match room.state:
        case State.PREPARING:
            text = _("This takes a few seconds. The page opens by itself.")
            return Side(_("The documents are being prepared"), text, icon="loader", waits=True)
        case State.LOCKED:
            when = (
                date_format(timezone.localtime(room.code.locked_until), "TIME_FORMAT")
                if room.code.locked_until
                else ""
            )
            text = _("For safety you can try again at %(time)s.") % {"time": when}
            if room.asked is Asked.PROVIDER:
                return Side(_("Too many attempts"), text, "warn", "lock", "write", waits=True)
            return Side(_("Too many wrong codes"), text, "warn", "lock", "write", waits=True)
        case State.DECLINED if room.left_out:
            text = _("We told %(sender)s. The others can go on without it; you may close this page.") % values
            return Side(_("You have left it out"), text, icon="circle-minus")
        case State.DECLINED:
            return Side(
                _("You have refused"),
                _("We told %(sender)s. You may close this page.") % values,
                icon="circle-x",
            )
        case State.STOPPED:
            return Side(
                _("Signing has stopped"),
                _("One of the people refused. You need do nothing."),
                icon="octagon-x",
            )
        case State.EXPIRED:
            text = (
                _("It ended on %(date)s. You have not signed.") % values
                if ended
                else _("You have not signed.")
            )
            return Side(_("The time to sign has run out"), text, "warn", "clock-alert", "write")
        case State.SUPERSEDED:
            text = _("%(sender)s replaced this one on %(date)s; what was signed on it does not carry over.")
            if not ended:
                text = _("%(sender)s replaced this one; what was signed on it does not carry over.")
            return Side(_("There is a newer version"), text % values, icon="file-stack", action="resend")
        case State.CANCELLED:
            text = _("Nobody can sign it any more. You need do nothing.")
            return Side(_("%(sender)s has called this off") % values, text, icon="ban")
        case State.ON_HOLD:
            text = _("%(sender)s has paused it; we write to you when it goes on.") % values
            return Side(_("Signing is paused"), text, icon="circle-pause")
        case State.NOT_YOUR_TURN:
            text = _("Others sign before you; we write to you when it is your turn.")
            if not room.written_to:
                text = _("Others must do their part before you. Open this link again when they have.")
            elif room.ahead:
                text = ngettext(
                    "%(k)s of %(n)s signs before you; we write to you when it is your turn.",
                    "%(k)s of %(n)s sign before you; we write to you when it is your turn.",
                    room.ahead,
                ) % {"k": room.ahead, "n": room.who_signs}
            return Side(_("It is not your turn yet"), text, icon="hourglass")
        case State.REMOVED:
            text = (
                _("%(organisation)s removed it on %(date)s.") if ended else _("%(organisation)s removed it.")
            )
            return Side(_("This document has been removed"), text % values, icon="trash-2", action="write")
        case State.HANDED_ON:
            text = _("%(sender)s can see that you did so. You may close this page.") % values
            return Side(_("Handed on to %(name)s") % {"name": room.handed_to}, text, "ok", "user-check")
        case State.SIGN_IN_OVER:
            text = _("It is good for 30 seconds and one use. Open the document again from where you came.")
            return Side(_("This sign-in has run out"), text, "warn", "timer-off", "back")
        case State.SITTING_OVER:
            text = _("You were away for 30 minutes. A drawn signature is not kept; you have signed nothing.")
            return Side(_("We closed the document"), text, icon="clock", action="reopen")
    return None


def day(moment: Any) -> str:
    """A date in the reader's language and time zone, or nothing."""
    return date_format(timezone.localtime(moment), "DATE_FORMAT") if moment else ""
